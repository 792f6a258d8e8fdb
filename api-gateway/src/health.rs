//! How the shop is, seen from its door.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use config::registry::{Instance, Registry, Snapshot, Status};
use futures_util::future::join_all;
use serde::Serialize;

/// An instance that takes longer is as good as sick.
const PATIENCE: Duration = Duration::from_secs(2);
/// However many ask, the instances are asked once in this time, unless the list changes.
const FRESH: Duration = Duration::from_secs(1);

/// Asks every instance of every service.
#[derive(Clone)]
pub(crate) struct Health {
    registry: Registry,
    http: reqwest::Client,
    known: Arc<Mutex<Known>>,
    /// By the registry's change and Nginx's: nobody is told of instances that are gone.
    reports: moka::future::Cache<(u64, u64), Report>,
}

#[derive(Default)]
struct Known {
    /// Every service that was ever registered: one that is gone altogether is missed.
    services: BTreeSet<String>,
    /// The addresses that Nginx runs on, and how often that has changed.
    routed: BTreeSet<String>,
    changes: u64,
    /// Whether Nginx runs on a list of the registry's, the present one or an older one.
    has_list: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    status: Standing,
    services: BTreeMap<String, Instances>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    /// There was no list yet: whoever asks for a service is refused.
    Starting,
    /// Some service is missed.
    Degraded,
    Healthy,
}

impl Report {
    /// Whether requests may come: what is there is found, though something may be missed.
    pub fn is_ready(&self) -> bool {
        self.status != Standing::Starting
    }
}

#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Instances {
    /// Those that are registered and take requests.
    pub instances: usize,
    /// Those of them that say that they are well, and that Nginx knows.
    healthy: usize,
}

impl Health {
    pub fn new(registry: Registry) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let reports = moka::future::Cache::builder().max_capacity(1).time_to_live(FRESH).build();
        Ok(Self { registry, http, known: Arc::default(), reports })
    }

    pub fn expect(&self, services: BTreeSet<String>) {
        self.known().services = services;
    }

    /// Nginx is about to run on this list: only what is on the old one too is sure to get requests meanwhile. An
    /// instance may have left and be here again, at the same address, before Nginx has heard that it left.
    pub fn routing(&self, next: &Snapshot) {
        let mut known = self.known();
        let next = addresses(next);
        known.routed.retain(|address| next.contains(address));
        known.changes += 1;
    }

    /// Nginx runs on this list now.
    pub fn routed(&self, list: &Snapshot) {
        let mut known = self.known();
        known.routed = addresses(list);
        known.changes += 1;
        // Of a registry that was emptied, nobody is in the list yet who lives.
        known.has_list |= !list.recovering || !list.items.is_empty();
    }

    pub async fn report(&self) -> Report {
        let registered = self.registry.snapshot().map_or(0, |list| list.index);
        let routed = self.known().changes;
        self.reports.get_with((registered, routed), self.ask_all()).await
    }

    pub fn services(&self) -> Vec<(String, usize)> {
        let names = self.known().services.clone();
        names.into_iter().map(|name| (name.clone(), self.registry.instances(&name).len())).collect()
    }

    async fn ask_all(&self) -> Report {
        let services = self.services().into_iter().map(async |(name, _)| {
            let instances = self.registry.instances(&name);
            let answers = join_all(instances.iter().map(|it| self.is_healthy(it.authority()))).await;
            let healthy = answers.iter().filter(|healthy| **healthy).count();
            (name, Instances { instances: instances.len(), healthy })
        });
        let services: BTreeMap<_, _> = join_all(services).await.into_iter().collect();
        let is_whole = !services.is_empty() && services.values().all(|it| it.healthy > 0);
        let status = match self.known().has_list {
            false => Standing::Starting,
            true if is_whole => Standing::Healthy,
            true => Standing::Degraded,
        };
        Report { status, services }
    }

    async fn is_healthy(&self, authority: String) -> bool {
        if !self.known().routed.contains(&authority) {
            return false;
        }
        let answer = self.http.get(format!("http://{authority}/health")).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn addresses(list: &Snapshot) -> BTreeSet<String> {
    list.items.iter().filter(|it| it.status == Status::Up).map(Instance::authority).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_empty_list_of_a_registry_that_was_emptied_is_none_yet() {
        let registry = Registry::fixed([("order-service", "http://127.0.0.1:1".parse().unwrap())]);
        let known = registry.snapshot().unwrap();
        let empty = Snapshot { recovering: true, ..Snapshot::default() };
        let health = Health::new(registry).unwrap();
        for (list, is_ready) in [
            (empty.clone(), false),
            (Snapshot { recovering: true, ..Snapshot::clone(&known) }, true),
            (empty, true),
            (Snapshot::default(), true),
        ] {
            health.routed(&list);
            assert_eq!(health.report().await.is_ready(), is_ready, "{list:?}");
        }
    }
}
