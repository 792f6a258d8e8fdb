use std::thread;

use async_trait::async_trait;

use super::super::{Group, Hurry, Producer, client, consume};
use super::*;
use crate::kafka::{Event, EventFormat, ensure_topics};
use crate::testing::{TestEnv, TestKafka};

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
