//! What was kept back by hand, or has come back, and is sent again.

use std::sync::Arc;

use config::testing::refusal;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{
    all_heard, get, new_shipment, orders_are, paid, ship, shipment_with, shipments_of, shipped,
    start_with_all, start_with_orders, walk,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_here_of_an_order_that_goes_on_is_sent_again() {
    let (app, _orders, kafka) = start_with_all("shipped").await;
    let heard = kafka.listen("shipping-events").await;
    let first = shipped(&app, 5).await;
    let (status, problem) = refusal(ship(&app, &new_shipment(5)).await).await;
    assert_eq!((status, &problem["code"]), (409, &json!("shipment-exists")));

    let mut former = first.clone();
    for (way, last) in [
        (&["picked", "cancelled"][..], "cancelled"),
        (&["picked", "packed", "in_transit", "failed", "returned"], "returned"),
    ] {
        walk(&app, &first["id"], way).await;
        let body = json!({ "order_id": 5, "destination_address": "2 Other St", "shipping_method": "pickup" });
        let answer = ship(&app, &body).await;
        assert_eq!(answer.status(), 201);
        let again: Value = answer.json().await.unwrap();
        assert_eq!((&again["id"], &again["status"]), (&first["id"], &json!("pending")));
        assert_ne!(again["tracking_number"], former["tracking_number"]);
        assert_eq!(
            (&again["destination_address"], &again["shipping_method"], &again["carrier"]),
            (&json!("2 Other St"), &json!("pickup"), &json!("Shop"))
        );
        assert_eq!(again["items"], first["items"], "the same goods");
        assert_eq!((&again["shipped_at"], &again["collected"]), (&json!(null), &json!(true)));
        assert_eq!(get(&app, &format!("/api/shipments/{}", first["id"])).await, again);
        let told = heard.find(|event| event.data["previous_status"] == last).await;
        assert_eq!((told.kind.as_str(), &told.data["status"]), ("shipment_updated", &json!("pending")));
        assert_eq!(told.data["tracking_number"], again["tracking_number"]);
        let number = former["tracking_number"].as_str().unwrap();
        let old = app.request(Method::GET, &format!("/api/shipments/track/{number}")).send().await.unwrap();
        assert_eq!(refusal(old).await.0, 404, "nobody has that number any more");
        former = again;
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_told_again_sends_nothing_again() {
    let (app, _orders, kafka) = start_with_all("paid").await;
    kafka.send(&paid(1)).await;
    let id = shipment_with(&app, 1, "pending").await["id"].clone();
    walk(&app, &id, &["cancelled"]).await;
    kafka.send(&paid(1)).await;
    all_heard(&app, &kafka, 1).await;
    shipment_with(&app, 1, "cancelled").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_send_it_again_at_once_send_it_once() {
    let (app, _orders, _kafka) = start_with_all("paid").await;
    let app = Arc::new(app);
    let id = shipped(&app, 5).await["id"].clone();
    walk(&app, &id, &["cancelled"]).await;
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let app = app.clone();
        tasks.spawn(async move { ship(&app, &new_shipment(5)).await.status().as_u16() });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (201, &[409; 19][..]));
    assert_eq!(shipments_of(&app, 5).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_order_that_does_not_go_on_is_sent_again() {
    let (app, orders) = start_with_orders("paid").await;
    let id = shipped(&app, 5).await["id"].clone();
    walk(&app, &id, &["cancelled"]).await;
    for (status, code) in [
        ("cancelled", "order-is-over"),
        ("refunded", "order-is-over"),
        ("delivered", "order-is-over"),
        ("confirmed", "order-not-paid"),
    ] {
        orders_are(&orders, json!({ "status": status })).await;
        let (answer, problem) = refusal(ship(&app, &new_shipment(5)).await).await;
        assert_eq!((answer, &problem["code"]), (409, &json!(code)), "{status}");
    }
    app.stop().await;
}
