//! Kafka, as a test uses it.

use std::time::Duration;

use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};
use uuid::Uuid;

use super::{TestEnv, eventually};
use crate::kafka::{DeadLetter, DeadLetters, Envelope, EventFormat, KafkaSettings, Producer, Taken};

/// Sends what other services would, and listens to what the service says.
pub struct TestKafka {
    settings: KafkaSettings,
    producer: Producer,
    format: EventFormat,
}

impl TestKafka {
    pub fn new(env: &TestEnv) -> Self {
        let settings = KafkaSettings::at(env.get("KAFKA_BROKERS"), env.get("KAFKA_PREFIX"));
        let producer = Producer::new(&settings, "test").expect("the client's settings are good");
        Self { settings, producer, format: EventFormat::Json }
    }

    /// The same, but its events go in this format.
    #[must_use]
    pub fn speaking(self, format: EventFormat) -> Self {
        Self { format, ..self }
    }

    /// Sends an event; sending it again is a redelivery.
    pub async fn send(&self, event: &Envelope) {
        let payload = event.to_json("test").expect("an envelope is JSON");
        let (payload, headers) = self.format.encode(&payload);
        let sent = self.producer.send(&event.topic, event.key.as_bytes(), &payload, headers);
        tokio::time::timeout(Duration::from_secs(20), sent)
            .await
            .expect("Kafka answers")
            .expect("Kafka takes it");
    }

    /// Hears everything that is sent to the topic from now on.
    pub async fn listen(&self, topic: &str) -> TestListener {
        crate::kafka::ensure_topics(&self.settings, &[topic]).await.expect("the topic can be made");
        let consumer: StreamConsumer = self
            .settings
            .client("test-listener")
            .set("group.id", format!("test-{}", Uuid::now_v7()))
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "100")
            .create()
            .expect("the client's settings are good");
        let topic = self.settings.name(topic);
        let consumer = tokio::task::spawn_blocking(move || {
            let patience = Duration::from_secs(10);
            let metadata = consumer.fetch_metadata(Some(&topic), patience).expect("Kafka answers");
            let partitions: Vec<i32> =
                metadata.topics().iter().flat_map(|it| it.partitions()).map(|it| it.id()).collect();
            assert!(!partitions.is_empty(), "a topic that was made is known");
            let mut assignment = TopicPartitionList::new();
            for partition in partitions {
                let (_, end) = consumer.fetch_watermarks(&topic, partition, patience).expect("Kafka answers");
                assignment
                    .add_partition_offset(&topic, partition, Offset::Offset(end))
                    .expect("an offset is legal");
            }
            consumer.assign(&assignment).expect("the partitions exist");
            consumer
        });
        TestListener(consumer.await.expect("the set-up does not crash"))
    }

    /// The dead letter that this message became.
    pub async fn dead_letter(&self, topic: &'static str, message: Uuid) -> DeadLetter {
        eventually("the dead letter comes", || async {
            let letters = DeadLetters::new(&self.settings, self.producer.clone());
            let all = tokio::task::spawn_blocking(move || letters.list(topic)).await.expect("no crash");
            let all = all.map_err(|error| error.to_string())?;
            let id = message.to_string();
            all.into_iter().find(|letter| letter.payload.contains(&id)).ok_or_else(|| "not there".to_owned())
        })
        .await
    }
}

/// Hears a topic.
pub struct TestListener(StreamConsumer);

impl TestListener {
    /// The next event that is meant; those before it are passed over.
    pub async fn find(&self, meant: impl Fn(&Envelope) -> bool) -> Envelope {
        self.find_with_format(meant).await.0
    }

    /// The same, and how it travelled.
    pub async fn find_with_format(&self, meant: impl Fn(&Envelope) -> bool) -> (Envelope, EventFormat) {
        let search = async {
            loop {
                let message = self.0.recv().await.expect("Kafka answers");
                let taken = Taken::new(&message, message.topic());
                if let Ok(event) = taken.envelope()
                    && meant(&event)
                {
                    return (event, taken.format);
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), search).await.expect("the event comes within 30 s")
    }
}
