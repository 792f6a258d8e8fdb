//! What the gateway says about the services.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::{DISCOVERY, GATEWAY, service_of};
use crate::interrupt;
use crate::system::System;

#[derive(Deserialize)]
struct Health {
    status: String,
    #[serde(default)]
    services: BTreeMap<String, Instances>,
}

#[derive(Deserialize)]
struct Instances {
    healthy: usize,
}

/// Waits until the gateway reports `processes` healthy; `progress` hears what is still missing. Fails at once when
/// one of them ends.
pub fn wait(
    system: &System,
    processes: &[String],
    timeout: Duration,
    progress: &dyn Fn(String),
) -> Result<()> {
    if !processes.iter().any(|name| name == GATEWAY) {
        bail!("there is no running gateway to ask for health");
    }
    let url = system.gateway_url()?;
    let deadline = Instant::now() + timeout;
    loop {
        let Some(missing) = missing(&url, processes) else { return Ok(()) };
        interrupt::check()?;
        if let Some(dead) = processes.iter().find(|name| !system.is_running(name)) {
            bail!(system.obituary(dead));
        }
        if Instant::now() > deadline {
            let logs = system.log_file("NAME");
            bail!("not healthy after {timeout:?}, missing: {missing}. The logs are {}", logs.display());
        }
        progress(format!("waiting for {missing}"));
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What the gateway at this address still misses of these processes.
pub fn missing(gateway: &str, processes: &[String]) -> Option<String> {
    match ask(&format!("{gateway}/health")) {
        Ok(health) => still_missing(&health, processes),
        Err(error) => Some(format!("an answer of the gateway ({error:#})")),
    }
}

/// The body of a successful answer.
pub fn get(url: &str) -> Result<String> {
    let agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).build().new_agent();
    agent.get(url).call()?.body_mut().read_to_string().with_context(|| format!("reading {url}"))
}

/// A gateway that hasn't heard of any service yet answers 503, and says what it misses all the same.
fn ask(url: &str) -> Result<Health> {
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5)));
    let agent = config.http_status_as_error(false).build().new_agent();
    let mut answer = agent.get(url).call()?;
    let status = answer.status();
    let body = answer.body_mut().read_to_string()?;
    serde_json::from_str(&body).with_context(|| format!("{status} without a health report"))
}

fn still_missing(health: &Health, processes: &[String]) -> Option<String> {
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    for service in processes.iter().filter_map(|process| service_of(process)) {
        // The registry doesn't list itself everywhere; without it nothing else would be listed.
        if service.name != DISCOVERY {
            *expected.entry(service.name).or_default() += 1;
        }
    }
    let healthy = |name: &str| health.services.get(name).map_or(0, |found| found.healthy);
    let missing: Vec<String> = expected
        .into_iter()
        .filter(|(name, wanted)| healthy(name) < *wanted)
        .map(
            |(name, wanted)| {
                if wanted == 1 { name.to_owned() } else { format!("{name} ({}/{wanted})", healthy(name)) }
            },
        )
        .collect();
    match () {
        () if !missing.is_empty() => Some(missing.join(", ")),
        () if health.status != "healthy" => Some(format!("the gateway, which is {}", health.status)),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(body: &str, processes: &[&str]) -> Option<String> {
        let processes: Vec<String> = processes.iter().map(|&name| name.to_owned()).collect();
        still_missing(&serde_json::from_str(body).unwrap(), &processes)
    }

    #[test]
    fn every_instance_must_be_healthy() {
        let body = r#"{"status":"healthy","services":{"order-service":{"instances":2,"healthy":1}}}"#;
        assert_eq!(missing(body, &["api-gateway", "order-service"]), None);
        assert_eq!(missing(body, &["order-service", "order-service-2"]).unwrap(), "order-service (1/2)");
        assert_eq!(missing(body, &["order-service", "tax-service"]).unwrap(), "tax-service");
    }

    #[test]
    fn a_degraded_gateway_is_not_healthy() {
        assert!(missing(r#"{"status":"degraded"}"#, &["api-gateway"]).is_some());
    }
}
