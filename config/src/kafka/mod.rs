//! Events: the envelope, the outbox relay, the consumer, dead letters.
//!
//! A use case publishes into its unit of work; nothing else sends to Kafka. A consumer's handler claims the
//! message in the unit of work of its effect, so that a message delivered twice acts once.

mod archive;
mod client;
mod consumer;
mod dead_letter;
mod envelope;
mod outbox;
mod producer;
mod protobuf;
mod relay;
mod schema;
mod topics;

use std::time::Duration;

use rdkafka::ClientConfig;

pub use archive::{Archive, Kept, Marks, Topics};
pub use consumer::{Consumer, HandlerError, MessageHandler};
pub(crate) use consumer::{Group, consume};
#[cfg(any(test, feature = "testing"))]
pub(crate) use dead_letter::Taken;
pub use dead_letter::{DeadLetter, DeadLetters, dlq};
pub use envelope::{Envelope, Event, Undecodable};
pub use outbox::{Lead, MySqlOutbox, Outbox, Unsent};
pub use producer::Producer;
pub use protobuf::EventFormat;
pub(crate) use relay::relay;
pub use schema::EventSchema;
pub use topics::ensure as ensure_topics;

use crate::settings::{Env, Invalid, Settings};

/// Where Kafka is.
#[derive(Debug, Clone)]
pub struct KafkaSettings {
    brokers: String,
    prefix: String,
    partitions: u32,
    replication: u32,
    format: EventFormat,
}

impl Settings for KafkaSettings {
    fn read(env: &mut Env) -> Result<Self, Invalid> {
        let brokers = env.var("KAFKA_BROKERS", "bootstrap servers, as host:port,host:port").required();
        let prefix = env
            .var(
                "KAFKA_PREFIX",
                "put before every topic and group, so that several shops can share a cluster",
            )
            .default("");
        let partitions = env.var("KAFKA_PARTITIONS", "partitions of a topic that is made here").default("6");
        let replication = env.var("KAFKA_REPLICATION", "replicas of a topic that is made here").default("1");
        let format = env
            .var("EVENT_FORMAT", "how events are sent, json or protobuf; both are understood")
            .default("json");
        Ok(Self {
            brokers: brokers?,
            prefix: prefix?,
            partitions: partitions?,
            replication: replication?,
            format: format?,
        })
    }
}

impl KafkaSettings {
    /// For tools and tests that get their brokers elsewhere.
    pub fn at(brokers: impl Into<String>, prefix: impl Into<String>) -> Self {
        let format = EventFormat::default();
        Self { brokers: brokers.into(), prefix: prefix.into(), partitions: 1, replication: 1, format }
    }

    /// What a topic or a group is called in this cluster.
    pub(crate) fn name(&self, plain: &str) -> String {
        format!("{}{plain}", self.prefix)
    }

    /// What every client shares: quick to reconnect, small buffers.
    pub(crate) fn client(&self, id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", id)
            .set("reconnect.backoff.ms", "100")
            .set("reconnect.backoff.max.ms", "2000")
            .set("topic.metadata.refresh.interval.ms", "10000")
            // A request doesn't wait until the one before it is acknowledged.
            .set("socket.nagle.disable", "true")
            // Ours are Prometheus's; histograms for the broker's took most of what a client kept in memory.
            .set("enable.metrics.push", "false")
            .set("log.connection.close", "false");
        config
    }
}

/// How long a client waits for an answer that should be quick.
const TIMEOUT: Duration = Duration::from_secs(5);
