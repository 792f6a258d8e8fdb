//! Parcels that are away when their order ends: what they hold isn't on the shelf.

use config::kafka::Envelope;
use config::testing::{TestApp, TestEnv, TestKafka};
use inventory_service::Inventory;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    cancelled, created, get, levels_become, paid, reserve, send_in_turn, settle, stocked, told,
};

fn away(reservation: Uuid) -> Envelope {
    told("shipping-events", "shipment_beyond_recall", "in_transit", reservation)
}

fn back(reservation: Uuid) -> Envelope {
    told("shipping-events", "shipment_came_back", "returned", reservation)
}

async fn reserved(app: &TestApp, product: &str, quantity: u32) -> Uuid {
    let id = Uuid::now_v7();
    assert_eq!(reserve(app, id, &[(product, quantity)]).await.status(), 201);
    id
}

async fn start() -> (TestApp, TestKafka) {
    let env = TestEnv::new().await;
    (env.start::<Inventory>().await, TestKafka::new(&env))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_away_is_off_the_shelf_whichever_is_heard_first() {
    let (app, kafka) = start().await;
    let product = stocked(&app, 10).await;
    let (early, late) = (reserved(&app, &product, 3).await, reserved(&app, &product, 2).await);
    for id in [early, late] {
        send_in_turn(&kafka, id, &[&created(id), &paid(id)]).await;
    }
    levels_become(&app, &product, (5, 0, 5)).await;
    kafka.send(&cancelled(late)).await;
    levels_become(&app, &product, (7, 0, 7)).await;
    // Of the early one's end nobody has heard.
    let (early_away, late_away) = (away(early), away(late));
    send_in_turn(&kafka, late, &[&early_away, &early_away, &late_away, &late_away]).await;
    levels_become(&app, &product, (5, 0, 5)).await;
    let ended = cancelled(early);
    let mut unit = told("order-events", "return_received", "delivered", early);
    unit.data["return_id"] = json!(1);
    unit.data["restock"] = json!([{ "product_id": product, "quantity": 1 }]);
    send_in_turn(&kafka, early, &[&ended, &ended, &unit]).await;
    // The unit that was sent back, and no more.
    levels_become(&app, &product, (6, 0, 6)).await;

    // The parcel is back, which is said once more later.
    let (once, more) = (back(late), back(late));
    let marker = reserved(&app, &product, 1).await;
    send_in_turn(&kafka, marker, &[&created(marker), &cancelled(marker)]).await;
    levels_become(&app, &product, (6, 0, 6)).await;
    send_in_turn(&kafka, late, &[&once, &once, &more, &away(marker)]).await;
    levels_become(&app, &product, (7, 0, 7)).await;
    let movements = get(&app, &format!("/api/inventory/{product}/movements?limit=100")).await;
    let moved: Vec<_> = movements["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|movement| (movement["kind"].as_str().unwrap(), movement["delta"].as_i64().unwrap()))
        .collect();
    let count = |kind: &str, delta: i64| moved.iter().filter(|it| **it == (kind, delta)).count();
    // Sold, put back by its order's end, found to be away, back.
    assert_eq!((count("sale", -2), count("return", 2)), (2, 2), "{moved:?}");
    assert_eq!((count("sale", -3), count("return", 1)), (1, 1), "{moved:?}");
    assert_eq!(moved.iter().map(|(_, delta)| delta).sum::<i64>(), 7);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_without_being_sold_is_gone_all_the_same() {
    let (app, kafka) = start().await;
    let product = stocked(&app, 10).await;
    let (early, late) = (reserved(&app, &product, 3).await, reserved(&app, &product, 2).await);
    for id in [early, late] {
        kafka.send(&created(id)).await;
    }
    kafka.send(&cancelled(late)).await;
    levels_become(&app, &product, (10, 3, 7)).await;
    send_in_turn(&kafka, late, &[&away(early), &away(late)]).await;
    levels_become(&app, &product, (8, 3, 5)).await;
    kafka.send(&cancelled(early)).await;
    levels_become(&app, &product, (5, 0, 5)).await;
    kafka.send(&back(early)).await;
    levels_become(&app, &product, (8, 0, 8)).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sold_again_meanwhile_is_not_taken_from_who_bought_it() {
    let (app, kafka) = start().await;
    let product = stocked(&app, 3).await;
    let id = reserved(&app, &product, 3).await;
    for event in [created(id), paid(id), cancelled(id)] {
        kafka.send(&event).await;
    }
    // Nothing but its end makes it available again.
    levels_become(&app, &product, (3, 0, 3)).await;
    let bought = reserved(&app, &product, 2).await;
    kafka.send(&away(id)).await;
    levels_become(&app, &product, (2, 2, 0)).await;
    // What comes back is what was taken: the rest is owed.
    kafka.send(&back(id)).await;
    levels_become(&app, &product, (3, 2, 1)).await;
    let settled = settle(&app, bought, "commit").await;
    assert_eq!(settled.json::<Value>().await.unwrap()["state"], "committed");
    app.stop().await;
}
