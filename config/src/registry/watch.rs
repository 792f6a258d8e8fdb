//! Keeps the list equal to discovery's, by long polls.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{Registry, Snapshot};
use crate::jwt_auth::SERVICE_TOKEN;

/// How long discovery may hold a poll that has no news.
const WAIT: Duration = Duration::from_secs(30);

/// For how long answers take nothing away once the index went back: in this time every live instance has
/// sent a heartbeat, learnt that its lease is unknown, and registered again.
const DOUBT: Duration = Duration::from_secs(15);

const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_jitter()
    .with_min_delay(Duration::from_millis(100))
    .with_max_delay(Duration::from_secs(1))
    .without_max_times();

impl Registry {
    /// Follows discovery until `shutdown`. While discovery is away, the last good list stays.
    pub async fn watch(&self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.follow()).await;
    }

    async fn follow(&self) {
        let mut delays = BACKOFF.build();
        let mut away = false;
        let mut doubt_until: Option<Instant> = None;
        loop {
            let doubt_left = doubt_until.map(|end| end.saturating_duration_since(Instant::now()));
            match self.poll(doubt_left.unwrap_or(WAIT)).await {
                Ok(answer) => {
                    if std::mem::take(&mut away) {
                        tracing::info!("discovery is back");
                    }
                    delays = BACKOFF.build();
                    self.apply(answer, &mut doubt_until);
                }
                Err(error) => {
                    if !std::mem::replace(&mut away, true) {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "discovery is away; keeping the last known instances and trying again"
                        );
                    }
                    sleep(delays.next().unwrap_or(WAIT)).await;
                }
            }
        }
    }

    pub(super) fn apply(&self, answer: Snapshot, doubt_until: &mut Option<Instant>) {
        let last = self.snapshot().unwrap_or_default();
        let now = Instant::now();
        if answer.index < last.index {
            *doubt_until = Some(now + DOUBT);
        }
        *doubt_until = doubt_until.filter(|end| now < *end);
        let unsettled = answer.recovering || doubt_until.is_some();
        self.publish(if unsettled { answer.after(&last) } else { answer });
    }

    async fn poll(&self, wait: Duration) -> Result<Snapshot, reqwest::Error> {
        let Some(url) = self.discovery_url(&["services"]) else { return std::future::pending().await };
        // Whole seconds: a poll that ends a moment before the doubt does would be repeated at once.
        let wait = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let request = self.shared.http.get(url).header(SERVICE_TOKEN, self.shared.token.expose_secret());
        let request = match self.snapshot() {
            Some(last) => request
                .query(&[("index", last.index.to_string()), ("wait", format!("{wait}s"))])
                .timeout(Duration::from_secs(wait + 5)),
            None => request.timeout(Duration::from_secs(5)),
        };
        request.send().await?.error_for_status()?.json().await
    }
}
