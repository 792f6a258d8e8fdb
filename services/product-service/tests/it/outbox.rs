//! No change without its event.

use std::sync::Arc;

use config::testing::{TestEnv, TestKafka};
use product_service::Catalogue;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{created, id, laptop, patch, path, sku, told};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_before_a_crash_is_told_after_it() {
    let env = TestEnv::new().await;
    let kafka = TestKafka::new(&env);
    let listener = kafka.listen("product-events").await;
    let app = env.start::<Catalogue>().await;
    let product = created(&app, &laptop(&sku())).await;
    patch(&app, &path(&product), &json!({ "price": 7 })).await;
    // The changes are committed; whether they were told already is up to chance.
    app.kill().await;
    let app = env.start::<Catalogue>().await;
    told(&listener, "product_created", &id(&product)).await;
    let updated = told(&listener, "product_updated", &id(&product)).await;
    assert_eq!(updated.data["price"], 7);
    app.stop().await;
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
