//! The consumer: one client a service, one worker a partition, or a topic where
//! messages are handled in batches.
//!
//! The offset is stored after the handler's commit. Trouble that passes (a database down) is waited out without
//! losing the place; a message that can't be handled goes to the dead-letter topic after a few tries.

mod guarded;
mod workers;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use self::guarded::Guarded;
use self::workers::Workers;
use super::client::{Context, STATISTICS};
use super::dead_letter::{DeadLetters, Taken};
use super::{Envelope, KafkaSettings, Producer, TIMEOUT};
use crate::clock::{Clock as _, SystemClock};
use crate::database::{Db, until_up};
use crate::problem::{Facts, Fault, Kind, chain};

/// Why a message isn't handled.
#[derive(Debug)]
pub enum HandlerError {
    /// It will pass: wait and try again, for as long as it takes.
    Retry(crate::BoxError),
    /// It won't: after a few tries the message goes to the dead-letter topic.
    Fail(crate::BoxError),
}

impl<E: Fault> From<E> for HandlerError {
    fn from(fault: E) -> Self {
        match fault.kind() {
            Kind::Unavailable | Kind::TooManyRequests => Self::Retry(fault.into()),
            _ => Self::Fail(fault.into()),
        }
    }
}

impl Fault for super::Undecodable {
    fn facts(&self) -> Facts {
        Kind::Malformed.coded("undecodable-message")
    }
}

/// What a service does with the messages of a topic. Types that it doesn't know are none of its business: `Ok`.
#[async_trait]
pub trait MessageHandler: Send + Sync {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError>;

    /// Messages that waited in a row, for a handler of [`Consumer::at_once`]. When it fails they come again, one by
    /// one.
    async fn handle_all(&self, messages: &[Envelope]) -> Result<(), HandlerError> {
        for message in messages {
            self.handle(message).await?;
        }
        Ok(())
    }

    /// Every message that is sent from now on will come. Told each time a client begins, and only to handlers of
    /// [`Consumer::per_instance`]: what they read elsewhere from now on, no change of it can be missed.
    fn following(&self) {}
}

/// A topic and its handler.
#[derive(Clone)]
pub struct Consumer {
    pub(crate) topic: &'static str,
    pub(crate) handler: Arc<dyn MessageHandler>,
    audience: Audience,
    handling: Handling,
    /// Messages may wait for others that they are handled with.
    unhurried: bool,
}

/// Who gets a message.
#[derive(Clone, Copy)]
enum Audience {
    /// One instance of the service.
    Service,
    /// One instance of those in this group.
    Group(&'static str),
    /// Every instance.
    Instances,
}

/// How messages that wait in a row are handled.
#[derive(Clone)]
enum Handling {
    Each,
    /// The handler takes all of them.
    AtOnce,
    /// One after the other, but in one transaction here.
    OneTransaction(Db),
}

impl Consumer {
    /// The instances of the service share the topic's partitions.
    pub fn new(topic: &'static str, handler: Arc<dyn MessageHandler>) -> Self {
        Self {
            topic,
            handler: Arc::new(Guarded(handler)),
            audience: Audience::Service,
            handling: Handling::Each,
            unhurried: false,
        }
    }

    /// Every instance gets every message that comes from now on, and those of the last two minutes: for what it keeps
    /// in memory.
    pub fn per_instance(topic: &'static str, handler: Arc<dyn MessageHandler>) -> Self {
        Self { audience: Audience::Instances, ..Self::new(topic, handler) }
    }

    /// Messages that wait in a row share a transaction, and what one of them does the next one sees only there. For
    /// handlers that read and write in units of work alone and call nobody meanwhile.
    pub fn in_batches(self, db: &Db) -> Self {
        Self { handling: Handling::OneTransaction(db.clone()), ..self }
    }

    /// The handler is given all messages that wait in a row, whatever their partitions, and makes one transaction of
    /// them, or several. One partition's messages are in their order.
    #[must_use]
    pub fn at_once(self) -> Self {
        Self { handling: Handling::AtOnce, ..self }
    }

    /// Nobody waits for what the handler does: messages that are handled together gather for a tenth of a second, so
    /// that fewer transactions do. A client all of whose consumers have time is also told less often what there is.
    #[must_use]
    pub fn unhurried(self) -> Self {
        Self { unhurried: true, ..self }
    }

