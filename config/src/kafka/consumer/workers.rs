//! A worker for each partition: its messages in order, other partitions beside it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer as _;
use rdkafka::message::{BorrowedMessage, Message as _};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{Client, DeadLetters, Envelope, HandlerError, KafkaSettings, MessageHandler, Taken, describe};

/// A partition with this many messages waiting is paused, so that one that is stuck doesn't fill the memory.
const HIGH: usize = 200;
const LOW: usize = 50;
/// Tries before a message counts as poison.
const TRIES: u32 = 3;

pub(super) struct Workers {
    shared: Arc<Shared>,
    queues: HashMap<(String, i32), mpsc::UnboundedSender<Taken>>,
    tasks: JoinSet<()>,
}

struct Shared {
    client: Arc<Client>,
    group: String,
    handlers: HashMap<&'static str, Arc<dyn MessageHandler>>,
    dead_letters: DeadLetters,
    settings: KafkaSettings,
    shutdown: CancellationToken,
    depth: Depth,
}

/// Messages waiting, per partition.
type Depth = std::sync::Mutex<HashMap<(String, i32), Arc<AtomicUsize>>>;

impl Workers {
    pub fn new(
        client: Arc<Client>,
        group: &str,
        handlers: HashMap<&'static str, Arc<dyn MessageHandler>>,
        dead_letters: DeadLetters,
        settings: KafkaSettings,
        shutdown: CancellationToken,
    ) -> Self {
        let shared = Shared {
            client,
            group: group.to_owned(),
            handlers,
            dead_letters,
            settings,
            shutdown,
            depth: Depth::default(),
        };
        Self { shared: Arc::new(shared), queues: HashMap::new(), tasks: JoinSet::new() }
    }

    /// Hands the message to its partition's worker.
    pub fn dispatch(&mut self, message: &BorrowedMessage<'_>) {
        let plain = |topic: &&&str| self.shared.settings.name(topic) == message.topic();
        let Some(topic) = self.shared.handlers.keys().find(plain) else { return };
        let message = Taken::new(message, topic);
        let partition = (message.topic.clone(), message.partition);
        let depth = self.shared.depth(&partition);
        if depth.fetch_add(1, Ordering::Relaxed) + 1 == HIGH {
            self.shared.pause(&partition);
        }
        let queue = self.queues.entry(partition.clone()).or_insert_with(|| {
            let (sender, receiver) = mpsc::unbounded_channel();
            self.tasks.spawn(work(self.shared.clone(), partition, depth, receiver));
            sender
        });
        // A worker ends only when its queue is dropped or the process ends.
        let _ = queue.send(message);
    }

    /// Lets every worker finish the message that it has in hand.
    pub async fn finish(mut self) {
        self.queues.clear();
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Shared {
    fn depth(&self, partition: &(String, i32)) -> Arc<AtomicUsize> {
        let mut depths = self.depth.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        depths.entry(partition.clone()).or_default().clone()
    }

    fn list(&self, (topic, partition): &(String, i32)) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.settings.name(topic), *partition);
        list
    }

    fn pause(&self, partition: &(String, i32)) {
        if let Err(error) = self.client.pause(&self.list(partition)) {
            tracing::debug!(%error, "a partition that is no longer ours can't be paused");
        }
    }

    fn resume(&self, partition: &(String, i32)) {
        if let Err(error) = self.client.resume(&self.list(partition)) {
            tracing::debug!(%error, "a partition that is no longer ours can't be resumed");
        }
    }

    /// Whether the partition is still ours; another instance handles its messages otherwise.
    fn owns(&self, (topic, partition): &(String, i32)) -> bool {
        self.client
            .assignment()
            .is_ok_and(|ours| ours.find_partition(&self.settings.name(topic), *partition).is_some())
    }

    /// Handles one message to the end; `false` when the process ends first.
    async fn handle(&self, message: &Taken) -> bool {
        let outcome = match Envelope::from_json(&message.topic, &message.payload) {
            Ok(envelope) => {
                let span = tracing::info_span!(
                    "message",
                    otel.name = format!("{} process", message.topic),
                    otel.kind = "consumer",
                    messaging.destination.name = message.topic,
                    message.id = %envelope.id,
                    message.kind = envelope.kind,
                    request.id = envelope.request_id,
                );
                let context = envelope.context();
                if context.traceparent.is_some() {
                    let _ = span.set_parent(context.parent());
                }
                context.scope(self.attempts(message, &envelope).instrument(span)).await
            }
            Err(error) => Some(Err(error.to_string())),
        };
        match outcome {
            None => false,
            Some(Ok(())) => self.store(message),
            Some(Err(reason)) => self.bury(message, &reason).await && self.store(message),
        }
    }

    /// `None`: the process ends; `Some(Err)`: poison.
    async fn attempts(&self, message: &Taken, envelope: &Envelope) -> Option<Result<(), String>> {
        let handler = self.handlers.get(message.topic.as_str())?;
        let mut failures = 0;
        let mut pauses = pauses();
        loop {
            let error = match handler.handle(envelope).await {
                Ok(()) => return Some(Ok(())),
                Err(error) => error,
            };
            let reason = describe(&error);
            match error {
                HandlerError::Fail(_) => failures += 1,
                HandlerError::Retry(_) => {}
            }
            if failures >= TRIES {
                return Some(Err(reason));
            }
            tracing::warn!(error = reason, message.id = %envelope.id, "a message is tried again");
            metrics::counter!("kafka_consumer_retries_total", "topic" => message.topic.clone()).increment(1);
            tokio::select! {
                () = tokio::time::sleep(pauses.next().unwrap_or(Duration::from_secs(5))) => {}
                () = self.shutdown.cancelled() => return None,
            }
        }
    }

    async fn bury(&self, message: &Taken, reason: &str) -> bool {
        tracing::error!(
            reason,
            topic = message.topic,
            partition = message.partition,
            offset = message.offset,
            "a message can't be handled and goes to the dead letters"
        );
        metrics::counter!("kafka_consumer_dead_letters_total", "topic" => message.topic.clone()).increment(1);
        let mut pauses = pauses();
        while let Err(error) = self.dead_letters.bury(message, &self.group, reason).await {
            tracing::warn!(%error, "the dead letters can't be reached");
            tokio::select! {
                () = tokio::time::sleep(pauses.next().unwrap_or(Duration::from_secs(5))) => {}
                () = self.shutdown.cancelled() => return false,
            }
        }
        true
    }

    fn store(&self, message: &Taken) -> bool {
        metrics::counter!("kafka_consumer_messages_total", "topic" => message.topic.clone()).increment(1);
        if let Err(error) =
            self.client.store_offset(&self.settings.name(&message.topic), message.partition, message.offset)
        {
            tracing::debug!(%error, "the partition went to another instance, which gets the message again");
        }
        true
    }
}

async fn work(
    shared: Arc<Shared>,
    partition: (String, i32),
    depth: Arc<AtomicUsize>,
    mut queue: mpsc::UnboundedReceiver<Taken>,
) {
    while let Some(message) = queue.recv().await {
        if shared.shutdown.is_cancelled() {
            return;
        }
        if shared.owns(&partition) && !shared.handle(&message).await {
            return;
        }
        if depth.fetch_sub(1, Ordering::Relaxed) == LOW + 1 {
            shared.resume(&partition);
        }
    }
}

fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .without_max_times()
        .build()
}
