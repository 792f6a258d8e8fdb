//! The commands, one file each.

mod backup;
mod bench;
mod dlq;
mod down;
mod events;
mod generate;
mod logs;
mod openapi;
mod process;
mod reset;
mod scale;
mod servers;
mod status;
mod test;
mod tidy;
mod transactions;
mod up;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Runs, tests and checks the shop on this machine.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(up::Args),
    Down(down::Args),
    Status(status::Args),
    Logs(logs::Args),
    Scale(scale::Args),
    Reset(reset::Args),
    /// Starts stopped processes as they were started last
    Start(process::Args),
    /// Stops processes with SIGTERM
    Stop(process::Args),
    /// Ends processes with SIGKILL, as a crash would
    Kill(process::Args),
    /// Stops and starts processes
    Restart(process::Args),
    Servers(servers::Args),
    Test(test::Args),
    Tidy(tidy::Args),
    Openapi(openapi::Args),
    Events(events::Args),
    Dlq(dlq::Args),
    Transactions(transactions::Args),
    Backup(backup::Save),
    Restore(backup::Restore),
    Bench(bench::Args),
    Generate(generate::Args),
}

/// Runs the command that was asked for.
pub fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Up(args) => up::run(args),
        Command::Down(args) => down::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Logs(args) => logs::run(&args),
        Command::Scale(args) => scale::run(&args),
        Command::Reset(args) => reset::run(&args),
        Command::Start(args) => process::run(&args, crate::System::start),
        Command::Stop(args) => process::run(&args, crate::System::stop),
        Command::Kill(args) => process::run(&args, crate::System::kill),
        Command::Restart(args) => process::run(&args, crate::System::restart),
        Command::Servers(args) => servers::run(args),
        Command::Test(args) => test::run(&args),
        Command::Tidy(_) => tidy::run(),
        Command::Openapi(args) => openapi::run(&args),
        Command::Events(args) => events::run(&args),
        Command::Dlq(args) => dlq::run(&args),
        Command::Transactions(args) => transactions::run(&args),
        Command::Backup(args) => backup::save(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Generate(args) => generate::run(&args),
    }
}

/// Which system a command works on.
#[derive(Debug, Clone, clap::Args)]
struct Instance {
    /// Name of the system; each has its own data, ports and processes under `.local/`
    #[arg(long, default_value = "dev", value_name = "NAME")]
    instance: String,
}