    /// The partitions are shared by those instances alone that consume in this group: for work that not every
    /// instance of the service does.
    #[must_use]
    pub fn in_group(self, group: &'static str) -> Self {
        Self { audience: Audience::Group(group), ..self }
    }

    /// Who shares the partitions, `service` being all its instances; `None`: nobody, each instance has all of them.
    pub(crate) fn group(&self, service: &'static str) -> Option<&'static str> {
        match self.audience {
            Audience::Service => Some(service),
            Audience::Group(group) => Some(group),
            Audience::Instances => None,
        }
    }
}

/// By topic.
type Consumers = HashMap<&'static str, Consumer>;

/// Who shares the messages.
#[derive(Debug, Clone)]
pub(crate) enum Group {
    Service(&'static str),
    Instance(String),
}

impl Group {
    fn id(&self) -> &str {
        match self {
            Self::Service(name) => name,
            Self::Instance(id) => id,
        }
    }
}

/// Consumes until `shutdown`; the messages being handled by then are finished. A worker that crashes ends it: its
/// partition would stand still, and nobody would know.
pub(crate) async fn consume(
    settings: KafkaSettings,
    producer: Producer,
    group: Group,
    consumers: Vec<Consumer>,
    shutdown: CancellationToken,
) -> Result<(), crate::BoxError> {
    let consumers: Consumers = consumers.into_iter().map(|consumer| (consumer.topic, consumer)).collect();
    let names: Vec<String> = consumers.keys().map(|topic| settings.name(topic)).collect();
    while !shutdown.is_cancelled() {
        consume_by_one_client(&settings, &group, &consumers, &names, &producer, &shutdown).await?;
    }
    Ok(())
}

/// Until `shutdown`, or until the client is lost: then another one goes on where it was.
async fn consume_by_one_client(
    settings: &KafkaSettings,
    group: &Group,
    consumers: &Consumers,
    names: &[String],
    producer: &Producer,
    shutdown: &CancellationToken,
) -> Result<(), crate::BoxError> {
    let lost = Arc::new(Notify::new());
    let hurry = Hurry::of(consumers);
    let client = match group {
        Group::Service(_) => {
            let client = client(settings, group, hurry, lost.clone())?;
            client.subscribe(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
            client
        }
        Group::Instance(_) => {
            let client = tokio::select! {
                client = follow(settings, group, hurry, &lost, names) => client?,
                () = shutdown.cancelled() => return Ok(()),
            };
            consumers.values().for_each(|consumer| consumer.handler.following());
            client
        }
    };
    let client = Arc::new(client);
    tracing::info!(topics = names.join(", "), group = group.id(), "consuming");
    let mut workers = Workers::new(
        client.clone(),
        group.id(),
        consumers.clone(),
        DeadLetters::new(settings, producer.clone()),
        settings.clone(),
        shutdown.clone(),
    );
    let outcome = match dispatch_all(&client, &mut workers, &lost, producer, shutdown).await {
        Ok(()) => workers.finish().await,
        crashed => crashed,
    };
    // After a crash nobody is waited for: a worker may have trouble that doesn't pass soon.
    workers.abandon().await;
    client.context().revoke_all();
    // Dropping the client commits the stored offsets and leaves the group, which waits for the broker.
    let dropped = tokio::task::spawn_blocking(move || drop(client));
    if shutdown.is_cancelled() {
        dropped.await?;
    } else if outcome.is_ok() {
        // A lost client may wait for ever. What it handled and didn't commit is delivered again.
        tracing::warn!(group = group.id(), "this client has lost Kafka: another one goes on");
    }
    outcome
}

/// Hands messages to the workers until `shutdown`, or until the client is lost or a worker crashes.
async fn dispatch_all(
    client: &Client,
    workers: &mut Workers,
    lost: &Notify,
    producer: &Producer,
    shutdown: &CancellationToken,
) -> Result<(), crate::BoxError> {
    loop {
        let message = tokio::select! {
            message = client.recv() => message,
            crash = workers.crash() => return Err(crash),
            () = shutdown.cancelled() => return Ok(()),
            // Another one wouldn't find Kafka either while it is away.
            () = lost.notified() => {
                if producer.reachable().await {
                    return Ok(());
                }
                continue;
            }
        };
        match message {
            Ok(message) => workers.dispatch(&message)?,
            Err(error) => client.context().trouble(&error),
        }
    }
}

type Client = StreamConsumer<Context>;

/// When the broker tells a client what there is: as soon as there is so much, or so long after it was asked.
#[derive(Clone, Copy)]
struct Hurry {
    least_bytes: &'static str,
    longest_ms: &'static str,
}

impl Hurry {
    /// A message is told at once; those that a busy outbox sends together come together. Nothing to tell is told
    /// twice a second.
    const AT_ONCE: Self = Self { least_bytes: "1", longest_ms: "500" };
    /// What came in a fifth of a second comes together, unless it is much.
    const GATHERED: Self = Self { least_bytes: "65536", longest_ms: "200" };

    fn of(consumers: &Consumers) -> Self {
        if consumers.values().all(|consumer| consumer.unhurried) { Self::GATHERED } else { Self::AT_ONCE }
    }
}

/// How far back an instance begins to follow. What it reads elsewhere may be a copy that is behind by as much.
const RECENT: TimeDelta = TimeDelta::minutes(2);

/// Takes all partitions from where they ended a while ago. There is nobody to share them with, so that no group has
/// to agree on it, which would take seconds.
async fn follow(
    settings: &KafkaSettings,
    group: &Group,
    hurry: Hurry,
    lost: &Arc<Notify>,
    topics: &[String],
) -> Result<Client, crate::BoxError> {
    // Nobody would hear that a client is lost while it is only asked: each attempt has its own.
    let (client, places) = until_up("Kafka", || async {
        let (client, topics) = (client(settings, group, hurry, lost.clone())?, topics.to_vec());
        tokio::task::spawn_blocking(move || {
            let places = recent(&client, &topics)?;
            Ok::<_, crate::BoxError>((client, places))
        })
        .await?
    })
    .await;
    client.assign(&places)?;
    Ok(client)
}

/// Where the topics ended a while ago, or end now if nothing came since.
fn recent(client: &Client, topics: &[String]) -> Result<TopicPartitionList, crate::BoxError> {
    let since = (SystemClock.now() - RECENT).timestamp_millis();
    let (mut ends, mut times) = (TopicPartitionList::new(), TopicPartitionList::new());
    for topic in topics {
        let metadata = client.fetch_metadata(Some(topic), TIMEOUT)?;
        let partitions = metadata.topics().first().map(|topic| topic.partitions()).unwrap_or_default();
        if partitions.is_empty() {
            return Err(format!("topic {topic} has no partitions yet").into());
        }
        for partition in partitions {
            let (_, end) = client.fetch_watermarks(topic, partition.id(), TIMEOUT)?;
            ends.add_partition_offset(topic, partition.id(), Offset::Offset(end))?;
            times.add_partition_offset(topic, partition.id(), Offset::Offset(since))?;
        }
    }
    for place in client.offsets_for_times(times, TIMEOUT)?.elements() {
        if let offset @ Offset::Offset(_) = place.offset() {
            ends.set_partition_offset(place.topic(), place.partition(), offset)?;
        }
    }
    Ok(ends)
}

fn client(
    settings: &KafkaSettings,
    group: &Group,
    hurry: Hurry,
    lost: Arc<Notify>,
) -> Result<Client, rdkafka::error::KafkaError> {
    let shares = matches!(group, Group::Service(_));
    let mut config = settings.client(group.id());
    config
        .set("group.id", settings.name(group.id()))
        .set("enable.auto.commit", if shares { "true" } else { "false" })
        .set("auto.commit.interval.ms", "1000")
        .set("enable.auto.offset.store", "false")
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "2000")
        .set("fetch.min.bytes", hurry.least_bytes)
        .set("fetch.wait.max.ms", hurry.longest_ms)
        .set("fetch.error.backoff.ms", "200")
        .set("queued.min.messages", "500")
        .set("queued.max.messages.kbytes", "4096")
        .set("statistics.interval.ms", STATISTICS)
        .set("auto.offset.reset", if shares { "earliest" } else { "latest" });
    let context = if shares { Context::in_group(lost) } else { Context::new(lost) };
    config.create_with_context(context)
}

fn describe(error: &HandlerError) -> String {
    match error {
        HandlerError::Retry(error) | HandlerError::Fail(error) => chain(error.as_ref()),
    }
}
