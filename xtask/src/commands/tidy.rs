use anyhow::{Result, bail};

use crate::{tidy, ui};

/// Checks the project's own rules: layers, versions, folders, file lengths
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run() -> Result<()> {
    let violations = tidy::check()?;
    for violation in &violations {
        ui::say(violation.to_string());
    }
    match violations.len() {
        0 => Ok(()),
        count => bail!("{count} places break the project's rules"),
    }
}
