use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Instance;
use crate::system::{Process, System};
use crate::ui::{self, Task};
use crate::{run, servers, services};

/// Copies both databases, and the events that somebody hadn't handled yet, to a new folder while the shop runs
#[derive(Debug, clap::Args)]
pub struct Save {
    /// Must not exist
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    #[command(flatten)]
    system: Instance,
}

/// Replaces everything in the shop by what `backup` saved
///
/// Stops the services meanwhile, and starts them again. What was sold since then is gone, and everybody has to sign in
/// anew.
#[derive(Debug, clap::Args)]
pub struct Restore {
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    system: Instance,
}

pub fn save(args: &Save) -> Result<()> {
    let system = System::attach(&args.system.instance)?;
    let _lock = system.exclusive()?;
    servers::start_all(&system)?;
    tool(&system, "save", "--to", &args.to)
}

pub fn restore(args: &Restore) -> Result<()> {
    ensure!(args.from.is_dir(), "there is no folder {}", args.from.display());
    let system = System::open(&args.system.instance)?;
    if !args.yes {
        super::reset::confirm(&format!("Replace all data in {}?", system.folder().display()))?;
    }
    let _lock = system.exclusive()?;
    services::stop_all(&system)?;
    servers::start_all(&system)?;
    tool(&system, "restore", "--from", &args.from)?;
    // Ids are given away anew. Whoever got one since the backup must not be taken for its next owner.
    services::renew_jwt_keys(&system)?;
    let stopped: Vec<Process> = services::known(&system)?;
    services::start_known(&system, &stopped)?;
    if !stopped.is_empty() {
        let task = Task::begin("health");
        system.wait_healthy(Duration::from_secs(180))?;
        task.done("the shop is well");
    }
    ui::note("Everything is as it was saved.");
    Ok(())
}

fn tool(system: &System, action: &str, flag: &str, folder: &Path) -> Result<()> {
    servers::install_mysql_dump(&Task::begin("mysql client"))?;
    // The one that was built with the services it works for, if they were ever built.
    let release = system.options().release;
    let program = services::built_binary("backup", release).or_else(|_| {
        services::build_system(release)?;
        services::built_binary("backup", release)
    })?;
    let mut command = Command::new(program);
    command.arg(action).arg(flag).arg(std::path::absolute(folder)?);
    command.envs(servers::service_environment(system, None)?);
    command.envs(services::own_environment(system));
    servers::as_administrator(system, &mut command)?;
    run::openly(&mut command).with_context(|| format!("nothing says that the {action} is whole"))
}
