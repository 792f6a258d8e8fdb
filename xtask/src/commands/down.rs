use anyhow::Result;

use super::{Instance, up};
use crate::system::System;

/// Stops the services and the data servers; the data stays
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    system: Instance,
}

pub fn run(args: &Args) -> Result<()> {
    up::stop_everything(&System::attach(&args.system.instance)?)
}
