//! The shop's developer commands, and the handle by which system tests drive a running shop.
//!
//! A [`System`] is a named set of processes under `.local/<instance>/`: data servers, services and the gateway.
//! Every process outlives the command that started it, so any later command, or a test, can stop, kill, pause
//! or restart one by name:
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! let system = xtask::System::attach("test")?;
//! system.kill("order-service")?;
//! system.start("order-service")?;
//! system.wait_healthy(std::time::Duration::from_secs(30))?;
//! # Ok(())
//! # }
//! ```

pub mod commands;
mod containers;
mod install;
mod interrupt;
mod parallel;
mod paths;
mod run;
mod servers;
mod services;
mod system;
mod tidy;
mod ui;

pub use servers::test_environment;
pub use system::{Process, Spec, System};

/// Prints an error with its causes on standard error.
pub fn report(error: &anyhow::Error) {
    ui::note(format!("error: {error:#}"));
}
