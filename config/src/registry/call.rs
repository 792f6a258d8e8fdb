//! One call to another service: balanced, retried where that is safe, bounded in time.

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::header::HeaderName;
use reqwest::{Method, Request, RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};
use tracing::field::Empty;
use tracing::{Instrument, info_span};

use super::balance::Endpoint;
use super::breaker::Breaker;
use super::{CallError, Registry, Trouble};
use crate::jwt_auth::SERVICE_TOKEN;

const TIME_LIMIT: Duration = Duration::from_secs(2);

/// Three tries: the first and these two.
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_jitter()
    .with_min_delay(Duration::from_millis(20))
    .with_max_delay(Duration::from_millis(200))
    .with_max_times(2);

/// Calls one service by its name.
#[derive(Clone)]
pub struct ServiceClient {
    registry: Registry,
    service: &'static str,
    breaker: Arc<Breaker>,
}

/// A request that is being put together.
#[must_use = "a call is made by `send`"]
pub struct Call {
    client: ServiceClient,
    request: RequestBuilder,
    repeatable: bool,
    limit: Duration,
}

impl ServiceClient {
    pub(super) fn new(registry: Registry, service: &'static str, breaker: Arc<Breaker>) -> Self {
        Self { registry, service, breaker }
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// Not repeated once it was sent, unless it is said to be [safe](Call::retry_safe).
    pub fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    fn call(&self, method: Method, path: &str) -> Call {
        let repeatable = method.is_idempotent();
        // The host is a stand-in; each try puts an instance's address there.
        let url = format!("http://{}/{}", self.service, path.trim_start_matches('/'));
        let request = self.registry.shared.http.request(method, url);
        Call { client: self.clone(), request, repeatable, limit: TIME_LIMIT }
    }
}

impl Call {
    pub fn query(mut self, query: &impl Serialize) -> Self {
        self.request = self.request.query(query);
        self
    }

    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// Acts for a user, with the user's access token.
    pub fn bearer(mut self, token: impl Display) -> Self {
        self.request = self.request.bearer_auth(token);
        self
    }

    pub fn idempotency_key(mut self, key: impl Display) -> Self {
        let name = HeaderName::from_static("idempotency-key");
        self.request = self.request.header(name, key.to_string());
        self
    }

