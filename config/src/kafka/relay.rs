//! Sends an outbox to Kafka: in order, at least once, one instance at a time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tokio_util::sync::CancellationToken;

use super::producer::{Delivery, Sequence};
use super::{Lead, Outbox, Producer, Unsent};
use crate::database::StoreError;
use crate::problem::chain;

/// Events asked for at once.
const BATCH: u32 = 500;
/// Events on their way to Kafka at once, and the bytes of their documents: an outbox may give more than it is asked for,
/// and the producer's queue, which takes several times as much, is shared with the dead letters.
const UNDER_WAY: usize = 2000;
const BYTES_UNDER_WAY: usize = 4 << 20;
/// How long an event committed by another instance waits at most, while this one leads.
const POLL: Duration = Duration::from_millis(100);
/// Between two rounds. On a quiet outbox nothing waits for it; on a busy one each round, and each answer to those who
/// listen, carries many events.
const PACE: Duration = Duration::from_millis(20);
/// How often an instance that doesn't lead tries to.
const CANDIDACY: Duration = Duration::from_secs(1);
/// How long the outbox may take for an answer. A host that has vanished gives none, and nothing else would end the wait.
const ANSWER: Duration = Duration::from_secs(10);

/// Runs until `shutdown`; what is committed by then is still sent.
pub(crate) async fn relay(
    producer: Producer,
    outbox: Arc<dyn Outbox>,
    shutdown: CancellationToken,
) -> Result<(), crate::BoxError> {
    while !shutdown.is_cancelled() {
        match in_time(outbox.lead()).await {
            Ok(Some(mut lead)) => {
                tracing::info!("this instance sends the outbox");
                // What it has shown stays until somebody leads: an outbox that is stuck pauses again and again.
                if let Err(error) = send_all(&producer, outbox.as_ref(), lead.as_mut(), &shutdown).await {
                    tracing::warn!(error = %chain(error.as_ref()), "the outbox pauses");
                }
            }
            // Whoever leads tells.
            Ok(None) => show(0, Duration::ZERO),
            Err(error) => tracing::warn!(error = %chain(&error), "the outbox can't be reached"),
        }
        let _ = tokio::time::timeout(CANDIDACY, shutdown.cancelled()).await;
    }
    // Whoever leads next tells.
    show(0, Duration::ZERO);
    Ok(())
}

async fn in_time<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let answered = tokio::time::timeout(ANSWER, answer).await;
    answered.unwrap_or_else(|late| Err(StoreError::Unavailable(late.into())))
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
        let events = in_time(lead.unsent(BATCH)).await?;
        let oldest = events.first().map(|event| event.age).unwrap_or_default();
        let all =
            if events.len() < BATCH as usize { events.len() as u64 } else { in_time(lead.pending()).await? };
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
        let sent = tokio::select! {
            sent = send(producer, &events) => sent?,
            never = show_growing(lead, all, oldest) => match never {},
            // Kafka is away and we are asked to end: the next leader sends them.
            () = overdue(shutdown) => return Err("the process ends before Kafka took everything".into()),
        };
        in_time(lead.sent(&events[..sent])).await?;
        metrics::counter!("outbox_sent_events_total").increment(sent as u64);
    }
}

fn show(pending: u64, oldest: Duration) {
    metrics::gauge!("outbox_oldest_age_seconds").set(oldest.as_secs_f64());
    metrics::gauge!("outbox_pending_events").set(pending as f64);
}

/// While Kafka is away nothing else moves: what waits grows older, and more. That the outbox is asked each second is
/// also what this instance keeps the right to send by.
async fn show_growing(lead: &mut dyn Lead, mut pending: u64, oldest: Duration) -> Infallible {
    let since = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        // With the database away too, the last number is as good as any.
        pending = in_time(lead.pending()).await.unwrap_or(pending);
        show(pending, oldest + since.elapsed());
    }
}

