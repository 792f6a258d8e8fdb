use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use super::Instance;
use crate::system::System;

/// Prints the end of a process's log, or of all logs
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Process names, as `cargo xtask status` lists them; all when none is given
    names: Vec<String>,
    /// Keep printing what is added
    #[arg(short, long)]
    follow: bool,
    /// How many lines of each
    #[arg(short = 'n', long, default_value_t = 50)]
    lines: usize,
    #[command(flatten)]
    system: Instance,
}

pub fn run(args: &Args) -> Result<()> {
    let system = System::attach(&args.system.instance)?;
    let mut tail = Command::new("tail");
    tail.arg(format!("--lines={}", args.lines));
    if args.follow {
        // By name, so that a log which is put aside at a restart is followed into the new one.
        tail.arg("--follow=name").arg("--retry");
    }
    if args.names.is_empty() {
        tail.args(system.processes()?.iter().map(|process| system.log_file(&process.spec.name)));
    }
    for name in &args.names {
        system.process(name)?;
        tail.arg(system.log_file(name));
    }
    Err(tail.exec()).context("running `tail`")
}
