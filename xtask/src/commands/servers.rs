use anyhow::Result;
use clap::Subcommand;

use super::Instance;
use crate::system::System;
use crate::{servers, ui};

/// Starts or stops MySQL, MongoDB, Redis and Kafka alone
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Installs what is missing, starts the data servers and waits until each answers
    Start(Instance),
    /// Stops the data servers
    Stop(Instance),
    /// Prints `export TEST_…` lines for tests that need real servers: eval "$(cargo xtask servers env)"
    Env(Instance),
}

pub fn run(args: Args) -> Result<()> {
    match args.action {
        Action::Start(Instance { instance }) => {
            let system = System::open(&instance)?;
            let _lock = system.exclusive()?;
            servers::start_all(&system)
        }
        Action::Stop(Instance { instance }) => {
            let system = System::attach(&instance)?;
            let _lock = system.exclusive()?;
            servers::stop_all(&system)
        }
        Action::Env(Instance { instance }) => {
            servers::localstripe::install()?;
            for (name, value) in servers::test_environment(&System::attach(&instance)?)? {
                ui::say(format!("export {name}='{value}'"));
            }
            Ok(())
        }
    }
}