/// Sends the first of them, as many as go at once, and tells how many these are.
async fn send(producer: &Producer, events: &[Unsent]) -> Result<usize, crate::BoxError> {
    let deliveries = enqueue(&producer.sequence(), events)?;
    let outcomes = try_join_all(deliveries).await?;
    let count = outcomes.len();
    outcomes.into_iter().collect::<Result<(), _>>()?;
    Ok(count)
}

/// Enqueued in order; the idempotent producer keeps it. Whatever stops it, a full queue among others, is an error only
/// for the first event: what is in the queue goes to Kafka, so an error that had all of them come again would send it
/// once more each time.
fn enqueue(sequence: &Sequence, events: &[Unsent]) -> Result<Vec<Delivery>, crate::BoxError> {
    let (mut deliveries, mut bytes) = (Vec::new(), 0);
    for event in events.iter().take(UNDER_WAY) {
        bytes += event.payload.len();
        let is_first = deliveries.is_empty();
        if bytes > BYTES_UNDER_WAY && !is_first {
            break;
        }
        match sequence.enqueue_event(&event.topic, &event.key, &event.payload) {
            Ok(delivery) => deliveries.push(delivery),
            Err(error) if is_first => return Err(error),
            Err(_) => break,
        }
    }
    Ok(deliveries)
}

