//! Sending what is due over one channel: take, send without a transaction, record.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::telemetry::RequestContext;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use super::{Bell, Carrier, Due, Outcome, Store, Undelivered};
use crate::domain::{Attempts, Channel, Retry, WebhookId};

/// Sent side by side.
const AT_ONCE: u32 = 16;
/// Of them to one webhook: one that answers slowly must leave room for the others.
const AT_ONCE_TO_ONE: u32 = 2;
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
        let (mut attempts, mut load) = (FuturesUnordered::new(), Load::default());
        let (mut look, mut more, mut failed) = (true, false, false);
        while !shutdown.is_cancelled() {
            if look {
                let room = load.room();
                let taken = retrying(|| self.take(&load)).await;
                failed = taken.is_err();
                match taken {
                    Ok(due) => {
                        more = due.len() == room as usize;
                        attempts.extend(due.into_iter().map(|due| {
                            load.begin(due.webhook);
                            self.send(due)
                        }));
                    }
                    Err(error) => {
                        tracing::warn!(error = %config::problem::chain(&error), channel = %self.channel, "deliveries can't be taken");
                    }
                }
            }
            // Whatever ends makes room: nothing waits for a slow one.
            look = tokio::select! {
                Some(ended) = ended(&mut attempts) => {
                    self.finish(&ended, &mut load).await;
                    // More was due than there was room for, or than its webhook could be sent at once.
                    more || ended.iter().any(|(due, _)| due.webhook.is_some())
                }
                () = ear.heard(POLL), if !failed && load.room() > 0 => true,
                () = tokio::time::sleep(POLL), if failed => true,
                () = shutdown.cancelled() => false,
            };
        }
        while let Some(ended) = ended(&mut attempts).await {
            self.finish(&ended, &mut load).await;
        }
    }

    async fn finish(&self, ended: &[(Due, Outcome)], load: &mut Load) {
        for (due, _) in ended {
            load.end(due.webhook);
        }
        if let Err(error) = retrying(|| self.record(ended)).await {
            // They are sent again after the lease, with the same message ids.
            tracing::warn!(error = %config::problem::chain(&error), count = ended.len(), "the outcome of deliveries can't be recorded");
        }
    }

    /// In the trace of what it tells.
    async fn send(&self, due: Due) -> (Due, Outcome) {
        let span = tracing::info_span!(
            "delivery", otel.name = format!("{} send", self.channel), otel.kind = "client",
            delivery.id = %due.id, channel = %self.channel,
        );
        let outcome =
            RequestContext::of_trace(due.traceparent.clone()).follow(span, self.attempt(&due)).await;
        (due, outcome)
    }

    /// As many as there is room for beside what is under way.
    async fn take(&self, load: &Load) -> Result<Vec<Due>, StoreError> {
        let now = self.clock.now();
        let (mut load, mut taken) = (load.clone(), Vec::new());
        let mut tx = self.store.begin().await?;
        loop {
            let found = tx.find_due(self.channel, now, &load.busy_webhooks(), load.room()).await?;
            let fitting = found.iter().filter(|(_, webhook)| load.begin(*webhook));
            let chosen: Vec<_> = fitting.map(|(id, _)| *id).collect();
            if !chosen.is_empty() {
                taken.extend(tx.take(&chosen, now + self.lease).await?);
            }
            // Behind what doesn't fit there may be something for others.
            if chosen.len() == found.len() {
                break;
            }
        }
        tx.commit().await?;
        Ok(taken)
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
            Err(Undelivered::Withheld(reason)) => Outcome::Withheld { reason },
            Err(Undelivered::NotYet(reason)) => {
                Outcome::Again { after: self.attempts.pause, reason, counted: false }
            }
            Err(Undelivered::Failed(reason)) => match self.attempts.after(attempts, chance) {
                Retry::In(after) => Outcome::Again { after, reason, counted: true },
                Retry::GiveUp => Outcome::Dead { reason },
            },
        }
    }

    async fn record(&self, ended: &[(Due, Outcome)]) -> Result<(), StoreError> {
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

/// Those that ended together, to be recorded together; `None` when nothing is under way.
async fn ended<A: Future>(attempts: &mut FuturesUnordered<A>) -> Option<Vec<A::Output>> {
    attempts.ready_chunks(AT_ONCE as usize).next().await
}

/// What is under way, and to which webhooks.
#[derive(Debug, Clone, Default)]
struct Load {
    total: u32,
    webhooks: HashMap<WebhookId, u32>,
}

impl Load {
    fn room(&self) -> u32 {
        AT_ONCE.saturating_sub(self.total)
    }

    fn busy_webhooks(&self) -> Vec<WebhookId> {
        let busy = self.webhooks.iter().filter(|(_, sending)| **sending >= AT_ONCE_TO_ONE);
        busy.map(|(webhook, _)| *webhook).collect()
    }

    /// `false` when it doesn't fit.
    fn begin(&mut self, webhook: Option<WebhookId>) -> bool {
        if let Some(webhook) = webhook {
            let sending = self.webhooks.entry(webhook).or_default();
            if *sending >= AT_ONCE_TO_ONE {
                return false;
            }
            *sending += 1;
        }
        self.total += 1;
        true
    }

    fn end(&mut self, webhook: Option<WebhookId>) {
        self.total = self.total.saturating_sub(1);
        if let Some(webhook) = webhook
            && let Some(sending) = self.webhooks.get_mut(&webhook)
        {
            *sending = sending.saturating_sub(1);
            if *sending == 0 {
                self.webhooks.remove(&webhook);
            }
        }
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
        Outcome::Withheld { reason } => {
            tracing::warn!(delivery.id = %due.id, %channel, reason, "withheld");
            "withheld"
        }
    };
    metrics::counter!("notification_deliveries_total", "channel" => channel.as_str(), "result" => result)
        .increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_gets_its_share_and_leaves_room_for_the_others() {
        let (slow, other) = (Some(WebhookId::new(1)), Some(WebhookId::new(2)));
        let mut load = Load::default();
        assert_eq!([(); 3].map(|()| load.begin(slow)), [true, true, false]);
        assert_eq!((load.room(), load.busy_webhooks()), (AT_ONCE - 2, vec![WebhookId::new(1)]));
        assert!(load.begin(other));
        load.end(slow);
        assert_eq!((load.room(), load.busy_webhooks()), (AT_ONCE - 2, vec![]));
        assert!(load.begin(slow));
        // E-mails share nothing but the whole.
        assert!((0..AT_ONCE - 3).all(|_| load.begin(None)));
        assert_eq!(load.room(), 0);
        for webhook in [slow, slow, other] {
            load.end(webhook);
        }
        assert_eq!((load.room(), load.webhooks.len()), (3, 0));
    }
}
