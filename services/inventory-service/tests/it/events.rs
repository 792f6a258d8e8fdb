//! What the service hears and says.

use std::sync::Arc;
use std::time::Duration;

use config::kafka::{Envelope, Event};
use config::testing::{TestEnv, TestKafka, eventually};
use inventory_service::Inventory;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{levels, product, reserve, stocked};

/// An order's event, as far as stock is concerned.
#[derive(Serialize)]
struct Order {
    order_id: u64,
    reservation_id: Uuid,
    status: &'static str,
    #[serde(skip)]
    key: String,
}

/// The three types of event, by their data.
struct Of<const TYPE: usize>(Order);
const TYPES: [&str; 3] = ["order_created", "order_status_updated", "order_cancelled"];

impl<const TYPE: usize> Serialize for Of<TYPE> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<const TYPE: usize> Event for Of<TYPE> {
    const TOPIC: &'static str = "order-events";
    const TYPE: &'static str = TYPES[TYPE];
    fn key(&self) -> String {
        self.0.key.clone()
    }
}

fn event<const TYPE: usize>(status: &'static str, reservation_id: Uuid) -> Envelope {
    let order_id = u64::from(reservation_id.as_fields().0);
    Envelope::new(&Of::<TYPE>(Order { order_id, reservation_id, status, key: order_id.to_string() }))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_followed_to_its_end_however_often_it_is_told() {
    let env = TestEnv::new().await;
    let (app, kafka) = (Arc::new(env.start::<Inventory>().await), TestKafka::new(&env));
    let product = stocked(&app, 10).await;
    let (paid, cancelled) = (Uuid::now_v7(), Uuid::now_v7());
    for id in [paid, cancelled] {
        assert_eq!(reserve(&app, id, &[(&product, 3)]).await.status(), 201);
    }
    let events = [
        event::<0>("pending", paid),
        event::<0>("pending", cancelled),
        event::<1>("paid", paid),
        event::<2>("cancelled", cancelled),
    ];
    for event in &events {
        for _ in 0..3 {
            kafka.send(event).await;
        }
    }
    eventually("three are sold and three given back", || async {
        let now = levels(&app, &product).await;
        if now == (7, 0, 7) { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
    let movements =
        app.as_admin(Method::GET, &format!("/api/inventory/{product}/movements")).send().await.unwrap();
    let movements: Value = movements.json().await.unwrap();
    let deltas: i64 =
        movements["items"].as_array().unwrap().iter().map(|m| m["delta"].as_i64().unwrap()).sum();
    assert_eq!((deltas, &movements["total"]), (7, &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_wait_in_a_row_act_once_each_whatever_is_among_them() {
    let env = TestEnv::new().await.set("RESERVATION_SECONDS", "6");
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let products = [stocked(&app, 100).await, stocked(&app, 100).await];
    let mut orders = Vec::new();
    for n in 0..30 {
        let id = Uuid::now_v7();
        let lines = [(products[n % 2].as_str(), 1), (products[(n + 1) % 2].as_str(), 2)];
        assert_eq!(reserve(&app, id, &lines).await.status(), 201);
        orders.push(id);
    }
    app.stop().await;
    let mut poison = event::<0>("pending", Uuid::now_v7());
    poison.data["reservation_id"] = json!("nonsense");
    for (n, id) in orders.iter().enumerate() {
        let created = event::<0>("pending", *id);
        kafka.send(&created).await;
        match n % 3 {
            0 => kafka.send(&event::<1>("paid", *id)).await,
            1 => kafka.send(&event::<2>("cancelled", *id)).await,
            _ => kafka.send(&created).await,
        }
        if n == 20 {
            kafka.send(&poison).await;
        }
    }
    let app = env.start::<Inventory>().await;
    // Ten are paid, ten wait to be: three units each, of both products.
    eventually("ten are sold, ten given back and ten kept", || async {
        let now = [levels(&app, &products[0]).await, levels(&app, &products[1]).await];
        if now == [(85, 15, 70); 2] { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
    kafka.dead_letter("order-events", poison.id).await;
    // Those that are kept are kept for their orders: their reservations' time has come by now.
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(levels(&app, &products[0]).await, (85, 15, 70));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_as_good_as_new_is_on_the_shelf_once() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let (lamp, vase) = (product(), stocked(&app, 4).await);
    let elsewhere = json!({ "product_id": lamp, "quantity": 10, "warehouse": "north" });
    let opened = app.as_admin(Method::POST, "/api/inventory").json(&elsewhere).send().await.unwrap();
    assert_eq!(opened.status(), 201);
    let id = Uuid::now_v7();
    assert_eq!(reserve(&app, id, &[(&lamp, 3), (&vase, 1)]).await.status(), 201);
    kafka.send(&event::<0>("pending", id)).await;
    kafka.send(&event::<1>("paid", id)).await;
    let back = |return_id: u32, restock: Value| {
        let mut back = event::<1>("delivered", id);
        back.kind = "return_received".to_owned();
        back.data["return_id"] = json!(return_id);
        back.data["restock"] = restock;
        back
    };
    let unit = |product: &str, n: u32| json!({ "product_id": product, "quantity": n });
    let first = back(1, json!([unit(&vase, 1), unit(&lamp, 1)]));
    for _ in 0..3 {
        kafka.send(&first).await;
    }
    kafka.send(&back(2, json!([]))).await;
    let wrong = back(3, json!([unit(&lamp, 0)]));
    kafka.send(&wrong).await;
    kafka.send(&back(4, json!([unit(&lamp, 1)]))).await;
    eventually("two lamps and the vase are back", || async {
        let now = (levels(&app, &lamp).await, levels(&app, &vase).await);
        if now == ((9, 0, 9), (4, 0, 4)) { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
    let movements = format!("/api/inventory/{lamp}/movements");
    let movements: Value = app.as_admin(Method::GET, &movements).send().await.unwrap().json().await.unwrap();
    let returns: Vec<_> = movements["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|movement| movement["kind"] == "return")
        .map(|movement| (&movement["warehouse"], &movement["delta"]))
        .collect();
    assert_eq!(returns, [(&json!("north"), &json!(1)); 2]);
    kafka.dead_letter("order-events", wrong.id).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_exists_keeps_its_stock_past_the_reservations_time() {
    let env = TestEnv::new().await.set("RESERVATION_SECONDS", "2");
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let product = stocked(&app, 10).await;
    let (ordered, orphan) = (Uuid::now_v7(), Uuid::now_v7());
    assert_eq!(reserve(&app, ordered, &[(&product, 3)]).await.status(), 201);
    kafka.send(&event::<0>("pending", ordered)).await;
    assert_eq!(reserve(&app, orphan, &[(&product, 2)]).await.status(), 201);
    eventually("the orphan expires and the order stays", || async {
        let now = levels(&app, &product).await;
        if now == (10, 3, 7) { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogues_stock_opens_the_record_once_and_changes_are_told() {
    #[derive(Serialize)]
    struct Created {
        product_id: String,
        sku: String,
        initial_stock: u32,
    }
    impl Event for Created {
        const TOPIC: &'static str = "product-events";
        const TYPE: &'static str = "product_created";
        fn key(&self) -> String {
            self.product_id.clone()
        }
    }
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let listener = kafka.listen("inventory-events").await;
    let product = product();
    let created =
        Envelope::new(&Created { product_id: product.clone(), sku: "LT-001".to_owned(), initial_stock: 6 });
    for _ in 0..3 {
        kafka.send(&created).await;
    }
    let first = listener.find(|event| event.kind == "inventory_updated" && event.key == product).await;
    assert_eq!((&first.data["available"], &first.data["in_stock"]), (&json!(6), &json!(true)));
    assert_eq!(reserve(&app, Uuid::now_v7(), &[(&product, 2)]).await.status(), 201);
    let low = listener.find(|event| event.kind == "inventory_low" && event.key == product).await;
    assert_eq!(low.data["available"], 4);
    let second = listener.find(|event| event.kind == "inventory_updated" && event.key == product).await;
    assert!(second.data["version"].as_u64() > first.data["version"].as_u64());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_before_a_crash_is_told_after_it() {
    let env = TestEnv::new().await;
    let kafka = TestKafka::new(&env);
    let listener = kafka.listen("inventory-events").await;
    let app = env.start::<Inventory>().await;
    let product = stocked(&app, 3).await;
    // The change is committed; whether it was told already is up to chance.
    app.kill().await;
    let app = env.start::<Inventory>().await;
    let told = tokio::time::timeout(
        Duration::from_secs(20),
        listener.find(|event| event.key == product && event.data["available"] == 3),
    );
    told.await.unwrap();
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisonous_message_goes_to_the_dead_letters_and_blocks_nobody() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let product = stocked(&app, 5).await;
    let id = Uuid::now_v7();
    assert_eq!(reserve(&app, id, &[(&product, 1)]).await.status(), 201);
    let paid = event::<1>("paid", id);
    let mut poison = event::<1>("paid", id);
    poison.data["reservation_id"] = json!("nonsense");
    kafka.send(&poison).await;
    kafka.send(&paid).await;
    eventually("the good message is handled", || async {
        let now = levels(&app, &product).await;
        if now == (4, 0, 4) { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
    let letter = kafka.dead_letter("order-events", poison.id).await;
    assert!(letter.reason.contains("can't be read"), "{}", letter.reason);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_for_at_the_door_is_off_the_shelf_when_it_leaves() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let (product, id) = (stocked(&app, 10).await, Uuid::now_v7());
    assert_eq!(reserve(&app, id, &[(&product, 3)]).await.status(), 201);
    let step = |from: &'static str, to: &'static str, sold: bool| {
        let mut step = event::<1>(to, id);
        step.data["previous_status"] = json!(from);
        step.data["sold"] = json!(sold);
        step
    };
    kafka.send(&event::<0>("pending", id)).await;
    kafka.send(&step("pending", "confirmed", false)).await;
    kafka.send(&step("confirmed", "shipped", true)).await;
    kafka.send(&step("shipped", "delivered", false)).await;
    let until = async |wanted: (u64, u64, u64)| {
        eventually("the levels are right", || async {
            let now = levels(&app, &product).await;
            if now == wanted { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
    };
    until((7, 0, 7)).await;
    // It is refused at the door, and comes back.
    kafka.send(&event::<2>("cancelled", id)).await;
    until((10, 0, 10)).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refunded_before_it_leaves_is_on_the_shelf_again() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let (product, early, late) = (stocked(&app, 10).await, Uuid::now_v7(), Uuid::now_v7());
    for (id, from) in [(early, "fulfilling"), (late, "delivered")] {
        assert_eq!(reserve(&app, id, &[(&product, 3)]).await.status(), 201);
        let mut refunded = event::<1>("refunded", id);
        refunded.data["previous_status"] = json!(from);
        for event in [event::<0>("pending", id), event::<1>("paid", id), refunded.clone(), refunded] {
            kafka.send(&event).await;
        }
    }
    eventually("one is back and the other is with its customer", || async {
        let now = levels(&app, &product).await;
        if now == (7, 0, 7) { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_beginning_comes_last_keeps_nothing_that_it_should_not() {
    let env = TestEnv::new().await.set("RESERVATION_SECONDS", "1");
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let (product, paid, cancelled) = (stocked(&app, 10).await, Uuid::now_v7(), Uuid::now_v7());
    for id in [paid, cancelled] {
        assert_eq!(reserve(&app, id, &[(&product, 3)]).await.status(), 201);
    }
    let until = async |wanted: (u64, u64, u64)| {
        eventually("the levels are right", || async {
            let now = levels(&app, &product).await;
            if now == wanted { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
    };
    until((10, 0, 10)).await;
    kafka.send(&event::<2>("cancelled", cancelled)).await;
    kafka.send(&event::<1>("paid", paid)).await;
    until((7, 0, 7)).await;
    // The dead letters are sent again.
    for id in [paid, cancelled] {
        kafka.send(&event::<0>("pending", id)).await;
    }
    let last = Uuid::now_v7();
    assert_eq!(reserve(&app, last, &[(&product, 1)]).await.status(), 201);
    let mut behind = event::<1>("paid", last);
    for id in [paid, cancelled] {
        behind.id = Uuid::now_v7();
        behind.key = u64::from(id.as_fields().0).to_string();
        kafka.send(&behind).await;
    }
    until((6, 0, 6)).await;
    app.stop().await;
}
