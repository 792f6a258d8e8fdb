use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::Instance;
use crate::system::{Options, Process, System};
use crate::ui::{self, seconds};
use crate::{interrupt, servers, services};

mod summary;

/// Starts the whole shop: installs what is missing, builds, starts, waits until all of it is healthy
///
/// What runs already is kept, unless its program or its settings have changed. In the foreground, Ctrl-C stops all.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Build with optimisations
    #[arg(long)]
    release: bool,
    /// Leave the shop running in the background; `cargo xtask down` stops it
    #[arg(long)]
    detach: bool,
    /// Extra environment of all services, for example ORDER_EXPIRY_SECONDS=60
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    env: Vec<(String, String)>,
    /// Start with an empty shop
    #[arg(long)]
    no_demo: bool,
    #[command(flatten)]
    system: Instance,
}

pub fn run(args: Args) -> Result<()> {
    interrupt::listen()?;
    let begun = Instant::now();
    let system = System::open(&args.system.instance)?;
    let options = Options {
        release: args.release,
        demo_data: !args.no_demo,
        env: args.env.into_iter().collect::<BTreeMap<_, _>>(),
    };
    let before = running(&system)?;
    if let Err(error) = start(&system, &options) {
        ui::note("stopping what was started");
        let started = running(&system)?.into_iter().filter(|name| !before.contains(name));
        if let Err(error) = stop(&system, &started.collect()) {
            ui::note(format!("error: {error:#}"));
        }
        return Err(error);
    }
    summary::print(&system)?;
    ui::note(format!("\nThe shop is up after {}.", seconds(begun.elapsed())));
    if args.detach {
        ui::note(format!(
            "It runs in the background: `cargo xtask down --instance {}` stops it.",
            system.instance()
        ));
        return Ok(());
    }
    ui::note("Ctrl-C stops it.");
    watch(&system)?;
    stop_everything(&system)
}

/// Stops the services, then the servers.
pub fn stop_everything(system: &System) -> Result<()> {
    let _lock = system.exclusive()?;
    let services = services::stop_all(system);
    let servers = servers::stop_all(system);
    services.and(servers)
}

fn start(system: &System, options: &Options) -> Result<()> {
    let _lock = system.exclusive()?;
    // First, because it is the likeliest to fail while one works on the code.
    services::build_system(options.release)?;
    interrupt::check()?;
    system.set_options(options)?;
    servers::start_all(system)?;
    interrupt::check()?;
    services::start_all(system)
}

/// Reports every process that ends, until all of it shall be stopped. None is restarted: a crash is to be seen.
fn watch(system: &System) -> Result<()> {
    let mut alive = running(system)?;
    while !interrupt::requested() {
        std::thread::sleep(Duration::from_millis(200));
        let now = running(system)?;
        for name in alive.difference(&now).filter(|_| !interrupt::requested()) {
            ui::note(format!("\n!!! {}\n", system.obituary(name)));
        }
        if now.is_empty() {
            bail!("nothing runs any more");
        }
        alive = now;
    }
    ui::note("\nstopping");
    Ok(())
}

fn running(system: &System) -> Result<BTreeSet<String>> {
    let alive = system.processes()?.into_iter().filter(Process::is_running);
    Ok(alive.map(|process| process.spec.name).collect())
}

/// Data servers last: the services still need them to finish what they are doing.
fn stop(system: &System, names: &BTreeSet<String>) -> Result<()> {
    let (servers, services): (Vec<_>, Vec<_>) = names.iter().partition(|name| servers::find(name).is_some());
    services.into_iter().chain(servers).try_for_each(|name| system.stop(name))
}

fn key_value(text: &str) -> Result<(String, String)> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => bail!("expected KEY=VALUE"),
    }
}
