//! Messages that can't be handled, kept with the reason until somebody sends them again.

use std::borrow::Cow;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::{Offset, TopicPartitionList};

use super::{Envelope, EventFormat, KafkaSettings, Producer, TIMEOUT, Undecodable, protobuf};

const REASON: &str = "dlq-reason";
const GROUP: &str = "dlq-group";
const ORIGIN: &str = "dlq-origin";

/// What a dead-letter topic's name ends in.
const ENDING: &str = ".dlq";

/// The dead-letter topic of a topic.
pub fn dlq(topic: &str) -> String {
    format!("{topic}{ENDING}")
}

pub(super) fn is_dlq(topic: &str) -> bool {
    topic.ends_with(ENDING)
}

/// A message that a consumer gave up on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The dead-letter topic, with partition and offset.
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub key: String,
    pub payload: String,
    pub reason: String,
    /// The consumer group that gave up.
    pub group: String,
    /// Where it was: `topic/partition/offset`.
    pub origin: String,
}

/// The dead-letter topics.
#[derive(Clone)]
pub struct DeadLetters {
    settings: KafkaSettings,
    producer: Producer,
}

impl DeadLetters {
    pub fn new(settings: &KafkaSettings, producer: Producer) -> Self {
        Self { settings: settings.clone(), producer }
    }

    /// Puts a message that `group` can't handle aside.
    pub(crate) async fn bury(
        &self,
        message: &Taken,
        group: &str,
        reason: &str,
    ) -> Result<(), crate::BoxError> {
        let origin = format!("{}/{}/{}", message.topic, message.partition, message.offset);
        let headers = [(REASON, reason), (GROUP, group), (ORIGIN, origin.as_str())]
            .into_iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header { key, value: Some(value) })
            });
        self.producer.send(&dlq(&message.topic), &message.key, &message.readable(), headers).await
    }

    /// Sends a dead letter to its topic again; its group's handlers see it as if it had just come, the others
    /// have handled it and pass over it.
    pub async fn resend(&self, letter: &DeadLetter) -> Result<(), crate::BoxError> {
        let topic = letter.topic.strip_suffix(ENDING).unwrap_or(&letter.topic);
        self.send(topic, &letter.key, &letter.payload).await
    }

    /// Sends a message that an operator wrote or mended.
    pub async fn send(&self, topic: &str, key: &str, payload: &str) -> Result<(), crate::BoxError> {
        self.producer.send(topic, key.as_bytes(), payload.as_bytes(), OwnedHeaders::new()).await
    }

    /// Everything in the dead-letter topic of `topic`. Blocks: for tools and tests.
    pub fn list(&self, topic: &str) -> Result<Vec<DeadLetter>, crate::BoxError> {
        let name = self.settings.name(&dlq(topic));
        let consumer: BaseConsumer =
            self.settings.client("dead-letters").set("group.id", "dead-letters").create()?;
        let metadata = consumer.fetch_metadata(Some(&name), TIMEOUT)?;
        let partitions = metadata.topics().first().map(|topic| topic.partitions()).unwrap_or_default();
        let mut left = 0;
        let mut assignment = TopicPartitionList::new();
        for partition in partitions {
            let (low, high) = consumer.fetch_watermarks(&name, partition.id(), TIMEOUT)?;
            left += high - low;
            assignment.add_partition_offset(&name, partition.id(), Offset::Beginning)?;
        }
        consumer.assign(&assignment)?;
        let mut letters = Vec::new();
        while left > 0 {
            match consumer.poll(Duration::from_secs(2)) {
                Some(message) => letters.push(DeadLetter::new(&message?, dlq(topic))),
                None => break,
            }
            left -= 1;
        }
        letters.sort_by_key(|letter| (letter.partition, letter.offset));
        Ok(letters)
    }
}

impl DeadLetter {
    fn new(message: &BorrowedMessage<'_>, topic: String) -> Self {
        let header = |name: &str| {
            let headers = message.headers();
            let found = headers.and_then(|headers| headers.iter().find(|header| header.key == name));
            text(found.and_then(|header| header.value))
        };
        Self {
            topic,
            partition: message.partition(),
            offset: message.offset(),
            key: text(message.key()),
            payload: text(message.payload()),
            reason: header(REASON),
            group: header(GROUP),
            origin: header(ORIGIN),
        }
    }
}

/// A message taken from a topic.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    /// Its plain name, without the cluster's prefix.
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub key: Vec<u8>,
    pub payload: Vec<u8>,
    pub format: EventFormat,
}

impl Taken {
    /// `topic` is the plain name.
    pub fn new(message: &BorrowedMessage<'_>, topic: &str) -> Self {
        Self {
            topic: topic.to_owned(),
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().unwrap_or_default().to_vec(),
            payload: message.payload().unwrap_or_default().to_vec(),
            format: EventFormat::of(message),
        }
    }

    pub fn envelope(&self) -> Result<Envelope, Undecodable> {
        match self.format {
            EventFormat::Json => Envelope::from_json(&self.topic, &self.payload),
            EventFormat::Protobuf => Envelope::from_protobuf(&self.topic, &self.payload),
        }
    }

    /// For people: the JSON document, whatever travelled, or what travelled where nobody can read it.
    fn readable(&self) -> Cow<'_, [u8]> {
        let document = match self.format {
            EventFormat::Json => None,
            EventFormat::Protobuf => protobuf::decode(&self.payload).ok(),
        };
        let json = document.and_then(|document| serde_json::to_vec(&document).ok());
        json.map_or(self.payload.as_slice().into(), Cow::from)
    }
}

fn text(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}
