//! Sends an outbox to Kafka: in order, at least once, one instance at a time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tokio_util::sync::CancellationToken;

use super::{Lead, Outbox, Producer, Unsent};
use crate::problem::chain;

/// Events sent before the outbox is told.
const BATCH: u32 = 500;
/// How long an event committed by another instance waits at most, while this one leads.
const POLL: Duration = Duration::from_millis(100);
/// Between two rounds. On a quiet outbox nothing waits for it; on a busy one each round, and each answer to those who
/// listen, carries many events.
const PACE: Duration = Duration::from_millis(20);
/// How often an instance that doesn't lead tries to.
const CANDIDACY: Duration = Duration::from_secs(1);

/// Runs until `shutdown`; what is committed by then is still sent.
pub(crate) async fn relay(
    producer: Producer,
    outbox: Arc<dyn Outbox>,
    shutdown: CancellationToken,
) -> Result<(), crate::BoxError> {
    while !shutdown.is_cancelled() {
        match outbox.lead().await {
            Ok(Some(mut lead)) => {
                tracing::info!("this instance sends the outbox");
                if let Err(error) = send_all(&producer, outbox.as_ref(), lead.as_mut(), &shutdown).await {
                    tracing::warn!(error = %chain(error.as_ref()), "the outbox pauses");
                }
                // Whoever leads next tells.
                show(0, Duration::ZERO);
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(error = %chain(&error), "the outbox can't be reached"),
        }
        let _ = tokio::time::timeout(CANDIDACY, shutdown.cancelled()).await;
    }
    Ok(())
}

async fn send_all(
    producer: &Producer,
    outbox: &dyn Outbox,
    lead: &mut dyn Lead,
    shutdown: &CancellationToken,
) -> Result<(), crate::BoxError> {
    let mut next = tokio::time::Instant::now();
    loop {
        tokio::time::sleep_until(next).await;
        let events = lead.unsent(BATCH).await?;
        let oldest = events.first().map(|event| event.age).unwrap_or_default();
        let all = if events.len() < BATCH as usize { events.len() as u64 } else { lead.pending().await? };
        show(all, oldest);
        if events.is_empty() {
            if shutdown.is_cancelled() {
                return Ok(());
            }
            tokio::select! {
                () = outbox.changed() => {}
                () = tokio::time::sleep(POLL) => {}
                () = shutdown.cancelled() => {}
            }
            continue;
        }
        // Whoever is behind doesn't pause.
        if events.len() < BATCH as usize {
            next = tokio::time::Instant::now() + PACE;
        }
        tokio::select! {
            delivered = send(producer, &events) => delivered?,
            never = show_growing(lead, all, oldest) => match never {},
            // Kafka is away and we are asked to end: the next leader sends them.
            () = overdue(shutdown) => return Err("the process ends before Kafka took everything".into()),
        }
        lead.sent(&events).await?;
        metrics::counter!("outbox_sent_events_total").increment(events.len() as u64);
    }
}

fn show(pending: u64, oldest: Duration) {
    metrics::gauge!("outbox_oldest_age_seconds").set(oldest.as_secs_f64());
    metrics::gauge!("outbox_pending_events").set(pending as f64);
}

/// While Kafka is away nothing else moves: what waits grows older, and more.
async fn show_growing(lead: &mut dyn Lead, mut pending: u64, oldest: Duration) -> Infallible {
    let since = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        // With the database away too, the last number is as good as any.
        pending = lead.pending().await.unwrap_or(pending);
        show(pending, oldest + since.elapsed());
    }
}

/// Enqueued in order; the idempotent producer keeps it.
async fn send(producer: &Producer, events: &[Unsent]) -> Result<(), crate::BoxError> {
    let (sequence, mut deliveries) = (producer.sequence(), Vec::with_capacity(events.len()));
    for event in events {
        deliveries.push(sequence.enqueue_event(&event.topic, &event.key, &event.payload)?);
    }
    let outcomes = try_join_all(deliveries).await?;
    Ok(outcomes.into_iter().collect::<Result<_, _>>()?)
}

async fn overdue(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
}
