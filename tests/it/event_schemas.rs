//! What travels through Kafka is what the committed schemas promise, in the format that the settings want.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jsonschema::Validator;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::Value;
use system_tests::{Shop, eventually, json_of};

/// By the event's type: its topic, and what its data must be.
fn schemas() -> BTreeMap<String, (String, Validator)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let services = std::fs::read_dir(root.join("services")).unwrap().flatten();
    let folders = services.filter_map(|service| std::fs::read_dir(service.path().join("events")).ok());
    let files = folders.flatten().flatten();
    let files = files.filter(|file| file.path().extension().is_some_and(|it| it == "json"));
    let schemas = files.map(|file| {
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(file.path()).unwrap()).unwrap();
        let kind = file.path().file_stem().unwrap().to_string_lossy().into_owned();
        let topic = schema["x-topic"].as_str().unwrap().to_owned();
        (kind, (topic, jsonschema::validator_for(&schema).unwrap()))
    });
    schemas.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_what_its_schema_promises() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(20.0, 10).await);
    let (order, total) = shopper.ordered(&[(&product, 2)]).await;
    shopper.paid(order, total).await;
    shopper.order_becomes(order, &["paid", "fulfilling"]).await;

    let schemas = schemas();
    let topics: BTreeSet<String> = schemas.values().map(|(topic, _)| topic.clone()).collect();
    let mut seen = BTreeSet::new();
    for Sent { topic, payload, .. } in all_of(&shop, topics).await {
        // Others are in another format, or what the tests of dead letters send.
        let Ok(event) = serde_json::from_slice::<Value>(&payload) else { continue };
        if !event["source"].as_str().is_some_and(|source| source.ends_with("-service")) {
            continue;
        }
        let kind = event["type"].as_str().unwrap();
        let Some((its_topic, schema)) = schemas.get(kind) else {
            panic!("{topic} carries a {kind} for which no schema is committed: {event}");
        };
        assert_eq!(*its_topic, topic, "{event}");
        let wrong: Vec<_> = schema.iter_errors(&event["data"]).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{kind} isn't what its schema promises: {wrong:?}\n{event}");
        for member in ["id", "source", "subject", "time", "specversion"] {
            assert!(event[member].is_string(), "CloudEvents wants {member}: {event}");
        }
        seen.insert(kind.to_owned());
    }
    for kind in
        ["product_created", "user_registered", "order_created", "payment_processed", "inventory_updated"]
    {
        assert!(seen.contains(kind), "no {kind} among {seen:?}");
    }
}

/// The others go on with JSON: whoever reads knows both.
const IN_PROTOBUF: [(&str, &str); 4] = [
    ("order-service", "order-events"),
    ("payment-service", "payment-events"),
    ("product-service", "product-events"),
    ("inventory-service", "inventory-events"),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_its_way_when_services_send_protobuf() {
    let shop = Shop::alone().await;
    let (services, topics): (Vec<_>, Vec<_>) = IN_PROTOBUF.into_iter().unzip();
    let _for_a_while = shop.restart_all_with(&services, "EVENT_FORMAT", "protobuf");
    let (shopper, product) = (shop.shopper().await, shop.product(20.0, 5).await);
    let (order, total) = shopper.ordered(&[(&product, 2)]).await;
    shopper.paid(order, total).await;
    shopper.order_becomes(order, &["paid", "fulfilling"]).await;
    shop.stock_becomes(&product, (3, 0, 3)).await;
    let wanted = ["order_created", "order_paid", "shipment_created"];
    eventually("the shopper is told of everything", || async {
        let list = shopper.get("/api/notifications/?limit=50").await;
        let told =
            |kind: &&str| list["items"].as_array().is_some_and(|all| all.iter().any(|n| n["type"] == **kind));
        if wanted.iter().all(told) { Ok(()) } else { Err(list.to_string()) }
    })
    .await;
    eventually("the catalogue shows it", || async {
        let product = json_of(shop.get(&format!("/api/products/{product}"))).await;
        if product["stock"] == 3 { Ok(()) } else { Err(product.to_string()) }
    })
    .await;
    let sent = all_of(&shop, topics.iter().map(|topic| (*topic).to_owned()).collect()).await;
    for topic in topics {
        let is_protobuf = |it: &&Sent| it.format.as_deref() == Some("application/cloudevents+protobuf");
        assert!(sent.iter().filter(is_protobuf).any(|it| it.topic == topic), "{topic} has JSON alone");
    }
}

/// A message in Kafka.
struct Sent {
    topic: String,
    /// Its content type, where it says one.
    format: Option<String>,
    payload: Vec<u8>,
}

/// Every message that these topics hold now.
async fn all_of(shop: &Shop, topics: BTreeSet<String>) -> Vec<Sent> {
    let brokers = shop.system.url("kafka").unwrap().trim_start_matches("kafka://").to_owned();
    tokio::task::spawn_blocking(move || read_all(&brokers, &topics)).await.unwrap()
}

fn read_all(brokers: &str, topics: &BTreeSet<String>) -> Vec<Sent> {
    let timeout = Duration::from_secs(10);
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "event-schemas-test")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let mut from = TopicPartitionList::new();
    let mut left = BTreeMap::new();
    for topic in topics {
        let metadata = consumer.fetch_metadata(Some(topic), timeout).unwrap();
        for partition in metadata.topics()[0].partitions() {
            let (low, high) = consumer.fetch_watermarks(topic, partition.id(), timeout).unwrap();
            if high > low {
                from.add_partition_offset(topic, partition.id(), Offset::Beginning).unwrap();
                left.insert((topic.clone(), partition.id()), high);
            }
        }
    }
    consumer.assign(&from).unwrap();
    let mut events = Vec::new();
    while !left.is_empty() {
        let Some(message) = consumer.poll(timeout) else { panic!("Kafka is silent; left: {left:?}") };
        let message = message.unwrap();
        let place = (message.topic().to_owned(), message.partition());
        if left.get(&place).is_some_and(|end| message.offset() + 1 >= *end) {
            left.remove(&place);
        }
        let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
        let format = headers.filter(|header| header.key == "content-type").find_map(|header| header.value);
        events.push(Sent {
            topic: message.topic().to_owned(),
            format: format.map(|format| String::from_utf8_lossy(format).into_owned()),
            payload: message.payload().unwrap_or_default().to_vec(),
        });
    }
    events
}
