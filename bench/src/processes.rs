//! Memory and starts.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;
use xtask::System;

use crate::Error;

/// Of one process, in megabytes.
#[derive(Serialize)]
pub struct Memory {
    /// All of its pages that are in memory.
    pub resident: f64,
    /// The same, with what several processes have in common divided by their number.
    pub share: f64,
    /// Pages that no file holds.
    pub own: f64,
}

/// Idle memory of every process.
pub fn idle(system: &System) -> Result<BTreeMap<String, Memory>, Error> {
    let mut all = BTreeMap::new();
    for process in system.processes()?.into_iter().filter(xtask::Process::is_running) {
        let text = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid))?;
        let megabytes = |field: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(field));
            let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
            kilobytes
                .map(|kilobytes| kilobytes * 1024.0 / 1e6)
                .ok_or_else(|| format!("no {field} of a process"))
        };
        let memory =
            Memory { resident: megabytes("Rss:")?, share: megabytes("Pss:")?, own: megabytes("Anonymous:")? };
        all.insert(process.spec.name.clone(), memory);
    }
    Ok(all)
}

/// Milliseconds from the start of each service until it answers.
pub fn cold_starts(system: &System) -> Result<BTreeMap<String, f64>, Error> {
    let mut all = BTreeMap::new();
    let names = system.processes()?.into_iter().map(|process| process.spec.name);
    for name in names.filter(|name| name.ends_with("-service") && name != "discovery-service") {
        system.stop(&name)?;
        let started = Instant::now();
        system.start(&name)?;
        let url = system.url(&name)?;
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        while std::net::TcpStream::connect(&address).is_err() {
            if started.elapsed() > Duration::from_secs(60) {
                return Err(format!("{name} does not start").into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        all.insert(name, started.elapsed().as_secs_f64() * 1000.0);
    }
    system.wait_healthy(Duration::from_secs(60))?;
    Ok(all)
}