    /// Says that the peer recognises a repetition, so that a POST may be repeated too.
    pub fn retry_safe(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// The limit for the whole call with all its tries; 2 s if not set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Makes the call. An empty answer reads as `()` or as `None`.
    pub async fn send<T: DeserializeOwned>(self) -> Result<T, CallError> {
        let service = self.client.service;
        let invalid = |source| CallError::Invalid { service, source };
        let body = self.exchange().await?;
        let body = if body.is_empty() { b"null" } else { &body[..] };
        serde_json::from_slice(body).map_err(|error| invalid(error.into()))
    }

    async fn exchange(self) -> Result<Vec<u8>, CallError> {
        let Self { client, request, repeatable, limit } = self;
        let service = client.service;
        let unavailable = |source| CallError::Unavailable { service, source };
        let request =
            request.build().map_err(|error| CallError::Invalid { service, source: error.into() })?;

        let permit = client.breaker.admit().ok_or_else(|| unavailable(Trouble::CircuitOpen))?;
        let method = request.method().to_string();
        let span = info_span!(
            "call",
            otel.name = format!("{method} {service}"),
            otel.kind = "client",
            otel.status_code = Empty,
            http.request.method = method,
            http.response.status_code = Empty,
            url.path = request.url().path(),
            peer.service = service,
        );
        let started = Instant::now();
        let outcome =
            timeout(limit, client.tries(&request, repeatable, limit)).instrument(span.clone()).await;
        let outcome = outcome.unwrap_or(Err(Trouble::TimedOut));
        let status = match &outcome {
            Ok((status, _)) => {
                span.record("http.response.status_code", status.as_u16());
                status.as_str().to_owned()
            }
            // Nobody answered, or with an error of its own.
            Err(_) => {
                span.record("otel.status_code", "ERROR");
                "error".to_owned()
            }
        };
        metrics::histogram!(
            "http_client_request_duration_seconds",
            "callee" => service, "http_request_method" => method, "http_response_status_code" => status,
        )
        .record(started.elapsed());
        match outcome {
            // Nobody was asked, so nothing was learnt about the service.
            Err(Trouble::NoInstance) => drop(permit),
            Err(_) => permit.settle(false),
            Ok(_) => permit.settle(true),
        }
        match outcome.map_err(unavailable)? {
            (status, body) if status.is_success() => Ok(body),
            (status, body) => Err(CallError::rejected(service, status, &body)),
        }
    }
}

/// One try's failure, and whether the request certainly never arrived.
struct Failure {
    trouble: Trouble,
    unsent: bool,
}

impl ServiceClient {
    async fn tries(
        &self,
        request: &Request,
        repeatable: bool,
        limit: Duration,
    ) -> Result<(StatusCode, Vec<u8>), Trouble> {
        // A hung instance must leave time to ask another.
        let limit = if repeatable { limit / 2 } else { limit };
        let mut delays = BACKOFF.build();
        let mut tried = Vec::new();
        loop {
            let endpoint = self.pick(&tried).await?;
            let failure = match timeout(limit, self.attempt(request, &endpoint)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(failure)) => failure,
                Err(_) => Failure { trouble: Trouble::TimedOut, unsent: false },
            };
            let elsewhere = match failure.trouble {
                Trouble::Transport(_) | Trouble::TimedOut => {
                    endpoint.rest();
                    true
                }
                Trouble::Status(status) => matches!(status.as_u16(), 502..=504),
                Trouble::NoInstance | Trouble::CircuitOpen => false,
            };
            let delay = delays.next().filter(|_| elsewhere && (repeatable || failure.unsent));
            let Some(delay) = delay else { return Err(failure.trouble) };
            tracing::debug!(service = self.service, error = %failure.trouble, "trying another instance");
            tried.push(endpoint.instance.instance_id.clone());
            sleep(delay).await;
        }
    }

    /// Right after the start no list has come yet: that is no reason to fail.
    async fn pick(&self, tried: &[String]) -> Result<Arc<Endpoint>, Trouble> {
        let mut views = self.registry.shared.view.subscribe();
        let view = views.wait_for(Option::is_some).await.map_err(|_| Trouble::NoInstance)?.clone();
        view.and_then(|view| view.endpoints.pick(self.service, tried)).ok_or(Trouble::NoInstance)
    }

    async fn attempt(
        &self,
        request: &Request,
        endpoint: &Endpoint,
    ) -> Result<(StatusCode, Vec<u8>), Failure> {
        let _in_flight = endpoint.begin();
        let shared = &self.registry.shared;
        let transport = |error: reqwest::Error| {
            let unsent = error.is_connect();
            Failure { trouble: Trouble::Transport(error), unsent }
        };
        let mut url = request.url().clone();
        if let Err(error) = endpoint.instance.address(&mut url) {
            tracing::warn!(service = self.service, %error, "an instance registered an unusable address");
            return Err(Failure { trouble: Trouble::NoInstance, unsent: true });
        }
        let mut copy = request.try_clone().expect("a body of bytes can be copied");
        *copy.url_mut() = url;
        let attempt = RequestBuilder::from_parts(shared.http.clone(), copy)
            .header(SERVICE_TOKEN, shared.token.expose_secret())
            .headers(crate::telemetry::propagation_headers().into_iter().collect());

        let response = attempt.send().await.map_err(transport)?;
        let status = response.status();
        if status.is_server_error() {
            return Err(Failure { trouble: Trouble::Status(status), unsent: false });
        }
        let body = response.bytes().await.map_err(transport)?;
        Ok((status, body.into()))
    }
}
