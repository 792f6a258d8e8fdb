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
        confirm(&format!("Delete {} with all data in it?", system.folder().display()))?;
    }
    delete(&system)
}

/// Fails unless somebody at a terminal says yes.
pub fn confirm(question: &str) -> Result<()> {
    ensure!(stdin().is_terminal(), "nobody is here to answer “{question}”: say --yes");
    ui::note(format!("{question} [y/N]"));
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    ensure!(answer.trim().eq_ignore_ascii_case("y"), "nothing was deleted");
    Ok(())
}

/// Stops everything and deletes the system's folder.
pub fn delete(system: &System) -> Result<()> {
    up::stop_everything(system)?;
    std::fs::remove_dir_all(system.folder())
        .with_context(|| format!("deleting {}", system.folder().display()))
}
