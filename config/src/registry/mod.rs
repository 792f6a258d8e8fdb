//! The way to other services: who is alive, and how to call them.
//!
//! A process makes one [`Registry`], spawns [`Registry::watch`] and calls other services by name:
//!
//! ```ignore
//! let inventory = registry.client("inventory-service");
//! let stock: StockDto = inventory.get(&format!("/api/inventory/{product}")).send().await?;
//! let held: ReservationDto =
//!     inventory.post("/internal/reservations").json(&wanted).retry_safe().send().await?;
//! ```
//!
//! Discovery may be away at any time: the last good list is kept, and nothing that is known to live is
//! forgotten because discovery or its Redis forgot it (see [`Snapshot`]).

mod balance;
mod breaker;
mod call;
mod error;
mod membership;
mod snapshot;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::watch as channel;
use url::Url;

pub use self::breaker::{Breaker, Permit};
pub use self::call::{Call, ServiceClient};
pub use self::error::{CallError, Trouble};
pub use self::membership::{Membership, Registration};
pub use self::snapshot::{Instance, Snapshot, Status};

use self::balance::Endpoints;

/// A dead host must not use up a call's whole time limit: another instance may answer in what is left.
const CONNECT_LIMIT: Duration = Duration::from_millis(500);

/// What this process knows of the others. Cheap to clone; all clones share one view.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
}

struct Shared {
    http: reqwest::Client,
    /// `None` when the instances are fixed.
    discovery: Option<Url>,
    token: SecretString,
    view: channel::Sender<Option<Arc<View>>>,
    breakers: Mutex<HashMap<&'static str, Arc<Breaker>>>,
}

/// The last good list, and the endpoints made from it.
struct View {
    snapshot: Arc<Snapshot>,
    endpoints: Endpoints,
}

impl Registry {
    /// A registry that knows nobody until [`watch`](Self::watch) runs or a list is [restored](Self::restore).
    pub fn new(discovery: Url, token: SecretString) -> Self {
        Self::build(Some(discovery), token)
    }

    /// A registry with a list that never changes, for tests that play the other services themselves.
    #[cfg(any(test, feature = "testing"))]
    pub fn fixed(instances: impl IntoIterator<Item = (&'static str, Url)>) -> Self {
        let registry = Self::build(None, SecretString::from("test-token"));
        let items = instances.into_iter().map(|(name, url)| Instance::fixed(name, &url)).collect();
        registry.restore(Snapshot { items, ..Snapshot::default() });
        registry
    }

    fn build(discovery: Option<Url>, token: SecretString) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .expect("a client without TLS, proxies or files has nothing that can fail");
        let (view, _) = channel::channel(None);
        Self { shared: Arc::new(Shared { http, discovery, token, view, breakers: Mutex::default() }) }
    }

    /// Starts from a list that was kept elsewhere, until discovery gives a newer one.
    pub fn restore(&self, snapshot: Snapshot) {
        self.publish(snapshot);
    }

    /// Registers this process and keeps its lease, in the background, until the membership is left.
    pub fn register(&self, me: Registration) -> Membership {
        Membership::start(self.clone(), me)
    }

    /// The instances of a service that take requests now.
    pub fn instances(&self, service: &str) -> Vec<Instance> {
        self.snapshot().map(|list| list.up(service).cloned().collect()).unwrap_or_default()
    }

    /// The last good list; `None` before the first.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.shared.view.borrow().as_ref().map(|view| Arc::clone(&view.snapshot))
    }

    /// Waits for a list other than `seen`, and returns it.
    pub async fn changed(&self, seen: Option<&Snapshot>) -> Arc<Snapshot> {
        let mut views = self.shared.view.subscribe();
        let view = views
            .wait_for(|view| view.as_ref().is_some_and(|view| Some(&*view.snapshot) != seen))
            .await
            .expect("the sender lives in `self`");
        view.as_ref().map(|view| Arc::clone(&view.snapshot)).unwrap_or_default()
    }

    /// A client of one service. Clients of the same service share their circuit breaker.
    pub fn client(&self, service: &'static str) -> ServiceClient {
        let mut breakers = self.shared.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        let breaker = breakers.entry(service).or_insert_with(|| Arc::new(Breaker::new(service)));
        ServiceClient::new(self.clone(), service, Arc::clone(breaker))
    }

    fn publish(&self, snapshot: Snapshot) {
        self.shared.view.send_if_modified(|view| {
            if view.as_ref().is_some_and(|view| *view.snapshot == snapshot) {
                return false;
            }
            let endpoints = Endpoints::new(&snapshot, view.as_ref().map(|view| &view.endpoints));
            *view = Some(Arc::new(View { snapshot: Arc::new(snapshot), endpoints }));
            true
        });
    }

    /// Discovery's address with the segments of a path put on, each one encoded.
    fn discovery_url(&self, segments: &[&str]) -> Option<Url> {
        let mut url = self.shared.discovery.clone()?;
        url.path_segments_mut().ok()?.pop_if_empty().extend(segments);
        Some(url)
    }
}
