//! The commands, one file each.

mod servers;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Runs, tests and measures the shop on this machine.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Servers(servers::Args),
}

/// Runs the command that was asked for.
pub fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Servers(args) => servers::run(args),
    }
}

/// Which system a command works on.
#[derive(Debug, Clone, clap::Args)]
struct Instance {
    /// Name of the system; each has its own data, ports and processes under `.local/`
    #[arg(long, default_value = "dev", value_name = "NAME")]
    instance: String,
}
