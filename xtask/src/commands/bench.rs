use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::{reset, up};
use crate::paths::root;
use crate::system::{Options, System};
use crate::{interrupt, run, servers, services, ui};

/// The shop that is measured: nobody else works with it.
const INSTANCE: &str = "bench";

/// Measures the shop: throughput and latency beside floors from the same run, memory, cold start
///
/// Builds with optimisations and starts a shop of its own, with fresh data and without rate limits. Where MongoDB
/// isn't installed, the fast one of its substitutes is built as well, which takes 8 minutes once. Stop whatever else
/// runs on the machine first.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Seconds for each measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Folder for `benchmarks.md` and `benchmarks.json`
    #[arg(long, default_value = "docs")]
    output: PathBuf,
    /// Leave the shop running
    #[arg(long)]
    keep: bool,
}

pub fn run(args: &Args) -> Result<()> {
    interrupt::listen()?;
    ui::note("building with optimisations, which takes a while the first time");
    services::build_system(true)?;
    interrupt::check()?;
    servers::install_optimised_mongodb()?;
    interrupt::check()?;
    reset::delete(&System::open(INSTANCE)?)?;
    let system = System::open(INSTANCE)?;
    let measured = start(&system).and_then(|()| measure(args));
    let stopped = if args.keep { Ok(()) } else { up::stop_everything(&system) };
    measured.and(stopped)
}

fn measure(args: &Args) -> Result<()> {
    let mut bench = Command::new(services::built_binary("bench", true)?);
    bench
        .args(["--instance", INSTANCE, "--seconds", &args.seconds.to_string()])
        .arg("--output")
        .arg(root().join(&args.output));
    run::openly(&mut bench)
}

fn start(system: &System) -> Result<()> {
    let limits = ["PER_SECOND", "BURST", "LOGIN_PER_SECOND", "LOGIN_BURST"];
    let mut env: std::collections::BTreeMap<_, _> =
        limits.map(|limit| (format!("RATE_LIMIT_{limit}"), "1000000".to_owned())).into();
    env.insert("CONNECTIONS_PER_CLIENT".to_owned(), "10000".to_owned());
    env.insert("MAX_OPEN_ORDERS".to_owned(), "0".to_owned());
    env.insert("RUST_LOG".to_owned(), "warn".to_owned());
    let _lock = system.exclusive()?;
    system.set_options(&Options { release: true, demo_data: true, env })?;
    servers::start_all(system)?;
    services::start_all(system)
}
