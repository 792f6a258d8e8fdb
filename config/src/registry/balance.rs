//! Which instance gets the next request: the less busy one of two picked at random.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::seq::IndexedRandom;
use tokio::time::Instant;

use super::{Instance, Snapshot, Status};

/// An instance that fails at once always looks idle, and would draw all traffic: it rests for a while.
const REST: Duration = Duration::from_secs(2);

pub(super) struct Endpoint {
    pub(super) instance: Instance,
    load: Arc<Load>,
}

/// What is remembered of an address from one list to the next.
#[derive(Default)]
struct Load {
    in_flight: AtomicUsize,
    rests_until: Mutex<Option<Instant>>,
}

/// Counts one request as in flight while it lives.
pub(super) struct InFlight(Arc<Load>);

#[derive(Default)]
pub(super) struct Endpoints(HashMap<String, Vec<Arc<Endpoint>>>);

impl Endpoints {
    pub(super) fn new(snapshot: &Snapshot, last: Option<&Self>) -> Self {
        let mut services: HashMap<String, Vec<Arc<Endpoint>>> = HashMap::new();
        for instance in snapshot.items.iter().filter(|it| it.status == Status::Up) {
            let load = last.and_then(|last| last.load_of(instance)).unwrap_or_default();
            let endpoint = Arc::new(Endpoint { instance: instance.clone(), load });
            services.entry(instance.name.clone()).or_default().push(endpoint);
        }
        Self(services)
    }

    fn load_of(&self, instance: &Instance) -> Option<Arc<Load>> {
        let endpoints = self.0.get(&instance.name)?;
        let same =
            |it: &&Arc<Endpoint>| it.instance.host == instance.host && it.instance.port == instance.port;
        endpoints.iter().find(same).map(|it| Arc::clone(&it.load))
    }

    /// Prefers instances that neither rest nor were `tried` before; a doubtful one is better than none.
    pub(super) fn pick(&self, service: &str, tried: &[String]) -> Option<Arc<Endpoint>> {
        let all = self.0.get(service)?;
        let fresh: Vec<_> = all.iter().filter(|it| !tried.contains(&it.instance.instance_id)).collect();
        let rested: Vec<_> = fresh.iter().copied().filter(|it| !it.load.rests()).collect();
        let choice = match (rested.is_empty(), fresh.is_empty()) {
            (false, _) => rested,
            (true, false) => fresh,
            (true, true) => all.iter().collect(),
        };
        let two: Vec<_> = choice.choose_multiple(&mut rand::rng(), 2).collect();
        two.into_iter().min_by_key(|it| it.load.in_flight.load(Relaxed)).map(|it| Arc::clone(it))
    }
}

impl Endpoint {
    pub(super) fn begin(&self) -> InFlight {
        self.load.in_flight.fetch_add(1, Relaxed);
        InFlight(Arc::clone(&self.load))
    }

    pub(super) fn rest(&self) {
        let mut until = self.load.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = Some(Instant::now() + REST);
    }
}

impl Load {
    fn rests(&self) -> bool {
        let until = self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}