async fn overdue(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use rdkafka::error::{KafkaError, RDKafkaErrorCode};
    use tokio::sync::Notify;

    use super::*;
    use crate::kafka::KafkaSettings;
    use crate::testing::eventually;

    /// Finds no Kafka: nothing leaves its queue.
    fn producer() -> Producer {
        Producer::new(&KafkaSettings::at("127.0.0.1:1", ""), "test").unwrap()
    }

    fn event(bytes: usize) -> Unsent {
        Unsent {
            position: String::new(),
            topic: "order-events".to_owned(),
            key: "7".to_owned(),
            payload: "x".repeat(bytes),
            age: Duration::ZERO,
        }
    }

    #[tokio::test]
    async fn no_more_is_under_way_than_the_producer_takes() {
        let sequence = producer().sequence();
        let many = vec![event(1); 10 * UNDER_WAY];
        assert_eq!(enqueue(&sequence, &many).unwrap().len(), UNDER_WAY);
        let heavy = vec![event(BYTES_UNDER_WAY / 8); 64];
        assert_eq!(enqueue(&sequence, &heavy).unwrap().len(), 8);
    }

    #[tokio::test]
    async fn what_the_queue_has_no_room_for_is_left_to_the_next_round() {
        let (sequence, many) = (producer().sequence(), vec![event(1); UNDER_WAY]);
        let mut enqueued = enqueue(&sequence, &many[..1]).unwrap().len();
        let error = loop {
            match enqueue(&sequence, &many) {
                Ok(deliveries) => enqueued += deliveries.len(),
                Err(error) => break error,
            }
        };
        let code = error.downcast_ref::<KafkaError>().and_then(KafkaError::rdkafka_error_code);
        assert_eq!((enqueued, code), (10_000, Some(RDKafkaErrorCode::QueueFull)));
    }

    #[tokio::test]
    async fn an_event_that_is_refused_has_none_before_it_sent_again() {
        let (sequence, events) = (producer().sequence(), [event(1), event(2_000_000), event(1)]);
        assert_eq!(enqueue(&sequence, &events).unwrap().len(), 1);
        assert!(enqueue(&sequence, &events[1..]).is_err());
    }

    /// An outbox with one event, and how often it was asked how many there are.
    #[derive(Clone, Default)]
    struct Asked(Arc<AtomicU32>);

    #[async_trait]
    impl Outbox for Asked {
        async fn lead(&self) -> Result<Option<Box<dyn Lead>>, StoreError> {
            Ok(Some(Box::new(self.clone())))
        }

        async fn changed(&self) {
            pending().await
        }
    }

    #[async_trait]
    impl Lead for Asked {
        async fn unsent(&mut self, _: u32) -> Result<Vec<Unsent>, StoreError> {
            Ok(vec![event(1)])
        }

        async fn pending(&mut self) -> Result<u64, StoreError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(1)
        }

        async fn sent(&mut self, _: &[Unsent]) -> Result<(), StoreError> {
            Err(StoreError::corrupt("there is no Kafka"))
        }
    }

    #[tokio::test]
    async fn the_outbox_is_asked_each_second_while_kafka_is_away() {
        let asked = Asked::default();
        let relaying = relay(producer(), Arc::new(asked.clone()), CancellationToken::new());
        assert!(tokio::time::timeout(Duration::from_millis(3500), relaying).await.is_err());
        assert!(asked.0.load(Ordering::Relaxed) >= 2);
    }
    /// An outbox whose one event Kafka refuses, and that leads once; then another leads, or the database is away.
    #[derive(Clone)]
    struct Stuck {
        turns: Arc<AtomicU32>,
        another_leads: bool,
        quiet: Arc<Notify>,
    }

    #[async_trait]
    impl Outbox for Stuck {
        async fn lead(&self) -> Result<Option<Box<dyn Lead>>, StoreError> {
            match self.turns.fetch_add(1, Ordering::Relaxed) {
                0 => Ok(Some(Box::new(self.clone()))),
                1 if self.another_leads => Ok(None),
                1 => Err(StoreError::corrupt("the database is away")),
                _ => {
                    self.quiet.notify_one();
                    pending().await
                }
            }
        }

        async fn changed(&self) {
            pending().await
        }
    }

    #[async_trait]
    impl Lead for Stuck {
        async fn unsent(&mut self, _: u32) -> Result<Vec<Unsent>, StoreError> {
            Ok(vec![Unsent { age: Duration::from_secs(90), ..event(2_000_000) }])
        }

        async fn pending(&mut self) -> Result<u64, StoreError> {
            Ok(1)
        }

        async fn sent(&mut self, _: &[Unsent]) -> Result<(), StoreError> {
            Err(StoreError::corrupt("Kafka took nothing"))
        }
    }

    /// What an operator sees of a stuck outbox after this instance's turn.
    async fn shown(another_leads: bool) -> String {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _here = metrics::set_default_local_recorder(&recorder);
        let (turns, quiet) = (Arc::default(), Arc::new(Notify::new()));
        let outbox = Arc::new(Stuck { turns, another_leads, quiet: quiet.clone() });
        tokio::select! {
            ended = relay(producer(), outbox, CancellationToken::new()) => panic!("{ended:?}"),
            () = quiet.notified() => {}
        }
        recorder.handle().render()
    }

    #[tokio::test]
    async fn a_stuck_outbox_is_shown_until_another_instance_leads() {
        let stuck = shown(false).await;
        assert!(stuck.contains("outbox_oldest_age_seconds 90\n"), "{stuck}");
        assert!(stuck.contains("outbox_pending_events 1\n"), "{stuck}");
        let elsewhere = shown(true).await;
        assert!(elsewhere.contains("outbox_oldest_age_seconds 0\n"), "{elsewhere}");
    }

    /// An outbox on a host that vanishes, until another one has taken its place.
    #[derive(Default)]
    struct Vanished(AtomicU32);

    #[async_trait]
    impl Outbox for Vanished {
        async fn lead(&self) -> Result<Option<Box<dyn Lead>>, StoreError> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 => pending().await,
                _ => Ok(None),
            }
        }

        async fn changed(&self) {
            pending().await
        }
    }

    #[tokio::test]
    async fn who_gets_no_answer_asks_again() {
        let (outbox, shutdown) = (Arc::new(Vanished::default()), CancellationToken::new());
        tokio::spawn(relay(producer(), outbox.clone(), shutdown.clone()));
        let _end = shutdown.drop_guard();
        eventually("it asks again", || async {
            let asked = outbox.0.load(Ordering::Relaxed);
            if asked > 1 { Ok(()) } else { Err(asked.to_string()) }
        })
        .await;
    }
}
