//! The one producer of a process.

use std::mem;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::thread;
use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext, PurgeConfig};
use tokio::sync::{Notify, oneshot};
use tokio_util::task::AbortOnDropHandle;

use super::KafkaSettings;
use super::client::{Context, STATISTICS};
use crate::BoxError;

/// Sends records in order and without duplicates of its own making. Kafka being away is no failure: records wait.
/// Those that wait in a client that has lost Kafka fail, and are for their senders to send again.
#[derive(Clone)]
pub struct Producer {
    current: Arc<Current>,
    _replacing: Arc<AbortOnDropHandle<()>>,
}

type Client = Arc<BaseProducer<Context>>;

/// Resolves when Kafka has the record, or won't get it from this client.
pub(super) type Delivery = oneshot::Receiver<Result<(), KafkaError>>;

/// How long the thread that serves a client waits at a time; so long a client that nobody has any more stays.
/// `FutureProducer`'s waits 100 ms and spins through the last of them: one percent of a processor in each idle process.
const WAIT: Duration = Duration::from_secs(2);

/// The client that sends, until it is lost.
struct Current {
    client: RwLock<Client>,
    settings: KafkaSettings,
    id: String,
    lost: Arc<Notify>,
}

impl Producer {
    /// Within a runtime: it hears there when a client is lost.
    pub fn new(settings: &KafkaSettings, client_id: &str) -> Result<Self, BoxError> {
        let lost = Arc::new(Notify::new());
        let client = RwLock::new(client(settings, client_id, &lost)?);
        let (settings, id) = (settings.clone(), client_id.to_owned());
        let current = Arc::new(Current { client, settings, id, lost: lost.clone() });
        let replacing = tokio::spawn(replace_lost(Arc::downgrade(&current), lost));
        Ok(Self { current, _replacing: Arc::new(AbortOnDropHandle::new(replacing)) })
    }

    /// For records that must keep their order: all of them go through one client, or fail with it.
    pub(super) fn sequence(&self) -> Sequence {
        Sequence { client: self.current.get(), settings: self.current.settings.clone() }
    }

    /// Sends one record and waits until Kafka has it.
    pub(crate) async fn send(
        &self,
        topic: &str,
        key: &[u8],
        payload: &[u8],
        headers: OwnedHeaders,
    ) -> Result<(), BoxError> {
        Ok(self.sequence().enqueue(topic, None, key, payload, headers)?.await??)
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
        Ok(self.sequence().enqueue(topic, Some(partition), key, payload, headers)?.await??)
    }

    /// Whether a broker answers.
    pub(crate) async fn reachable(&self) -> bool {
        let client = self.current.get();
        let asked = tokio::task::spawn_blocking(move || {
            client.client().fetch_metadata(Some("__health"), Duration::from_millis(900)).is_ok()
        });
        asked.await.unwrap_or(false)
    }
}

/// Records one after the other.
pub(super) struct Sequence {
    client: Client,
    settings: KafkaSettings,
}

impl Sequence {
    /// Puts an event into the queue, in the format that the settings want; the future resolves when Kafka has it.
    pub fn enqueue_event(&self, topic: &str, key: &str, document: &str) -> Result<Delivery, BoxError> {
        let (payload, headers) = self.settings.format.encode(document);
        self.enqueue(topic, None, key.as_bytes(), &payload, headers)
    }

    fn enqueue(
        &self,
        topic: &str,
        partition: Option<i32>,
        key: &[u8],
        payload: &[u8],
        headers: OwnedHeaders,
    ) -> Result<Delivery, BoxError> {
        let topic = self.settings.name(topic);
        let (delivered, delivery) = oneshot::channel();
        let mut record = BaseRecord::with_opaque_to(&topic, Box::new(delivered));
        record = record.key(key).payload(payload).headers(headers);
        record.partition = partition;
        self.client.send(record).map_err(|(error, _)| error)?;
        Ok(delivery)
    }
}

impl Current {
    fn get(&self) -> Client {
        self.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, new: Client) -> Client {
        mem::replace(&mut self.client.write().unwrap_or_else(PoisonError::into_inner), new)
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<oneshot::Sender<Result<(), KafkaError>>>;

    fn delivery(&self, outcome: &DeliveryResult<'_>, delivered: Self::DeliveryOpaque) {
        // Nobody hears it who has stopped waiting.
        let _ = delivered.send(outcome.as_ref().map(|_| ()).map_err(|(error, _)| error.clone()));
    }
}

/// A client with a thread that delivers what it hears, for as long as anybody has the client.
fn client(settings: &KafkaSettings, id: &str, lost: &Arc<Notify>) -> Result<Client, BoxError> {
    let client: BaseProducer<Context> = settings
        .client(id)
        .set("enable.idempotence", "true")
        .set("message.timeout.ms", "0")
        .set("linger.ms", "1")
        .set("queue.buffering.max.messages", "10000")
        .set("queue.buffering.max.kbytes", "16384")
        .set("statistics.interval.ms", STATISTICS)
        .create_with_context(Context::new(lost.clone()))?;
    let client = Arc::new(client);
    let served = Arc::downgrade(&client);
    let serve = move || {
        while let Some(client) = served.upgrade() {
            if client.context().is_replaced() {
                purge(&client);
            }
            client.poll(WAIT);
        }
    };
    thread::Builder::new().name("kafka-producer".to_owned()).spawn(serve)?;
    Ok(client)
}

/// For as long as the producer is there.
async fn replace_lost(current: Weak<Current>, lost: Arc<Notify>) {
    loop {
        lost.notified().await;
        let Some(current) = current.upgrade() else { return };
        let old = match client(&current.settings, &current.id, &current.lost) {
            Ok(new) => current.replace(new),
            Err(error) => {
                tracing::error!(%error, "this client has lost Kafka, and there is no other");
                continue;
            }
        };
        tracing::warn!("this client has lost Kafka: another one sends");
        old.context().replaced();
        purge(&old);
    }
}

/// What waits in a client that was replaced fails, and whoever sent it sends it again. Somebody may just have taken
/// the client to send more.
fn purge(client: &Client) {
    client.purge(PurgeConfig::default().queue().inflight());
}

#[cfg(test)]
mod tests {
    use rdkafka::error::RDKafkaErrorCode;

    use super::*;

    #[tokio::test]
    async fn what_waits_in_a_lost_client_fails_and_another_client_takes_over() {
        let nowhere = KafkaSettings::at("127.0.0.1:1", "");
        let producer = Producer::new(&nowhere, "test").unwrap();
        let before = producer.sequence();
        let waiting = before.enqueue("topic", Some(0), b"key", b"payload", OwnedHeaders::new()).unwrap();
        producer.current.lost.notify_one();
        let error = waiting.await.unwrap().unwrap_err();
        assert_eq!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::PurgeQueue));
        let late = before.enqueue("topic", Some(0), b"key", b"payload", OwnedHeaders::new()).unwrap();
        assert!(late.await.unwrap().is_err(), "who had the client before it was replaced hears of it, too");
        let after = producer.sequence();
        assert_ne!(before.client.client().native_ptr(), after.client.client().native_ptr());
    }
}
