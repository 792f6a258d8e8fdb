//! Events in JSON and in Protobuf.

use config::kafka::{Envelope, EventFormat};
use config::testing::{TestEnv, TestKafka};
use inventory_service::Inventory;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{created, levels_become, paid, reserve, stocked};

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_may_hold_both_formats_and_a_message_is_one_whatever_it_travels_as() {
    let env = TestEnv::new().await;
    let app = env.start::<Inventory>().await;
    let (json, protobuf) = (TestKafka::new(&env), TestKafka::new(&env).speaking(EventFormat::Protobuf));
    let product = stocked(&app, 10).await;
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    for id in [first, second] {
        assert_eq!(reserve(&app, id, &[(&product, 2)]).await.status(), 201);
    }
    for id in [first, second] {
        let (created, paid) = (created(id), paid(id));
        let mut unknown = created.clone();
        (unknown.id, unknown.kind) = (Uuid::now_v7(), "order_admired".to_owned());
        json.send(&created).await;
        protobuf.send(&unknown).await;
        protobuf.send(&paid).await;
        json.send(&paid).await;
    }
    // Each order's stock is taken once.
    levels_become(&app, &product, (6, 0, 6)).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_readable_whatever_it_travelled_as() {
    let env = TestEnv::new().await;
    let app = env.start::<Inventory>().await;
    let kafka = TestKafka::new(&env).speaking(EventFormat::Protobuf);
    let mut poison = paid(Uuid::now_v7());
    poison.data["reservation_id"] = json!("nonsense");
    kafka.send(&poison).await;
    let letter = kafka.dead_letter("order-events", poison.id).await;
    let document: Value = serde_json::from_str(&letter.payload).unwrap();
    assert_eq!(document["data"]["reservation_id"], "nonsense");
    assert_eq!(
        (&document["type"], &document["subject"]),
        (&json!("order_status_updated"), &json!(poison.key))
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_travel_in_the_format_that_is_set() {
    for (setting, format) in [("json", EventFormat::Json), ("protobuf", EventFormat::Protobuf)] {
        let env = TestEnv::new().await.set("EVENT_FORMAT", setting);
        let listener = TestKafka::new(&env).listen("inventory-events").await;
        let app = env.start::<Inventory>().await;
        let product = stocked(&app, 3).await;
        let is_its = |event: &Envelope| event.kind == "inventory_updated" && event.key == product;
        let (event, travelled) = listener.find_with_format(is_its).await;
        assert_eq!(travelled, format);
        let expected = json!({ "product_id": product, "on_hand": 3, "reserved": 0, "available": 3,
            "in_stock": true, "version": event.data["version"] });
        assert_eq!(event.data, expected);
        app.stop().await;
    }
}
