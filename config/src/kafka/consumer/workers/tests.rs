use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::super::{Group, Hurry, Producer, client, consume};
use super::*;
use crate::kafka::{Event, EventFormat, ensure_topics};
use crate::testing::{TestEnv, TestKafka, eventually};

const TOPIC: &str = "order-events";

#[derive(serde::Serialize)]
struct Ordered {}

impl Event for Ordered {
    const TOPIC: &'static str = TOPIC;
    const TYPE: &'static str = "order_created";

    fn key(&self) -> String {
        "7".to_owned()
    }
}

struct Panicking;

#[async_trait]
impl MessageHandler for Panicking {
    async fn handle(&self, _: &Envelope) -> Result<(), HandlerError> {
        panic!("as the test wants");
    }
}

fn message() -> Taken {
    let payload = Envelope::new(&Ordered {}).to_json("test").unwrap().into_bytes();
    let (topic, key, format) = (TOPIC.to_owned(), Vec::new(), EventFormat::Json);
    Taken { topic, partition: 0, offset: 0, key, payload, format }
}

/// Workers whose handler panics, of a client that finds no Kafka.
fn panicking(shutdown: &CancellationToken) -> Workers {
    let nowhere = KafkaSettings::at("127.0.0.1:1", "");
    let group = Group::Service("test");
    let client = client(&nowhere, &group, Hurry::AT_ONCE, Arc::default()).unwrap();
    let usual = Consumer::new(TOPIC, Arc::new(Panicking));
    let unguarded = Consumer { handler: Arc::new(Panicking), ..usual };
    let consumers = [(TOPIC, unguarded)].into();
    let dead_letters = DeadLetters::new(&nowhere, Producer::new(&nowhere, "test").unwrap());
    Workers::new(Arc::new(client), group.id(), consumers, dead_letters, nowhere, shutdown.clone())
}

#[tokio::test]
async fn what_has_not_happened_yet_is_counted_as_nothing() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _workers = metrics::with_local_recorder(&recorder, || panicking(&CancellationToken::new()));
    let text = recorder.handle().render();
    for what in ["retries", "dead_letters"] {
        let line = format!("kafka_consumer_{what}_total{{topic=\"{TOPIC}\"}} 0");
        assert!(text.lines().any(|it| it == line), "no {line} in {text}");
    }
}

#[tokio::test]
async fn a_worker_that_crashes_is_noticed_and_gets_no_more_messages() {
    let shutdown = CancellationToken::new();
    let mut workers = panicking(&shutdown);
    workers.hand_over(message(), 0).unwrap();
    let crash = tokio::time::timeout(Duration::from_secs(5), workers.crash()).await;
    let crash = crash.expect("the crash is noticed").to_string();
    assert!(crash.contains("as the test wants"), "{crash}");
    assert!(workers.hand_over(message(), 0).is_err());
    shutdown.cancel();
    assert!(workers.hand_over(message(), 0).is_ok(), "who ends anyway has no trouble");
}

#[tokio::test]
async fn a_crash_while_the_last_messages_are_handled_is_noticed() {
    let mut workers = panicking(&CancellationToken::new());
    workers.hand_over(message(), 0).unwrap();
    assert!(workers.finish().await.is_err());
    workers.abandon().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_makes_its_handler_panic_goes_to_the_dead_letters() {
    let env = TestEnv::new().await;
    let settings = KafkaSettings::at(env.get("KAFKA_BROKERS"), env.get("KAFKA_PREFIX"));
    ensure_topics(&settings, &[TOPIC]).await.unwrap();
    let (kafka, ordered) = (TestKafka::new(&env), Envelope::new(&Ordered {}));
    kafka.send(&ordered).await;
    let producer = Producer::new(&settings, "test").unwrap();
    let consumers = vec![Consumer::new(TOPIC, Arc::new(Panicking))];
    let shutdown = CancellationToken::new();
    let group = Group::Service("test");
    let consuming = tokio::spawn(consume(settings, producer, group, consumers, shutdown.clone()));
    let letter = kafka.dead_letter(TOPIC, ordered.id).await;
    assert!(letter.reason.contains("as the test wants"), "{}", letter.reason);
    shutdown.cancel();
    consuming.await.unwrap().unwrap();
}

/// Handles nothing before its trouble is over.
#[derive(Default)]
struct Troubled {
    is_over: AtomicBool,
    tries: AtomicU32,
    handled: Mutex<Vec<Uuid>>,
}

#[async_trait]
impl MessageHandler for Troubled {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        self.tries.fetch_add(1, Ordering::Relaxed);
        if !self.is_over.load(Ordering::Relaxed) {
            return Err(HandlerError::Retry("the database is away".into()));
        }
        self.handled.lock().unwrap().push(message.id);
        Ok(())
    }
}

