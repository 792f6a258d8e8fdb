use std::process::Command;

use anyhow::Result;

use super::Instance;
use crate::system::System;
use crate::{run, servers, services};

const SCHEMA: &str = "payment_service";
const TOOL: &str = "failed-payments";

/// Exports failed transactions to files, and replays them
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    system: Instance,
    /// What the tool is told: `export --dir failed_payments`, `replay --dir failed_payments`
    #[arg(required = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub fn run(args: &Args) -> Result<()> {
    let (arguments, instance) = super::dlq::without_instance(&args.arguments);
    let system = System::attach(instance.unwrap_or(&args.system.instance))?;
    let mut tool = Command::new(services::built_binary(TOOL, system.options().release)?);
    tool.args(arguments).envs(servers::service_environment(&system, Some(SCHEMA))?);
    run::openly(&mut tool)
}
