//! Writes failed transactions and messages into files and has them tried again. `cargo xtask transactions` runs it
//! with the system's settings.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use config::BoxError;
use config::settings::Env;
use payment_service::{FailedPayments, Replayed};

/// Transactions that failed for trouble of ours, and messages that the processor gave up on.
#[derive(Parser)]
#[command(name = "failed-payments", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a JSON file for each
    Export {
        /// Where the files go
        #[arg(long, default_value = "failed_payments")]
        dir: PathBuf,
    },
    /// Have everything in the files tried again, once; each file is then moved to `replayed/`
    Replay {
        /// Where the files are
        #[arg(long, default_value = "failed_payments")]
        dir: PathBuf,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let arguments = Arguments::parse();
    let tool = FailedPayments::connect(&mut Env::from_process()).await?;
    match arguments.command {
        Command::Export { dir } => {
            let new = tool.export(&dir).await?;
            say(&format!("{new} new files in {}", dir.display()));
        }
        Command::Replay { dir } => {
            let Replayed { again, past } = tool.replay(&dir).await?;
            say(&format!("{again} are tried again; {past} were tried again before, or have ended"));
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what was asked for on the command line")]
fn say(line: &str) {
    println!("{line}");
}
