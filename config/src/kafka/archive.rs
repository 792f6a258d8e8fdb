//! What a backup keeps of Kafka: the events that somebody hadn't handled yet when the databases were copied.
//!
//! Only those count. What was sent after the copy tells of a future that a restored shop never had, and what everybody
//! had handled before is in the databases.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Header, Headers as _, Message as _, OwnedHeaders};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};

use super::topics::new_topic;
use super::{KafkaSettings, Producer, TIMEOUT};
use crate::BoxError;

/// What our topics end in, but for `.dlq` of their dead letters.
const TOPICS: [&str; 2] = ["-events", "-transactions"];
/// What our groups end in.
const GROUPS: [&str; 2] = ["-service", "-transactions"];
/// How long Kafka may take to delete topics and to make them anew.
const PATIENCE: Duration = Duration::from_secs(30);

/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Without the cluster's prefix.
    pub topic: String,
    pub partition: i32,
    pub key: String,
    #[serde(with = "base64_text")]
    pub payload: Vec<u8>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// The topics with the number of their partitions, without the cluster's prefix.
pub type Topics = BTreeMap<String, i32>;

/// An offset of each partition.
pub type Marks = BTreeMap<(String, i32), i64>;

/// Reads and replaces the shop's topics. Its calls block: it is for tools.
pub struct Archive {
    settings: KafkaSettings,
    consumer: BaseConsumer,
}

impl Archive {
    pub fn open(settings: &KafkaSettings) -> Result<Self, BoxError> {
        let consumer = settings
            .client("archive")
            .set("group.id", settings.name("archive"))
            .set("enable.auto.commit", "false")
            .create()?;
        Ok(Self { settings: settings.clone(), consumer })
    }

    pub fn topics(&self) -> Result<Topics, BoxError> {
        let metadata = self.consumer.fetch_metadata(None, TIMEOUT)?;
        let ours = metadata.topics().iter().filter_map(|topic| {
            let plain = topic.name().strip_prefix(&self.settings.prefix)?;
            let of_events = plain.strip_suffix(".dlq").unwrap_or(plain);
            let is_ours = TOPICS.iter().any(|ending| of_events.ends_with(ending));
            Some((plain.to_owned(), i32::try_from(topic.partitions().len()).ok()?)).filter(|_| is_ours)
        });
        Ok(ours.collect())
    }

    /// The consumer groups of the shop's services, each with whether somebody is in it.
    pub fn groups(&self) -> Result<BTreeMap<String, bool>, BoxError> {
        let list = self.consumer.fetch_group_list(None, TIMEOUT)?;
        let ours = list.groups().iter().filter_map(|group| {
            let plain = group.name().strip_prefix(&self.settings.prefix)?;
            let is_ours = GROUPS.iter().any(|ending| plain.ends_with(ending));
            is_ours.then(|| (plain.to_owned(), !group.members().is_empty()))
        });
        Ok(ours.collect())
    }

    /// Where each partition ends now.
    pub fn ends(&self, topics: &Topics) -> Result<Marks, BoxError> {
        self.marks(topics, |(_, end)| end)
    }

    fn marks(&self, topics: &Topics, choose: impl Fn((i64, i64)) -> i64) -> Result<Marks, BoxError> {
        let mut marks = Marks::new();
        for (topic, partitions) in topics {
            for partition in 0..*partitions {
                let found = self.consumer.fetch_watermarks(&self.settings.name(topic), partition, TIMEOUT)?;
                marks.insert((topic.clone(), partition), choose(found));
            }
        }
        Ok(marks)
    }

    /// From where on some group hasn't handled a partition; its beginning where nobody has handled anything.
    pub fn unhandled(&self, topics: &Topics) -> Result<Marks, BoxError> {
        let begins = self.marks(topics, |(begin, _)| begin)?;
        let mut marks: Marks = Marks::new();
        for group in self.groups()?.keys() {
            let member: BaseConsumer =
                self.settings.client("archive").set("group.id", self.settings.name(group)).create()?;
            let mut asked = TopicPartitionList::new();
            for (topic, partition) in begins.keys() {
                asked.add_partition(&self.settings.name(topic), *partition);
            }
            let committed = member.committed_offsets(asked, TIMEOUT)?;
            for (topic, partitions) in topics {
                let name = self.settings.name(topic);
                let places = (0..*partitions).map(|partition| {
                    let found = committed.find_partition(&name, partition).map(|found| found.offset());
                    (partition, if let Some(Offset::Offset(place)) = found { Some(place) } else { None })
                });
                let places: Vec<_> = places.collect();
                // A group that has handled nothing of a topic doesn't listen to it.
                if places.iter().all(|(_, place)| place.is_none()) {
                    continue;
                }
                for (partition, place) in places {
                    let key = (topic.clone(), partition);
                    let place = place.unwrap_or(begins[&key]).max(begins[&key]);
                    let first = marks.entry(key).or_insert(place);
                    *first = place.min(*first);
                }
            }
        }
        for (partition, begin) in begins {
            marks.entry(partition).or_insert(begin);
        }
        Ok(marks)
    }

