use std::io::{IsTerminal, stdin};

use anyhow::{Context, Result, ensure};

use super::{Instance, up};
use crate::system::System;
use crate::ui;

/// Stops the shop and deletes its data, logs, ports and secrets
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Don't ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    system: Instance,
}

pub fn run(args: &Args) -> Result<()> {
    let system = System::attach(&args.system.instance)?;
    if !args.yes {
        ensure!(stdin().is_terminal(), "this deletes {}: say --yes", system.folder().display());
        ui::note(format!("Delete {} with all data in it? [y/N]", system.folder().display()));
        let mut answer = String::new();
        stdin().read_line(&mut answer)?;
        ensure!(answer.trim().eq_ignore_ascii_case("y"), "nothing was deleted");
    }
    delete(&system)
}

/// Stops everything and deletes the system's folder.
pub fn delete(system: &System) -> Result<()> {
    up::stop_everything(system)?;
    std::fs::remove_dir_all(system.folder())
        .with_context(|| format!("deleting {}", system.folder().display()))
}
