//! The one producer of a process.

use std::time::Duration;

use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer as _};

use super::KafkaSettings;
use crate::BoxError;

/// Sends records in order and without duplicates of its own making. Kafka being away is no failure: records wait.
#[derive(Clone)]
pub struct Producer {
    inner: FutureProducer,
    settings: KafkaSettings,
}

impl Producer {
    pub fn new(settings: &KafkaSettings, client_id: &str) -> Result<Self, BoxError> {
        let inner = settings
            .client(client_id)
            .set("enable.idempotence", "true")
            .set("message.timeout.ms", "0")
            .set("linger.ms", "1")
            .set("queue.buffering.max.messages", "10000")
            .set("queue.buffering.max.kbytes", "16384")
            .create()?;
        Ok(Self { inner, settings: settings.clone() })
    }

    /// Puts an event into the queue, in the format that the settings want.
    pub(super) fn enqueue_event(
        &self,
        topic: &str,
        key: &str,
        document: &str,
    ) -> Result<DeliveryFuture, BoxError> {
        let (payload, headers) = self.settings.format.encode(document);
        self.enqueue(topic, key.as_bytes(), &payload, headers)
    }

    /// Puts a record into the queue; the future resolves when Kafka has it.
    pub(super) fn enqueue(
        &self,
        topic: &str,
        key: &[u8],
        payload: &[u8],
        headers: OwnedHeaders,
    ) -> Result<DeliveryFuture, BoxError> {
        let topic = self.settings.name(topic);
        let record = FutureRecord::to(&topic).key(key).payload(payload).headers(headers);
        Ok(self.inner.send_result(record).map_err(|(error, _)| error)?)
    }

    /// Sends one record and waits until Kafka has it.
    pub(crate) async fn send(
        &self,
        topic: &str,
        key: &[u8],
        payload: &[u8],
        headers: OwnedHeaders,
    ) -> Result<(), BoxError> {
        let delivered = self.enqueue(topic, key, payload, headers)?.await?;
        delivered.map_err(|(error, _)| error)?;
        Ok(())
    }

    /// Sends one record to a partition of one's choice.
    pub(super) async fn send_to(
        &self,
        topic: &str,
        partition: i32,
        key: &[u8],
        payload: &[u8],
        headers: OwnedHeaders,
    ) -> Result<(), BoxError> {
        let topic = self.settings.name(topic);
        let record = FutureRecord::to(&topic).partition(partition).key(key).payload(payload).headers(headers);
        let delivered = self.inner.send_result(record).map_err(|(error, _)| error)?.await?;
        delivered.map_err(|(error, _)| error)?;
        Ok(())
    }

    /// Whether a broker answers.
    pub(crate) async fn reachable(&self) -> bool {
        let producer = self.inner.clone();
        let asked = tokio::task::spawn_blocking(move || {
            producer.client().fetch_metadata(Some("__health"), Duration::from_millis(900)).is_ok()
        });
        asked.await.unwrap_or(false)
    }
}
