//! What a shipment keeps of its order: where it goes, and what is due for it.

use config::testing::refusal;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    all_heard, cancelled, get, new_shipment, order_event, orders_are, paid, put_status, ship, shipment_with,
    shipments_of, shipped, start_with_all, start_with_kafka, start_with_orders, walk,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_paid_for_is_not_shipped_by_hand() {
    let (app, orders) = start_with_orders("paid").await;
    let cases = [
        (json!({ "status": "pending" }), Some("order-not-paid")),
        (json!({ "status": "pending", "cash_on_delivery": true }), Some("order-not-paid")),
        (json!({ "status": "confirmed", "cash_on_delivery": false }), Some("order-not-paid")),
        (json!({ "status": "delivered" }), Some("order-is-over")),
        (json!({ "status": "refunded" }), Some("order-is-over")),
        (json!({ "status": "confirmed", "cash_on_delivery": true, "paid_amount": 0 }), None),
        (json!({ "status": "fulfilling" }), None),
        (json!({ "status": "shipped", "cash_on_delivery": true, "paid_amount": 3000 }), None),
    ];
    for (id, (order, refused)) in (1..).zip(cases) {
        orders_are(&orders, order.clone()).await;
        let answer = ship(&app, &new_shipment(id)).await;
        if let Some(code) = refused {
            let (status, problem) = refusal(answer).await;
            assert_eq!((status, &problem["code"]), (409, &json!(code)), "{order}");
            assert_eq!(shipments_of(&app, id).await.len(), 0);
            continue;
        }
        assert_eq!(answer.status(), 201, "{order}");
        let shipment: Value = answer.json().await.unwrap();
        let due = match order["status"] == "confirmed" {
            true => (json!(3009.48), json!("USD")),
            false => (Value::Null, Value::Null),
        };
        assert_eq!((&shipment["cash_due"], &shipment["currency"]), (&due.0, &due.1), "{order}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_at_the_door_is_told_until_it_is_paid_otherwise() {
    let (app, kafka) = start_with_kafka().await;
    let heard = kafka.listen("shipping-events").await;
    let at_the_door = |from: &str, to: &str, paid: f64| {
        let mut event = order_event("order_status_updated", 1, from, to);
        event.data["cash_on_delivery"] = json!(true);
        event.data["paid_amount"] = json!(paid);
        event
    };
    kafka.send(&at_the_door("pending", "confirmed", 0.0)).await;
    let shipment = shipment_with(&app, 1, "pending").await;
    assert_eq!((&shipment["cash_due"], &shipment["currency"]), (&json!(3009.48), &json!("USD")));
    let created = heard.find(|event| event.kind == "shipment_created").await;
    assert_eq!((&created.data["cash_due"], &created.data["currency"]), (&json!(3009.48), &json!("USD")));

    kafka.send(&at_the_door("confirmed", "paid", 3009.48)).await;
    // A dead letter that is sent again.
    kafka.send(&at_the_door("pending", "confirmed", 0.0)).await;
    all_heard(&app, &kafka, 1).await;
    let shipment = get(&app, &format!("/api/shipments/{}", shipment["id"])).await;
    assert_eq!((&shipment["cash_due"], &shipment["version"]), (&json!(null), &json!(2)));
    walk(&app, &shipment["id"], &["picked"]).await;
    let updated = heard.find(|event| event.kind == "shipment_updated").await;
    assert_eq!((&updated.data["cash_due"], &updated.data["currency"]), (&json!(null), &json!(null)));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_goes_where_its_order_was_last_said_to_go_while_it_is_here() {
    let (app, _orders, kafka) = start_with_all("paid").await;
    let readdressed = |order: u64, address: &str, version: u64| {
        let mut event = order_event("order_readdressed", order, "", "paid");
        event.data["shipping_address"] = json!(address);
        event.data["version"] = json!(version);
        event
    };
    for order in [1, 2, 3] {
        kafka.send(&paid(order)).await;
        shipment_with(&app, order, "pending").await;
    }
    let shipment = shipment_with(&app, 1, "pending").await;
    walk(&app, &shipment["id"], &["picked", "packed"]).await;
    let gone = shipment_with(&app, 2, "pending").await;
    walk(&app, &gone["id"], &["picked", "packed", "in_transit"]).await;
    let newest = readdressed(1, "3 New St", 5);
    for event in [&readdressed(1, "2 Other St", 4), &newest, &newest, &readdressed(1, "2 Other St", 4)] {
        kafka.send(event).await;
    }
    kafka.send(&readdressed(2, "3 New St", 5)).await;
    kafka.send(&cancelled(3, "paid")).await;
    kafka.send(&readdressed(3, "3 New St", 5)).await;
    // It has no shipment yet, and none because of this.
    kafka.send(&readdressed(4, "3 New St", 5)).await;
    for order in [1, 2, 3, 4] {
        all_heard(&app, &kafka, order).await;
    }
    for (order, status, address) in [
        (1, "packed", "3 New St"),
        (2, "in_transit", "123 Main St, City"),
        (3, "cancelled", "123 Main St, City"),
    ] {
        assert_eq!(shipment_with(&app, order, status).await["destination_address"], address);
    }
    assert_eq!(shipment_with(&app, 1, "packed").await["version"], 5, "two moves and two addresses");
    assert_eq!(shipments_of(&app, 4).await.len(), 0);

    // What an operator wrote when the order was at version 4 stands until somebody says something newer.
    let by_hand = shipped(&app, 7).await;
    kafka.send(&readdressed(7, "2 Other St", 4)).await;
    all_heard(&app, &kafka, 7).await;
    assert_eq!(shipment_with(&app, 7, "pending").await, by_hand);
    kafka.send(&readdressed(7, "3 New St", 5)).await;
    all_heard(&app, &kafka, 7).await;
    assert_eq!(shipment_with(&app, 7, "pending").await["destination_address"], "3 New St");
    let wrong = readdressed(7, " ", 6);
    kafka.send(&wrong).await;
    let letter = kafka.dead_letter("order-events", wrong.id).await;
    assert!(letter.reason.contains("shipping_address must be 1 to 500 characters"), "{}", letter.reason);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_customer_fetches_is_handed_over_without_a_carrier() {
    let (app, kafka) = start_with_kafka().await;
    let heard = kafka.listen("shipping-events").await;
    let mut fetched = paid(1);
    fetched.data["shipping_method"] = json!("pickup");
    kafka.send(&fetched).await;
    let shipment = shipment_with(&app, 1, "pending").await;
    assert_eq!(shipment["collected"], true);
    // What was made so stays so.
    let carried =
        json!({ "name": "By van", "carrier": "Van", "estimated_days_min": 0, "estimated_days_max": 1 });
    let path = "/api/shipments/methods/pickup";
    let changed = app.as_admin(Method::PUT, path).json(&carried).send().await.unwrap();
    assert_eq!(changed.json::<Value>().await.unwrap()["collected"], false);
    walk(&app, &shipment["id"], &["picked", "packed", "delivered"]).await;
    let delivered = get(&app, &format!("/api/shipments/{}", shipment["id"])).await;
    assert!(delivered["delivered_at"].is_string() && delivered["shipped_at"].is_null(), "{delivered}");
    let told = heard.find(|event| event.data["status"] == "delivered").await;
    assert_eq!((&told.data["collected"], &told.data["previous_status"]), (&json!(true), &json!("packed")));

    kafka.send(&paid(2)).await;
    let carried = shipment_with(&app, 2, "pending").await;
    walk(&app, &carried["id"], &["picked", "packed"]).await;
    let (status, problem) = refusal(put_status(&app, &carried["id"], "delivered").await).await;
    assert_eq!((status, &problem["legal"]), (409, &json!(["in_transit", "cancelled"])));
    app.stop().await;
}