impl Troubled {
    /// These and no others, each of them once; the last one shows that there is nothing before it any more.
    async fn handles(&self, messages: &[Envelope]) {
        let expected: Vec<Uuid> = messages.iter().map(|message| message.id).collect();
        let handled = eventually("the last message is handled", || async {
            let handled = self.handled.lock().unwrap().clone();
            if handled.last() == expected.last() { Ok(handled) } else { Err(format!("{handled:?}")) }
        })
        .await;
        assert_eq!(handled, expected);
    }
}

type Consuming = (CancellationToken, JoinHandle<Result<(), BoxError>>);

async fn stop((shutdown, consuming): Consuming) {
    shutdown.cancel();
    consuming.await.unwrap().unwrap();
}

/// Messages that can't be handled for now are tried for as long as it takes and come again after a restart; those that
/// were handled don't.
async fn trouble_that_passes_loses_nothing(env: &TestEnv, kind: impl Fn(Consumer) -> Consumer) {
    let settings = KafkaSettings::at(env.get("KAFKA_BROKERS"), env.get("KAFKA_PREFIX"));
    ensure_topics(&settings, &[TOPIC]).await.unwrap();
    let (kafka, handler) = (TestKafka::new(env), Arc::new(Troubled::default()));
    let producer = Producer::new(&settings, "test").unwrap();
    let start = || -> Consuming {
        let (shutdown, group) = (CancellationToken::new(), Group::Service("test"));
        let consumers = vec![kind(Consumer::new(TOPIC, handler.clone()))];
        let consuming = consume(settings.clone(), producer.clone(), group, consumers, shutdown.clone());
        (shutdown, tokio::spawn(consuming))
    };
    let all = [(); 3].map(|()| Envelope::new(&Ordered {}));
    // All messages are in one partition, in this order.
    for message in &all[..2] {
        kafka.send(message).await;
    }
    let running = start();
    eventually("a message is tried more often than one that fails", || async {
        let tries = handler.tries.load(Ordering::Relaxed);
        if tries > 2 * TRIES { Ok(()) } else { Err(tries.to_string()) }
    })
    .await;
    stop(running).await;

    handler.is_over.store(true, Ordering::Relaxed);
    let running = start();
    handler.handles(&all[..2]).await;
    stop(running).await;

    kafka.send(&all[2]).await;
    let running = start();
    handler.handles(&all).await;
    stop(running).await;
    let letters = DeadLetters::new(&settings, producer);
    let letters = tokio::task::spawn_blocking(move || letters.list(TOPIC).unwrap()).await.unwrap();
    assert!(letters.is_empty(), "{letters:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_passes_loses_nothing_one_by_one() {
    trouble_that_passes_loses_nothing(&TestEnv::new().await, |consumer| consumer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_passes_loses_nothing_at_once() {
    trouble_that_passes_loses_nothing(&TestEnv::new().await, Consumer::at_once).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_passes_loses_nothing_in_batches() {
    let env = TestEnv::new().await;
    let db = env.db().await;
    trouble_that_passes_loses_nothing(&env, |consumer| consumer.in_batches(&db)).await;
}

#[test]
fn a_pause_takes_effect_before_its_resumption() {
    let (depth, calls) = (Depth::default(), Mutex::new(Vec::new()));
    (1..HIGH).for_each(|_| depth.grow(|| panic!("there is room")));
    let (deciding, decided) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            depth.grow(|| {
                deciding.send(()).unwrap();
                thread::sleep(Duration::from_millis(50));
                calls.lock().unwrap().push("pause");
            });
        });
        decided.recv().unwrap();
        (0..HIGH).for_each(|_| depth.shrink(|| calls.lock().unwrap().push("resume")));
    });
    assert_eq!(*calls.lock().unwrap(), ["pause", "resume"]);
}

/// What is taken at once of five that come one after another, when at most three may.
async fn taken(gathering: Option<Duration>) -> Vec<u8> {
    let (sender, mut queue) = mpsc::unbounded_channel();
    sender.send(0).unwrap();
    tokio::spawn(async move {
        for message in 1..5 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            sender.send(message).unwrap();
        }
    });
    let mut taken = Vec::new();
    assert!(take(&mut queue, &mut taken, 3, gathering).await);
    taken
}

#[tokio::test]
async fn only_who_has_time_waits_for_others() {
    assert_eq!(taken(None).await, [0]);
    assert_eq!(taken(Some(Duration::from_secs(1))).await, [0, 1, 2]);
}
