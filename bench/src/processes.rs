//! Memory and starts.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use xtask::System;

use crate::Error;

/// Idle resident memory of every process, in megabytes.
pub fn idle(system: &System) -> Result<BTreeMap<String, f64>, Error> {
    let processes = system.processes()?.into_iter().filter(|process| process.is_running());
    let memory = |process: xtask::Process| Some((process.spec.name.clone(), process.memory()? as f64 / 1e6));
    Ok(processes.filter_map(memory).collect())
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
