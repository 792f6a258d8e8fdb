//! No change without its event.

use std::sync::Arc;

use config::testing::{TestEnv, TestKafka};
use mongodb::bson::{DateTime, Document, doc};
use mongodb::{Client, Collection};
use product_service::Catalogue;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{created, id, laptop, patch, path, sku, told};

async fn leases(env: &TestEnv) -> Collection<Document> {
    let client = Client::with_uri_str(env.get("MONGODB_URL")).await.unwrap();
    client.database(env.get("MONGODB_DATABASE")).collection("leases")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_before_a_crash_is_told_after_it() {
    let env = TestEnv::new().await;
    let kafka = TestKafka::new(&env);
    let listener = kafka.listen("product-events").await;
    // Somebody else has the right to send and doesn't use it, so that nothing is sent before the crash.
    let leases = leases(&env).await;
    let held = doc! { "_id": "outbox", "owner": "nobody", "until": DateTime::from_millis(i64::from(u32::MAX) * 1000) };
    leases.insert_one(held).await.unwrap();
    let app = env.start::<Catalogue>().await;
    let product = created(&app, &laptop(&sku())).await;
    patch(&app, &path(&product), &json!({ "price": 7 })).await;
    app.kill().await;
    leases.delete_one(doc! { "_id": "outbox" }).await.unwrap();
    let app = env.start::<Catalogue>().await;
    let key = id(&product);
    for (kind, price) in [("product_created", json!(1499.99)), ("product_updated", json!(7))] {
        let event = listener.find(|event| event.key == key).await;
        assert_eq!((event.kind.as_str(), &event.data["price"]), (kind, &price));
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_ends_hands_over_at_once() {
    let env = TestEnv::new().await;
    let listener = TestKafka::new(&env).listen("product-events").await;
    let one = env.start::<Catalogue>().await;
    let product = created(&one, &laptop(&sku())).await;
    told(&listener, "product_created", &id(&product)).await;
    let two = env.start::<Catalogue>().await;
    one.stop().await;
    patch(&two, &path(&product), &json!({ "price": 7 })).await;
    told(&listener, "product_updated", &id(&product)).await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_changes_by_two_instances_are_told_once_each_and_in_order() {
    let env = TestEnv::new().await;
    let (one, two) = (Arc::new(env.start::<Catalogue>().await), Arc::new(env.start::<Catalogue>().await));
    let listener = TestKafka::new(&env).listen("product-events").await;
    let product = created(&one, &laptop(&sku())).await;
    let mut tasks = JoinSet::new();
    for n in 0..20u32 {
        let (app, path) = (if n % 2 == 0 { one.clone() } else { two.clone() }, path(&product));
        tasks.spawn(async move {
            // Contention may outlast the patience of a write: then it says so, and is sent again.
            while patch(&app, &path, &json!({ "price": 100 + n })).await.status() == 503 {}
        });
    }
    tasks.join_all().await;
    let key = id(&product);
    for version in 1..=21 {
        let event = listener.find(|event| event.key == key).await;
        assert_eq!(event.data["version"], version);
    }
}
