use anyhow::Result;

use super::Instance;
use crate::system::System;
use crate::{run, servers};

/// Lists and re-sends messages that no handler could process
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    system: Instance,
    /// What the tool is told; `cargo xtask dlq -- --help` explains it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub fn run(args: &Args) -> Result<()> {
    let system = System::attach(&args.system.instance)?;
    let mut cargo = run::cargo();
    cargo.args(["run", "--quiet", "--package", "config", "--bin", "dlq", "--"]).args(&args.arguments);
    cargo.env("INTERNAL_TOKEN", system.secrets()?.internal_token).env("ENVIRONMENT", "development");
    cargo.envs(servers::service_environment(&system, None)?);
    run::openly(&mut cargo)
}
