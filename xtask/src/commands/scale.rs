use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::Instance;
use crate::system::System;
use crate::{interrupt, ui};

/// Runs several instances of services: `cargo xtask scale order-service=3`
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true, value_name = "SERVICE=N", value_parser = service_count)]
    services: Vec<(String, usize)>,
    #[command(flatten)]
    system: Instance,
}

pub fn run(args: &Args) -> Result<()> {
    interrupt::listen()?;
    let system = System::attach(&args.system.instance)?;
    let _lock = system.exclusive()?;
    for (service, n) in &args.services {
        let names = system.scale(service, *n)?;
        ui::note(format!("running: {}", names.join(", ")));
    }
    system.wait_healthy(Duration::from_secs(60))
}

fn service_count(text: &str) -> Result<(String, usize)> {
    let Some((service, count)) = text.split_once('=') else { bail!("expected SERVICE=N") };
    Ok((service.to_owned(), count.parse().context("expected a number after `=`")?))
}
