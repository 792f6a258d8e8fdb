//! This process's own place in the registry.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::{Registry, Status};
use crate::jwt_auth::SERVICE_TOKEN;

/// A third of the shortest usual lease: two heartbeats may be lost.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Shorter than a heartbeat's pause, so that a hung discovery doesn't cost the lease.
const REQUEST_LIMIT: Duration = Duration::from_secs(2);
/// Leaving is a courtesy: the lease ends anyway, and the process must be able to exit.
const FAREWELL_LIMIT: Duration = Duration::from_secs(2);

const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_jitter()
    .with_min_delay(Duration::from_millis(200))
    .with_max_delay(Duration::from_secs(2))
    .without_max_times();

/// What this process tells of itself.
#[derive(Clone, Debug, Serialize)]
pub struct Registration {
    pub name: String,
    /// Where others reach it, as a host name or an address.
    pub host: String,
    pub port: u16,
    pub version: String,
    pub metadata: BTreeMap<String, String>,
}

/// Keeps the registration alive until it is left or dropped; dropped, the lease runs out.
pub struct Membership {
    seat: Arc<Seat>,
    keeper: JoinHandle<()>,
}

struct Seat {
    registry: Registry,
    me: Registration,
    instance_id: Mutex<Option<String>>,
    draining: AtomicBool,
}

#[derive(Deserialize)]
struct Registered {
    instance_id: String,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("discovery doesn't answer")]
    Away(#[from] reqwest::Error),
    #[error("discovery answered {0}")]
    Refused(StatusCode),
}

impl Membership {
    pub(super) fn start(registry: Registry, me: Registration) -> Self {
        let seat =
            Arc::new(Seat { registry, me, instance_id: Mutex::default(), draining: AtomicBool::new(false) });
        let keeper = tokio::spawn(keep(Arc::clone(&seat)));
        Self { seat, keeper }
    }

    /// Asks for no new requests. The lease goes on, for the requests that are still running.
    pub async fn drain(&self) {
        self.seat.draining.store(true, SeqCst);
        farewell("drain", self.seat.say_draining()).await;
    }

    /// Gives the place up.
    pub async fn leave(mut self) {
        self.keeper.abort();
        // Awaited, so that no registration that is under way can land after the departure.
        let _cancelled = (&mut self.keeper).await;
        farewell("leave", self.seat.leave()).await;
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

async fn farewell(what: &str, request: impl Future<Output = Result<(), Failure>>) {
    match timeout(FAREWELL_LIMIT, request).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "could not {what} the registry; the lease will run out"),
        Err(_) => tracing::warn!("discovery was too slow to {what} the registry; the lease will run out"),
    }
}

async fn keep(seat: Arc<Seat>) {
    let mut delays = BACKOFF.build();
    let mut away = false;
    loop {
        let step = seat.renew().await;
        let pause = match step {
            Ok(()) => {
                if std::mem::take(&mut away) {
                    tracing::info!("discovery is back, and knows this instance");
                }
                delays = BACKOFF.build();
                HEARTBEAT
            }
            Err(error) => {
                if !std::mem::replace(&mut away, true) {
                    warn(&error);
                }
                delays.next().unwrap_or(HEARTBEAT)
            }
        };
        sleep(pause).await;
    }
}

fn warn(error: &Failure) {
    match error {
        Failure::Refused(status) if status.is_client_error() => {
            tracing::error!(
                "discovery refuses this instance ({status}): do INTERNAL_TOKEN and name fit? Trying on"
            );
        }
        _ => tracing::warn!(
            error = error as &dyn std::error::Error,
            "discovery is away; trying on until it takes this instance"
        ),
    }
}

impl Seat {
    /// Renews the lease, or registers when there is none.
    async fn renew(&self) -> Result<(), Failure> {
        if let Some(id) = self.instance_id() {
            match self.request(Method::PUT, &[&id, "heartbeat"], |it| it).await {
                Ok(_) => return Ok(()),
                Err(Failure::Refused(StatusCode::NOT_FOUND)) => {
                    tracing::warn!("the registry has lost this instance: registering again");
                }
                Err(other) => return Err(other),
            }
        }
        let Some(url) = self.registry.discovery_url(&["services", "register"]) else { return Ok(()) };
        let request = self.registry.shared.http.post(url).json(&self.me);
        let registered: Registered = self.send(request).await?.json().await?;
        tracing::info!(instance_id = registered.instance_id, "registered as {}", self.me.name);
        *self.instance_id.lock().unwrap_or_else(PoisonError::into_inner) = Some(registered.instance_id);
        if self.draining.load(SeqCst) { self.say_draining().await } else { Ok(()) }
    }

    async fn say_draining(&self) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct NewStatus {
            status: Status,
        }
        let Some(id) = self.instance_id() else { return Ok(()) };
        let body = NewStatus { status: Status::Draining };
        self.request(Method::PUT, &[&id, "status"], |it| it.json(&body)).await
    }

    async fn leave(&self) -> Result<(), Failure> {
        let Some(id) = self.instance_id() else { return Ok(()) };
        match self.request(Method::DELETE, &[&id], |it| it).await {
            Err(Failure::Refused(StatusCode::NOT_FOUND)) => Ok(()),
            other => other,
        }
    }

    fn instance_id(&self) -> Option<String> {
        self.instance_id.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn request(
        &self,
        method: Method,
        path: &[&str],
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<(), Failure> {
        let path = [&["services", self.me.name.as_str()], path].concat();
        let Some(url) = self.registry.discovery_url(&path) else { return Ok(()) };
        self.send(with(self.registry.shared.http.request(method, url))).await.map(drop)
    }

    async fn send(&self, request: RequestBuilder) -> Result<reqwest::Response, Failure> {
        let token = self.registry.shared.token.expose_secret();
        let response = request.header(SERVICE_TOKEN, token).timeout(REQUEST_LIMIT).send().await?;
        if response.status().is_success() { Ok(response) } else { Err(Failure::Refused(response.status())) }
    }
}
