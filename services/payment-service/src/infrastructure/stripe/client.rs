//! Requests to Stripe: each POST under a key of its own, so that it may be repeated.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use config::registry::Breaker;
use reqwest_tls::header::HeaderMap;
use reqwest_tls::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};
use url::Url;

use super::wire::{Refusal, RefusalBody};
use crate::application::ProviderError;

/// Answers are read in the shape of this version, whatever the account's is.
const VERSION: &str = "2024-06-20";
const CONNECT_LIMIT: Duration = Duration::from_secs(1);

/// Three tries: the first and these two.
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_jitter()
    .with_min_delay(Duration::from_millis(100))
    .with_max_delay(Duration::from_secs(1))
    .with_max_times(2);

/// Stripe's API.
pub struct Client {
    http: reqwest_tls::Client,
    base: Url,
    key: SecretString,
    breaker: Breaker,
    limit: Duration,
}

/// Why there is no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No request has certainly reached it.
    #[error("stripe can't be reached")]
    Unsent(#[source] config::BoxError),
    /// It may have acted.
    #[error("stripe's answer is not known")]
    Unknown(#[source] config::BoxError),
    /// It has understood, and refuses.
    #[error("stripe refuses")]
    Refused(#[source] Refusal),
}

impl Failure {
    /// What this means for a request that may have changed something.
    pub fn of_change(self) -> ProviderError {
        match self {
            Self::Unsent(_) => ProviderError::Unavailable(self.into()),
            Self::Unknown(_) | Self::Refused(_) => ProviderError::Unknown(self.into()),
        }
    }
}

/// One try's failure.
struct Attempt {
    failure: Failure,
    again: bool,
    /// Whether it says that Stripe is not well.
    sick: bool,
}

impl Client {
    pub fn new(mut base: Url, key: SecretString, limit: Duration) -> Result<Self, config::BoxError> {
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let http = reqwest_tls::Client::builder()
            .redirect(reqwest_tls::redirect::Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { http, base, key, breaker: Breaker::new("stripe"), limit })
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, Failure> {
        self.call(|| Ok(self.request(Method::GET, path)?.query(query))).await
    }

    /// `key` is the same for the same request, always.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        form: &[(&str, &str)],
    ) -> Result<T, Failure> {
        self.call(|| Ok(self.request(Method::POST, path)?.header("Idempotency-Key", key).form(form))).await
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Failure> {
        let url = self.base.join(path).map_err(|error| Failure::Unsent(error.into()))?;
        let request = self.http.request(method, url).bearer_auth(self.key.expose_secret());
        Ok(request.header("Stripe-Version", VERSION))
    }

    async fn call<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> Result<RequestBuilder, Failure>,
    ) -> Result<T, Failure> {
        let held_back = || Failure::Unsent("it failed so often that calls are held back for a moment".into());
        let permit = self.breaker.admit().ok_or_else(held_back)?;
        let late = |_| Err((Failure::Unknown("no answer in time".into()), true));
        let answer = timeout(self.limit, self.tries(request)).await.unwrap_or_else(late);
        permit.settle(!matches!(answer, Err((_, true))));
        let body = answer.map_err(|(failure, _)| failure)?;
        serde_json::from_slice(&body).map_err(|error| Failure::Unknown(error.into()))
    }

    /// Repeats what didn't get through. All have the same key, so that Stripe acts once.
    async fn tries(
        &self,
        request: impl Fn() -> Result<RequestBuilder, Failure>,
    ) -> Result<Vec<u8>, (Failure, bool)> {
        let mut delays = BACKOFF.build();
        let mut may_have_arrived = false;
        loop {
            let request = request().map_err(|failure| (failure, false))?;
            let Attempt { failure, again, sick } = match attempt(request).await {
                Ok(body) => return Ok(body),
                Err(attempt) => attempt,
            };
            may_have_arrived |= !matches!(failure, Failure::Unsent(_));
            match delays.next().filter(|_| again) {
                Some(delay) => sleep(delay).await,
                None => {
                    let failure = match failure {
                        Failure::Unsent(error) if may_have_arrived => Failure::Unknown(error),
                        failure => failure,
                    };
                    return Err((failure, sick));
                }
            }
        }
    }
}

async fn attempt(request: RequestBuilder) -> Result<Vec<u8>, Attempt> {
    let lost = |error: reqwest_tls::Error| {
        // The address is no secret, but says nothing either.
        let unsent = error.is_connect();
        let error = error.without_url();
        let failure = if unsent { Failure::Unsent(error.into()) } else { Failure::Unknown(error.into()) };
        Attempt { failure, again: true, sick: true }
    };
    let answer = request.send().await.map_err(lost)?;
    let (status, again) = (answer.status(), may_try_again(answer.status(), answer.headers()));
    let body = answer.bytes().await.map_err(lost)?;
    if status.is_success() {
        return Ok(body.into());
    }
    let sick = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    // Neither says anything about what was asked for, only that it was not done now.
    let unanswered = sick || status == StatusCode::CONFLICT;
    let failure = match status {
        // Our key is wrong, and people have to do something.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            tracing::error!(%status, "stripe refuses our key");
            Failure::Unsent(format!("it answered {status}").into())
        }
        _ if unanswered => Failure::Unknown(format!("it answered {status}").into()),
        _ => {
            let refusal = RefusalBody::read(&body);
            tracing::warn!(%status, code = refusal.code(), "stripe refuses");
            Failure::Refused(refusal)
        }
    };
    Err(Attempt { failure, again, sick })
}

/// Stripe knows best whether the same request is worth another try.
fn may_try_again(status: StatusCode, headers: &HeaderMap) -> bool {
    match headers.get("stripe-should-retry").map(|value| value.as_bytes()) {
        Some(b"true") => true,
        Some(b"false") => false,
        _ => status.is_server_error() || matches!(status.as_u16(), 409 | 429),
    }
}
