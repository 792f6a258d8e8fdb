//! A worker for each partition: its messages in order, other partitions beside it. Where messages are handled in
//! batches, one worker takes those of all partitions: the fewer transactions, the better.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use metrics::Counter;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer as _;
use rdkafka::message::{BorrowedMessage, Message as _};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

use super::{
    Client, Consumer, Consumers, DeadLetters, Envelope, HandlerError, Handling, KafkaSettings,
    MessageHandler, Taken, describe,
};
use crate::BoxError;
use crate::database::{Batch, Db};
use crate::problem::chain;
use crate::telemetry::traceparent;

/// A partition with this many messages waiting is paused, so that one that is stuck doesn't fill the memory.
const HIGH: usize = 200;
const LOW: usize = 50;
/// Tries before a message counts as poison.
const TRIES: u32 = 3;
/// Messages in one transaction. It holds its locks until the last of them is handled.
const BATCH: usize = 32;
/// Messages that a handler is given at once.
const AT_ONCE: usize = 256;
/// How long the messages of an unhurried consumer gather.
const GATHERING: Duration = Duration::from_millis(100);

pub(super) struct Workers {
    shared: Arc<Shared>,
    /// By topic, and by partition but for those in batches.
    queues: HashMap<(&'static str, Option<i32>), mpsc::UnboundedSender<Waiting>>,
    depths: HashMap<(&'static str, i32), Arc<Depth>>,
    tasks: JoinSet<()>,
}

struct Shared {
    client: Arc<Client>,
    group: String,
    consumers: Consumers,
    dead_letters: DeadLetters,
    settings: KafkaSettings,
    shutdown: CancellationToken,
}

/// A message in a queue.
struct Waiting {
    message: Taken,
    /// With which assignment of its partition it came.
    assignment: u64,
    /// How many of its partition there are.
    depth: Arc<Depth>,
}

/// How many messages of a partition wait. The partition is paused and resumed under the lock: else the worker could have
/// handled all of them between the count that asks for a pause and the pause itself, and nothing would ever end that.
#[derive(Default)]
struct Depth(Mutex<usize>);

impl Depth {
    fn grow(&self, pause: impl FnOnce()) {
        let mut waiting = self.waiting();
        *waiting += 1;
        if *waiting == HIGH {
            pause();
        }
    }

    fn shrink(&self, resume: impl FnOnce()) {
        let mut waiting = self.waiting();
        *waiting -= 1;
        if *waiting == LOW {
            resume();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Workers {
    pub fn new(
        client: Arc<Client>,
        group: &str,
        consumers: Consumers,
        dead_letters: DeadLetters,
        settings: KafkaSettings,
        shutdown: CancellationToken,
    ) -> Self {
        for topic in consumers.keys() {
            // A counter that appears with its first event has not grown by it, as Prometheus sees it.
            retries(topic).increment(0);
            buried(topic).increment(0);
        }
        let shared = Shared { client, group: group.to_owned(), consumers, dead_letters, settings, shutdown };
        Self {
            shared: Arc::new(shared),
            queues: HashMap::new(),
            depths: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Hands the message to its worker.
    pub fn dispatch(&mut self, message: &BorrowedMessage<'_>) -> Result<(), BoxError> {
        let plain = |topic: &&&str| self.shared.settings.name(topic) == message.topic();
        let Some(topic) = self.shared.consumers.keys().find(plain) else { return Ok(()) };
        let assignment = self.shared.client.context().assignment(message.topic(), message.partition());
        let message = Taken::new(message, topic);
        self.hand_over(message, assignment)
    }

    fn hand_over(&mut self, message: Taken, assignment: u64) -> Result<(), BoxError> {
        let Some(consumer) = self.shared.consumers.get(message.topic.as_str()) else { return Ok(()) };
        let topic = consumer.topic;
        let depth = self.depths.entry((topic, message.partition)).or_default().clone();
        depth.grow(|| self.shared.pause(&message));
        let lane = (topic, (consumer.handling.most() == 1).then_some(message.partition));
        let queue = self.queues.entry(lane).or_insert_with(|| {
            let (sender, receiver) = mpsc::unbounded_channel();
            self.tasks.spawn(work(self.shared.clone(), consumer.clone(), receiver));
            sender
        });
        let taken = queue.send(Waiting { message, assignment, depth });
        // A worker ends only when its queue is dropped, when the process ends, or when it crashes.
        if taken.is_err() && !self.shared.shutdown.is_cancelled() {
            return Err(format!("nobody handles the messages of {topic} any more").into());
        }
        Ok(())
    }

    /// Resolves when a worker crashes. What it had in its queue nobody would handle.
    pub async fn crash(&mut self) -> BoxError {
        loop {
            match self.tasks.join_next().await {
                Some(Err(error)) => return crashed(&error),
                // The process ends.
                Some(Ok(())) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Lets every worker finish the message that it has in hand.
    pub async fn finish(&mut self) -> Result<(), BoxError> {
        self.queues.clear();
        while let Some(ended) = self.tasks.join_next().await {
            ended.map_err(|error| crashed(&error))?;
        }
        Ok(())
    }

    /// Ends every worker in the middle of whatever it does, which comes again.
    pub async fn abandon(mut self) {
        self.tasks.shutdown().await;
    }
}

impl Handling {
    /// How many messages a worker takes.
    fn most(&self) -> usize {
        match self {
            Self::Each => 1,
            Self::AtOnce => AT_ONCE,
            Self::OneTransaction(_) => BATCH,
        }
    }
}

fn retries(topic: &str) -> Counter {
    metrics::counter!("kafka_consumer_retries_total", "topic" => topic.to_owned())
}

fn buried(topic: &str) -> Counter {
    metrics::counter!("kafka_consumer_dead_letters_total", "topic" => topic.to_owned())
}

fn crashed(error: &JoinError) -> BoxError {
    format!("a worker crashed: {error}").into()
}

impl Shared {
    fn list(&self, message: &Taken) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.settings.name(&message.topic), message.partition);
        list
    }

    fn pause(&self, message: &Taken) {
        if let Err(error) = self.client.pause(&self.list(message)) {
            tracing::debug!(%error, "a partition that is no longer ours can't be paused");
        }
    }

    fn resume(&self, message: &Taken) {
        if let Err(error) = self.client.resume(&self.list(message)) {
            tracing::debug!(%error, "a partition that is no longer ours can't be resumed");
        }
    }

    /// Which of them came with an assignment that lasts. The others come again, to another instance or here; had one of
    /// them been passed over and the next one stored, the first would be lost.
    fn ours<'a>(&self, messages: &'a [Waiting]) -> Vec<&'a Taken> {
        let context = self.client.context();
        let lasts = |waiting: &&Waiting| {
            let Taken { topic, partition, .. } = &waiting.message;
            context.assignment(&self.settings.name(topic), *partition) == waiting.assignment
        };
        messages.iter().filter(lasts).map(|waiting| &waiting.message).collect()
    }

    /// Handles them in one go; `false`: they are to be handled one by one.
    async fn handle_together(&self, consumer: &Consumer, messages: &[&Taken]) -> bool {
        if messages.len() < 2 {
            return false;
        }
        let done = match &consumer.handling {
            Handling::Each => return false,
            Handling::AtOnce => self.handle_at_once(consumer, messages).await,
            Handling::OneTransaction(db) => self.handle_in_one_transaction(consumer, db, messages).await,
        };
        let outcome = if done.is_ok() { "committed" } else { "split" };
        let topic = consumer.topic;
        metrics::counter!("kafka_consumer_batches_total", "topic" => topic, "outcome" => outcome)
            .increment(1);
        if let Err(reason) = &done {
            tracing::debug!(reason, topic, count = messages.len(), "a batch is handled one by one");
        }
        done.is_ok()
    }

    async fn handle_at_once(&self, consumer: &Consumer, messages: &[&Taken]) -> Result<(), String> {
        // For as long as all of them take, each trace shows its message here.
        let (_spans, envelopes): (Vec<_>, Vec<_>) =
            messages.iter().map(|message| begin(message)).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        consumer.handler.handle_all(&envelopes).await.map_err(|error| describe(&error))
    }

    async fn handle_in_one_transaction(
        &self,
        consumer: &Consumer,
        db: &Db,
        messages: &[&Taken],
    ) -> Result<(), String> {
        let batch = Batch::new(db);
        let done = batch.run(async {
            for message in messages {
                let (span, envelope) = begin(message)?;
                let handled = consumer.handler.handle(&envelope);
                in_context(span, &envelope, handled).await.map_err(|error| describe(&error))?;
            }
            Ok::<_, String>(())
        });
        done.await?;
        batch.commit().await.map_err(|error| chain(&error))
    }

    /// Handles one message to the end; `false` when the process ends first.
    async fn handle(&self, consumer: &Consumer, message: &Taken) -> bool {
        let outcome = match begin(message) {
            Ok((span, envelope)) => {
                let attempts = self.attempts(consumer.handler.as_ref(), message, &envelope);
                in_context(span, &envelope, attempts).await
            }
            Err(error) => Some(Err(error)),
        };
        match outcome {
            None => return false,
            Some(Ok(())) => {}
            Some(Err(reason)) if self.bury(message, &reason).await => {}
            Some(Err(_)) => return false,
        }
        self.store(message);
        true
    }

    /// `None`: the process ends; `Some(Err)`: poison.
    async fn attempts(
        &self,
        handler: &dyn MessageHandler,
        message: &Taken,
        envelope: &Envelope,
    ) -> Option<Result<(), String>> {
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
            retries(&message.topic).increment(1);
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
        buried(&message.topic).increment(1);
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

    fn store(&self, message: &Taken) {
        metrics::counter!("kafka_consumer_messages_total", "topic" => message.topic.clone()).increment(1);
        if let Err(error) =
            self.client.store_offset(&self.settings.name(&message.topic), message.partition, message.offset)
        {
            tracing::debug!(%error, "the partition went to another instance, which gets the message again");
        }
    }
}

async fn work(shared: Arc<Shared>, consumer: Consumer, mut queue: mpsc::UnboundedReceiver<Waiting>) {
    let most = consumer.handling.most();
    let gathering = consumer.unhurried.then_some(GATHERING);
    let mut waiting = Vec::with_capacity(most);
    while take(&mut queue, &mut waiting, most, gathering).await {
        if shared.shutdown.is_cancelled() {
            return;
        }
        let ours = shared.ours(&waiting);
        if shared.handle_together(&consumer, &ours).await {
            ours.into_iter().for_each(|message| shared.store(message));
        } else {
            for message in &waiting {
                for message in shared.ours(std::slice::from_ref(message)) {
                    if !shared.handle(&consumer, message).await {
                        return;
                    }
                }
            }
        }
        for Waiting { message, depth, .. } in waiting.drain(..) {
            depth.shrink(|| shared.resume(&message));
        }
    }
}

/// Waits for a message, and takes those behind it, at most `most`: what is there, or what comes while they gather.
/// `false`: there are none any more.
async fn take<T>(
    queue: &mut mpsc::UnboundedReceiver<T>,
    taken: &mut Vec<T>,
    most: usize,
    gathering: Option<Duration>,
) -> bool {
    if queue.recv_many(taken, most).await == 0 {
        return false;
    }
    if let Some(gathering) = gathering
        && taken.len() < most
    {
        tokio::time::sleep(gathering).await;
        taken.extend(std::iter::from_fn(|| queue.try_recv().ok()).take(most - taken.len()));
    }
    true
}

/// Decodes a message and begins its span. The message then stands for the span: what follows from it, now or later, is
/// the span's child.
fn begin(message: &Taken) -> Result<(Span, Envelope), String> {
    let mut envelope = message.envelope().map_err(|error| error.to_string())?;
    let span = tracing::info_span!(
        "message",
        otel.name = format!("{} process", message.topic),
        otel.kind = "consumer",
        messaging.destination.name = message.topic,
        message.id = %envelope.id,
        message.kind = envelope.kind,
        request.id = envelope.request_id,
    );
    envelope.context().adopt(&span);
    envelope.traceparent = span.in_scope(traceparent).or(envelope.traceparent);
    Ok((span, envelope))
}

/// What is done for a message belongs to the trace and the request that it comes from.
async fn in_context<R>(span: Span, envelope: &Envelope, work: impl Future<Output = R>) -> R {
    envelope.context().scope(work.instrument(span)).await
}

fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .without_max_times()
        .build()
}

#[cfg(test)]
mod tests;
