//! `cargo xtask bench` runs this against a shop that it has started.
//!
//! Machines are noisy and the load shares the cores with the shop, so every figure stands beside a floor from
//! the same run: Nginx answering a constant of the same size, and a transaction of three inserts in MySQL.

mod catalogue;
mod everything;
mod floor;
mod flows;
mod journey;
mod load;
mod processes;
mod relevance;
mod report;
mod transactions;

use std::path::PathBuf;
use std::time::Duration;

use bench::generator::{brokers, caught_up};
use bench::{Error, client, shop, times};
use clap::Parser;

use crate::flows::Flows;
use crate::report::Report;

/// Measures a running shop.
#[derive(Parser)]
struct Arguments {
    /// The shop's system, as `cargo xtask up --instance` calls it
    #[arg(long)]
    instance: String,
    /// Seconds for each measurement
    #[arg(long, default_value = "5")]
    seconds: u64,
    /// Where `benchmarks.md` and `benchmarks.json` go
    #[arg(long)]
    output: PathBuf,
}

/// Connections that are used at once.
const CONNECTIONS: [usize; 3] = [1, 8, 32];

/// What was ordered, paid or put into the catalogue before is still on its way through Kafka; what is measured next
/// isn't to wait behind it.
#[expect(clippy::print_stdout, reason = "progress, for whoever waits")]
async fn calm(system: &xtask::System) -> Result<(), Error> {
    println!("waiting until every service has heard of everything");
    if !caught_up(brokers(system)?, Duration::from_secs(120)).await? {
        println!("some still haven't after two minutes: what follows waits behind that");
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments = Arguments::parse();
    let system = xtask::System::attach(&arguments.instance)?;
    let time = Duration::from_secs(arguments.seconds);
    let gateway = system.gateway_url()?;
    let mut report = Report { processes: processes::idle(&system)?, ..Report::default() };
    report.relevance = Some(relevance::judge(&gateway).await?);
    let flows = Flows::prepare(&gateway).await?;
    let size = flows.product_size().await?;
    report.add("floor: Nginx constant", floor::nginx(&system, size, time).await?);
    report.add("floor: MySQL transaction, three inserts", floor::mysql(&system, time).await?);
    for (name, measured) in flows.measure(time).await? {
        report.add(name, measured);
    }
    for (name, measured) in everything::measure(&flows, time, async || calm(&system).await).await? {
        report.add(name, measured);
    }
    calm(&system).await?;
    report.add("transaction accepted", transactions::accepted(&flows, time).await?);
    report.stream = Some(transactions::measure(&flows, 500, Duration::from_secs(20)).await?);
    calm(&system).await?;
    report.journey = Some(journey::measure(&flows, 50, Duration::from_secs(20)).await?);
    report.cold_starts = processes::cold_starts(&system)?;
    report.write(&arguments.output)
}
