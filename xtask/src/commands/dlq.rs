use std::process::Command;

use anyhow::Result;

use super::Instance;
use crate::system::System;
use crate::{run, servers, services};

/// Lists and re-sends messages that no handler could process
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    system: Instance,
    /// What the tool is told: `list TOPIC`, `resend TOPIC`, …; `cargo xtask dlq -- --help` explains it
    #[arg(required = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub fn run(args: &Args) -> Result<()> {
    let (arguments, instance) = without_instance(&args.arguments);
    let system = System::attach(instance.unwrap_or(&args.system.instance))?;
    // The one that was built with the services it works for, if they were ever built.
    let program = services::built_binary("dlq", system.options().release).or_else(|_| {
        services::build_system(system.options().release)?;
        services::built_binary("dlq", system.options().release)
    })?;
    let mut dlq = Command::new(program);
    dlq.args(arguments).envs(servers::service_environment(&system, None)?);
    run::openly(&mut dlq)
}

/// `--instance` may stand last, as it may for every other command; clap takes all that follows the first word for
/// the tool's.
pub(super) fn without_instance(arguments: &[String]) -> (&[String], Option<&str>) {
    match arguments {
        [own @ .., flag, instance] if flag == "--instance" => (own, Some(instance)),
        _ => (arguments, None),
    }
}
