//! Sending what is due over one channel: take, send without a transaction, record.

use std::sync::Arc;
use std::time::Duration;

use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::telemetry::RequestContext;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use super::{Bell, Carrier, Due, NotificationError, Outcome, Store, Undelivered};
use crate::domain::{Attempts, Channel, Retry};

/// Sent side by side.
const BATCH: u32 = 16;
/// How long what another instance has committed waits at most.
const POLL: Duration = Duration::from_secs(1);

/// A channel's worker. Every instance has one; they don't get in one another's way.
pub struct Deliver {
    pub channel: Channel,
    pub carrier: Arc<dyn Carrier>,
    pub store: Arc<dyn Begin<dyn Store>>,
    pub clock: Arc<dyn Clock>,
    pub bell: Bell,
    pub attempts: Attempts,
    /// After this, a delivery that was taken is taken over: longer than any attempt takes.
    pub lease: Duration,
}

impl Deliver {
    /// Works until `shutdown`; what was taken by then is finished.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut ear = self.bell.listen();
        while !shutdown.is_cancelled() {
            match self.round().await {
                Ok(taken) if taken == BATCH as usize => {}
                Ok(_) => {
                    tokio::select! {
                        () = ear.heard(POLL) => {}
                        () = shutdown.cancelled() => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(error = %config::problem::chain(&error), channel = %self.channel, "deliveries can't be taken");
                    let _ = tokio::time::timeout(POLL, shutdown.cancelled()).await;
                }
            }
        }
    }

    async fn round(&self) -> Result<usize, NotificationError> {
        let due = retrying(|| self.take()).await?;
        let attempts: FuturesUnordered<_> = due.iter().map(|due| self.send(due)).collect();
        // Those that end together are recorded together; none waits for a slow one.
        let mut ended = attempts.ready_chunks(BATCH as usize);
        while let Some(ended) = ended.next().await {
            if let Err(error) = retrying(|| self.record(&ended)).await {
                // They are sent again after the lease, with the same message ids.
                tracing::warn!(error = %config::problem::chain(&error), count = ended.len(), "the outcome of deliveries can't be recorded");
            }
        }
        Ok(due.len())
    }

    /// In the trace of what it tells.
    async fn send<'a>(&self, due: &'a Due) -> (&'a Due, Outcome) {
        let span = tracing::info_span!(
            "delivery", otel.name = format!("{} send", self.channel), otel.kind = "client",
            delivery.id = %due.id, channel = %self.channel,
        );
        let attempt = self.attempt(due);
        (due, RequestContext::of_trace(due.traceparent.clone()).follow(span, attempt).await)
    }

    async fn take(&self) -> Result<Vec<Due>, StoreError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let due = tx.take_due(self.channel, now, now + self.lease, BATCH).await?;
        tx.commit().await?;
        Ok(due)
    }

    async fn attempt(&self, due: &Due) -> Outcome {
        // What isn't sent by the end of the lease is another worker's.
        let limit = self.lease.mul_f64(0.8);
        let carried = tokio::time::timeout(limit, self.carrier.carry(due)).await;
        let carried = carried.unwrap_or_else(|_| Err(Undelivered::Failed("no answer in time".to_owned())));
        let outcome = self.outcome(due.attempts, carried);
        report(self.channel, due, &outcome);
        outcome
    }

    fn outcome(&self, attempts: u16, carried: Result<(), Undelivered>) -> Outcome {
        let chance = rand::random::<f64>();
        match carried {
            Ok(()) => Outcome::Sent,
            Err(Undelivered::Hopeless(reason)) => Outcome::Dead { reason },
            Err(Undelivered::NotYet(reason)) => {
                Outcome::Again { after: self.attempts.pause, reason, counted: false }
            }
            Err(Undelivered::Failed(reason)) => match self.attempts.after(attempts, chance) {
                Retry::In(after) => Outcome::Again { after, reason, counted: true },
                Retry::GiveUp => Outcome::Dead { reason },
            },
        }
    }

    async fn record(&self, ended: &[(&Due, Outcome)]) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        let recorded = tx.record(ended, self.clock.now()).await?;
        tx.commit().await?;
        if recorded < ended.len() as u64 {
            let late = ended.len() as u64 - recorded;
            tracing::warn!(late, channel = %self.channel, "deliveries took longer than their lease");
        }
        Ok(())
    }
}

fn report(channel: Channel, due: &Due, outcome: &Outcome) {
    let result = match outcome {
        Outcome::Sent => {
            tracing::info!(delivery.id = %due.id, %channel, "sent");
            "sent"
        }
        Outcome::Again { reason, counted, .. } => {
            tracing::warn!(delivery.id = %due.id, %channel, attempts = due.attempts, reason, "not sent yet");
            if *counted { "failed" } else { "postponed" }
        }
        Outcome::Dead { reason } => {
            tracing::error!(delivery.id = %due.id, %channel, attempts = due.attempts, reason, "given up");
            "dead"
        }
    };
    metrics::counter!("notification_deliveries_total", "channel" => channel.as_str(), "result" => result)
        .increment(1);
}
