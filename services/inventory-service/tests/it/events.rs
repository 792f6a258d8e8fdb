//! What the service hears and says.

use std::time::Duration;

use config::testing::{TestEnv, TestKafka, event};
use inventory_service::Inventory;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    cancelled, created, get, levels, levels_become, paid, product, reserve, send_in_turn, stocked, updated,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_followed_to_its_end_however_often_it_is_told() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let product = stocked(&app, 10).await;
    let (sold, given_back) = (Uuid::now_v7(), Uuid::now_v7());
    for id in [sold, given_back] {
        assert_eq!(reserve(&app, id, &[(&product, 3)]).await.status(), 201);
    }
    for event in [created(sold), created(given_back), paid(sold), cancelled(given_back)] {
        for _ in 0..3 {
            kafka.send(&event).await;
        }
    }
    levels_become(&app, &product, (7, 0, 7)).await;
    let movements = get(&app, &format!("/api/inventory/{product}/movements")).await;
    let deltas: i64 =
        movements["items"].as_array().unwrap().iter().map(|m| m["delta"].as_i64().unwrap()).sum();
    assert_eq!((deltas, &movements["total"]), (7, &json!(2)));
    app.stop().await;
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
    let mut poison = created(Uuid::now_v7());
    poison.data["reservation_id"] = json!("nonsense");
    for (n, id) in orders.iter().enumerate() {
        let created = created(*id);
        kafka.send(&created).await;
        match n % 3 {
            0 => kafka.send(&paid(*id)).await,
            1 => kafka.send(&cancelled(*id)).await,
            _ => kafka.send(&created).await,
        }
        if n == 20 {
            kafka.send(&poison).await;
        }
    }
    let app = env.start::<Inventory>().await;
    // Ten are paid, ten are cancelled, ten wait: three units each, of both products.
    for product in &products {
        levels_become(&app, product, (85, 15, 70)).await;
    }
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
    kafka.send(&created(id)).await;
    kafka.send(&paid(id)).await;
    let back = |return_id: u32, restock: Value| {
        let mut back = updated("delivered", id);
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
    levels_become(&app, &lamp, (9, 0, 9)).await;
    levels_become(&app, &vase, (4, 0, 4)).await;
    let movements = get(&app, &format!("/api/inventory/{lamp}/movements")).await;
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
    kafka.send(&created(ordered)).await;
    assert_eq!(reserve(&app, orphan, &[(&product, 2)]).await.status(), 201);
    // The orphan expires and the order stays.
    levels_become(&app, &product, (10, 3, 7)).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogues_stock_opens_the_record_once_and_changes_are_told() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let listener = kafka.listen("inventory-events").await;
    let product = product();
    let stock = json!({ "product_id": product, "sku": "LT-001", "initial_stock": 6 });
    let created = event("product-events", "product_created", &product, stock);
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
    let mut poison = paid(id);
    poison.data["reservation_id"] = json!("nonsense");
    kafka.send(&poison).await;
    kafka.send(&paid(id)).await;
    levels_become(&app, &product, (4, 0, 4)).await;
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
    let step = |from: &str, to: &str, sold: bool| {
        let mut step = updated(to, id);
        step.data["previous_status"] = json!(from);
        step.data["sold"] = json!(sold);
        step
    };
    kafka.send(&created(id)).await;
    kafka.send(&step("pending", "confirmed", false)).await;
    kafka.send(&step("confirmed", "shipped", true)).await;
    kafka.send(&step("shipped", "delivered", false)).await;
    levels_become(&app, &product, (7, 0, 7)).await;
    // It is refused at the door, and comes back.
    kafka.send(&cancelled(id)).await;
    levels_become(&app, &product, (10, 0, 10)).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refunded_before_it_leaves_is_on_the_shelf_again() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let (product, early, late) = (stocked(&app, 10).await, Uuid::now_v7(), Uuid::now_v7());
    for (id, from) in [(early, "fulfilling"), (late, "delivered")] {
        assert_eq!(reserve(&app, id, &[(&product, 3)]).await.status(), 201);
        let mut refunded = updated("refunded", id);
        refunded.data["previous_status"] = json!(from);
        for event in [created(id), paid(id), refunded.clone(), refunded] {
            kafka.send(&event).await;
        }
    }
    // One is back and the other is with its customer.
    levels_become(&app, &product, (7, 0, 7)).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_beginning_comes_last_keeps_nothing_that_it_should_not() {
    let env = TestEnv::new().await.set("RESERVATION_SECONDS", "1");
    let (app, kafka) = (env.start::<Inventory>().await, TestKafka::new(&env));
    let (product, sold, given_back) = (stocked(&app, 10).await, Uuid::now_v7(), Uuid::now_v7());
    for id in [sold, given_back] {
        assert_eq!(reserve(&app, id, &[(&product, 3)]).await.status(), 201);
    }
    levels_become(&app, &product, (10, 0, 10)).await;
    send_in_turn(&kafka, sold, &[&cancelled(given_back), &paid(sold)]).await;
    levels_become(&app, &product, (7, 0, 7)).await;
    // The dead letters are sent again.
    let last = Uuid::now_v7();
    assert_eq!(reserve(&app, last, &[(&product, 1)]).await.status(), 201);
    send_in_turn(&kafka, sold, &[&created(sold), &created(given_back), &paid(last)]).await;
    levels_become(&app, &product, (6, 0, 6)).await;
    app.stop().await;
}
