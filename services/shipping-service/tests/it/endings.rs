//! The end of an order, whatever its shipment is doing.

use config::testing::{TestApp, TestEnv, TestKafka, eventually, refusal};
use reqwest::Method;
use serde_json::{Value, json};
use shipping_service::Shipping;

use crate::support::{
    all_heard, cancelled, new_shipment, order_event, paid, put_status, ship, shipment_with, shipments_of,
    shipped, start_with_all, start_with_kafka, walk,
};

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_before_the_order_ended_ships_nothing_after_it() {
    // order-service still says what it said when it was asked.
    let (app, _orders, kafka) = start_with_all("paid").await;
    kafka.send(&cancelled(5, "pending")).await;
    all_heard(&app, &kafka, 5).await;
    let (status, problem) = refusal(ship(&app, &new_shipment(5)).await).await;
    assert_eq!((status, &problem["code"]), (409, &json!("order-is-over")));
    assert_eq!(shipments_of(&app, 5).await.len(), 0);
    let track = app.as_admin(Method::GET, "/api/shipments/5/track").send().await.unwrap();
    assert_eq!(refusal(track).await.0, 404);

    // One that was kept back by hand stays so, too.
    let id = shipped(&app, 6).await["id"].clone();
    walk(&app, &id, &["cancelled"]).await;
    kafka.send(&cancelled(6, "paid")).await;
    all_heard(&app, &kafka, 6).await;
    let (status, problem) = refusal(ship(&app, &new_shipment(6)).await).await;
    assert_eq!((status, &problem["code"]), (409, &json!("order-is-over")));
    shipment_with(&app, 6, "cancelled").await;
    app.stop().await;
}

/// An order's parcel, gone so far.
async fn parcel(app: &TestApp, order: u64, way: &[&str]) -> Value {
    let id = shipment_with(app, order, "pending").await["id"].clone();
    walk(app, &id, way).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_that_are_away_when_their_order_ends_are_told_of_until_they_are_back() {
    let (app, kafka) = start_with_kafka().await;
    let heard = kafka.listen("shipping-events").await;
    kafka.send(&paid(1)).await;
    let id = parcel(&app, 1, &["picked", "packed", "in_transit", "out_for_delivery", "failed"]).await;
    let end = cancelled(1, "fulfilling");
    let mut refunded = order_event("order_status_updated", 1, "cancelled", "refunded");
    refunded.data["reservation_id"] = end.data["reservation_id"].clone();
    for event in [&end, &end, &refunded] {
        kafka.send(event).await;
    }
    all_heard(&app, &kafka, 1).await;
    shipment_with(&app, 1, "failed").await;
    assert_eq!(put_status(&app, &id, "returned").await.status(), 200);

    let of_reservation = |event: &config::kafka::Envelope| event.data["reservation_id"].is_string();
    let gone = heard.find(of_reservation).await;
    assert_eq!((gone.kind.as_str(), gone.key.as_str()), ("shipment_beyond_recall", "1"));
    assert_eq!(gone.data["reservation_id"], end.data["reservation_id"]);
    assert_eq!((&gone.data["shipment_id"], &gone.data["status"]), (&id, &json!("failed")));
    let back = heard.find(of_reservation).await;
    assert_eq!(back.kind, "shipment_came_back", "it was said once that they are away");
    assert_eq!(back.data["reservation_id"], end.data["reservation_id"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_goods_that_are_where_their_order_takes_them_for() {
    let (app, kafka) = start_with_kafka().await;
    let heard = kafka.listen("shipping-events").await;
    for order in [1, 2, 3] {
        kafka.send(&paid(order)).await;
    }
    // Refunded as one that has left; cancelled when its parcel is back; and at last one that is away.
    let left = ["picked", "packed", "in_transit"];
    parcel(&app, 1, &left).await;
    parcel(&app, 2, &["picked", "packed", "in_transit", "returned"]).await;
    parcel(&app, 3, &left).await;
    let ends = [
        order_event("order_status_updated", 1, "shipped", "refunded"),
        cancelled(2, "shipped"),
        order_event("order_status_updated", 3, "paid", "refunded"),
    ];
    for end in ends {
        let order = end.data["order_id"].as_u64().unwrap();
        kafka.send(&end).await;
        all_heard(&app, &kafka, order).await;
    }
    let gone = heard.find(|event| event.kind == "shipment_beyond_recall").await;
    assert_eq!(gone.key, "3");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_shipment_from_being_made_is_forgotten_when_nothing_can_make_one_any_more() {
    let env = TestEnv::new().await;
    let (app, kafka) = (env.start::<Shipping>().await, TestKafka::new(&env));
    kafka.send(&paid(3)).await;
    shipment_with(&app, 3, "pending").await;
    for order in [1, 2, 3] {
        kafka.send(&cancelled(order, "pending")).await;
        all_heard(&app, &kafka, order).await;
    }
    app.stop().await;

    let db = env.db().await;
    // The third one's shipment is as old.
    let old = "UPDATE shipments SET created_at = created_at - INTERVAL 181 DAY WHERE order_id IN (1, 3)";
    sqlx::query(old).execute(db.pool()).await.unwrap();
    let app = env.start::<Shipping>().await;
    eventually("the old one is gone", || async {
        let select = "SELECT order_id FROM shipments WHERE order_id <= 3 ORDER BY order_id";
        let orders: Vec<u64> = sqlx::query_scalar(select).fetch_all(db.pool()).await.unwrap();
        if orders == [2, 3] { Ok(()) } else { Err(format!("{orders:?}")) }
    })
    .await;
    assert_eq!(shipment_with(&app, 3, "cancelled").await["version"], 2);
    app.stop().await;
}