    /// Gives every message from one place up to another to `keep`.
    pub fn read(
        &self,
        from: &Marks,
        until: &Marks,
        mut keep: impl FnMut(Kept) -> Result<(), BoxError>,
    ) -> Result<usize, BoxError> {
        let mut left: BTreeMap<(String, i32), i64> = BTreeMap::new();
        let mut assignment = TopicPartitionList::new();
        for (key, end) in until {
            let begin = from.get(key).copied().unwrap_or_default();
            if begin < *end {
                assignment.add_partition_offset(&self.settings.name(&key.0), key.1, Offset::Offset(begin))?;
                left.insert(key.clone(), *end);
            }
        }
        self.consumer.assign(&assignment)?;
        let mut count = 0;
        let mut heard = Instant::now();
        while !left.is_empty() {
            let Some(message) = self.consumer.poll(Duration::from_millis(500)) else {
                if heard.elapsed() > PATIENCE {
                    return Err(format!("Kafka doesn't give what it has of {left:?}").into());
                }
                continue;
            };
            let message = message?;
            heard = Instant::now();
            let topic = message.topic().strip_prefix(&self.settings.prefix).unwrap_or_default().to_owned();
            let key = (topic.clone(), message.partition());
            let Some(end) = left.get(&key).copied() else { continue };
            if message.offset() < end {
                keep(kept(&message, topic))?;
                count += 1;
            }
            if message.offset() + 1 >= end {
                left.remove(&key);
            }
        }
        self.consumer.unassign()?;
        Ok(count)
    }

    /// Deletes the topics and what the groups know of them, and makes them anew.
    pub async fn renew(&self, topics: &Topics) -> Result<(), BoxError> {
        let admin: AdminClient<DefaultClientContext> = self.settings.client("archive").create()?;
        let options = AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT));
        let groups: Vec<String> = self.groups()?.keys().map(|group| self.settings.name(group)).collect();
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        if !groups.is_empty() {
            let outcomes = admin.delete_groups(&groups, &options).await?;
            if let Some((group, code)) = outcomes.into_iter().find_map(Result::err) {
                return Err(format!("group {group}: {code}").into());
            }
        }
        let old: Vec<String> = self.topics()?.keys().map(|topic| self.settings.name(topic)).collect();
        let old: Vec<&str> = old.iter().map(String::as_str).collect();
        if !old.is_empty() {
            admin.delete_topics(&old, &options).await?;
        }
        let replication = i32::try_from(self.settings.replication)?;
        let names: Vec<(String, i32)> =
            topics.iter().map(|(topic, partitions)| (self.settings.name(topic), *partitions)).collect();
        let begun = Instant::now();
        // Kafka deletes in its own time, and until then the names are taken.
        loop {
            let new: Vec<_> =
                names.iter().map(|(name, partitions)| new_topic(name, *partitions, replication)).collect();
            let outcomes = admin.create_topics(&new, &options).await?;
            let failed: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
            let is_over = failed.iter().all(|(_, code)| *code == RDKafkaErrorCode::TopicAlreadyExists);
            let is_empty = is_over && self.is_empty(topics);
            if is_empty {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("the topics can't be made anew: {failed:?}").into());
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// Whether all topics exist and hold nothing.
    fn is_empty(&self, topics: &Topics) -> bool {
        self.topics().is_ok_and(|found| found == *topics)
            && self.marks(topics, |(begin, end)| end - begin).is_ok_and(|left| left.values().all(|n| *n == 0))
    }

    /// Sends a kept message to where it was.
    pub async fn send(&self, producer: &Producer, kept: &Kept) -> Result<(), BoxError> {
        let headers = kept.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value) })
        });
        producer.send_to(&kept.topic, kept.partition, kept.key.as_bytes(), &kept.payload, headers).await
    }
}

fn kept(message: &rdkafka::message::BorrowedMessage<'_>, topic: String) -> Kept {
    let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let headers = message
        .headers()
        .map(|headers| headers.iter().map(|header| (header.key.to_owned(), text(header.value))).collect());
    Kept {
        topic,
        partition: message.partition(),
        key: text(message.key()),
        payload: message.payload().unwrap_or_default().to_vec(),
        headers: headers.unwrap_or_default(),
    }
}

/// An event may be Protobuf, which is no text.
mod base64_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_no_text_survives() {
        let kept = Kept {
            topic: "order-events".to_owned(),
            partition: 3,
            key: "7".to_owned(),
            payload: vec![0, 159, 146, 150],
            headers: [("content-type".to_owned(), "application/protobuf".to_owned())].into(),
        };
        let line = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Kept>(&line).unwrap(), kept);
    }
}
