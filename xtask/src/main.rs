//! `cargo xtask`: see the library.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match xtask::commands::run(xtask::commands::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            xtask::report(&error);
            ExitCode::FAILURE
        }
    }
}
