//! What the service hears and says.

use chrono::{DateTime, Utc};
use config::testing::{TestEnv, TestKafka};
use reqwest::Method;
use serde_json::{Value, json};
use shipping_service::Shipping;

use crate::support::{
    SHOPPER, all_heard, cancelled, get, new_shipment, order_event, order_service, paid, put_status, ship,
    shipment_with, shipments_of, start_with_kafka, walk,
};

fn time(text: &Value) -> DateTime<Utc> {
    text.as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_gets_one_shipment_however_often_it_is_told() {
    let (app, kafka) = start_with_kafka().await;
    let heard = kafka.listen("shipping-events").await;
    let (first, again) = (paid(1), paid(1));
    for event in [&first, &first, &first, &again] {
        kafka.send(event).await;
    }
    let shipment = shipment_with(&app, 1, "pending").await;
    assert_eq!(
        (&shipment["user_id"], &shipment["destination_address"]),
        (&json!(SHOPPER), &json!("123 Main St, City"))
    );
    assert_eq!(
        (&shipment["shipping_method"], &shipment["carrier"]),
        (&json!("standard"), &json!("Shop Post"))
    );
    assert_eq!(
        shipment["items"],
        json!([
            { "product_id": "507f1f77bcf86cd799439011", "product_name": "Laptop", "quantity": 2 },
            { "product_id": "507f1f77bcf86cd799439012", "product_name": "Mouse", "quantity": 1 },
        ])
    );
    all_heard(&app, &kafka, 1).await;
    let body = json!({ "status": "picked", "location": "Aisle 3", "note": "fragile" });
    let path = format!("/api/shipments/{}/status", shipment["id"]);
    assert_eq!(app.as_admin(Method::PUT, &path).json(&body).send().await.unwrap().status(), 200);

    let created = heard.find(|event| event.key == "1").await;
    assert_eq!((created.kind.as_str(), created.request_id.as_str()), ("shipment_created", "the-request"));
    let common = json!({
        "shipment_id": shipment["id"], "order_id": 1, "user_id": SHOPPER, "status": "pending",
        "tracking_number": shipment["tracking_number"], "carrier": "Shop Post", "method": "standard",
        "estimated_delivery": created.data["estimated_delivery"], "collected": false, "cash_due": null,
        "currency": null,
    });
    assert_eq!(created.data, common);
    assert_eq!(time(&created.data["estimated_delivery"]), time(&shipment["estimated_delivery"]));
    let updated = heard.find(|event| event.key == "1").await;
    let mut expected = common;
    for (name, value) in
        [("status", "picked"), ("previous_status", "pending"), ("location", "Aisle 3"), ("note", "fragile")]
    {
        expected[name] = json!(value);
    }
    assert_eq!((updated.kind.as_str(), updated.data), ("shipment_updated", expected));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_over_keeps_its_shipment_from_leaving() {
    let (app, kafka) = start_with_kafka().await;
    let heard = kafka.listen("shipping-events").await;
    for order in [1, 2] {
        kafka.send(&paid(order)).await;
        let shipment = shipment_with(&app, order, "pending").await;
        walk(&app, &shipment["id"], &["picked"]).await;
    }
    let refunded = order_event("order_status_updated", 2, "paid", "refunded");
    for event in [cancelled(1, "paid"), refunded] {
        for _ in 0..3 {
            kafka.send(&event).await;
        }
    }
    for order in [1, 2] {
        let shipment = shipment_with(&app, order, "cancelled").await;
        assert_eq!(shipment["version"], 3);
        let told =
            heard.find(|event| event.key == order.to_string() && event.data["status"] == "cancelled").await;
        assert_eq!(told.data["previous_status"], "picked");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_left_goes_on() {
    let (app, kafka) = start_with_kafka().await;
    kafka.send(&paid(1)).await;
    let shipment = shipment_with(&app, 1, "pending").await;
    walk(&app, &shipment["id"], &["picked", "packed", "in_transit"]).await;
    kafka.send(&cancelled(1, "fulfilling")).await;
    all_heard(&app, &kafka, 1).await;
    shipment_with(&app, 1, "in_transit").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_was_never_paid_has_no_shipment() {
    let (app, kafka) = start_with_kafka().await;
    kafka.send(&order_event("order_created", 1, "", "pending")).await;
    kafka.send(&order_event("order_status_updated", 1, "pending", "confirmed")).await;
    kafka.send(&cancelled(1, "confirmed")).await;
    all_heard(&app, &kafka, 1).await;
    assert_eq!(shipments_of(&app, 1).await.len(), 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_told_after_the_cancellation_ships_nothing() {
    let (app, kafka) = start_with_kafka().await;
    kafka.send(&cancelled(1, "paid")).await;
    kafka.send(&paid(1)).await;
    all_heard(&app, &kafka, 1).await;
    assert_eq!(shipments_of(&app, 1).await.len(), 0, "nobody hears of what keeps it from being made");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisonous_message_goes_to_the_dead_letters_and_blocks_nobody() {
    let (app, kafka) = start_with_kafka().await;
    let mut unknown_method = paid(1);
    unknown_method.data["shipping_method"] = json!("teleport");
    let mut unreadable = paid(1);
    unreadable.data["shipping_address"] = json!(5);
    let mut no_address = paid(1);
    no_address.data["shipping_address"] = json!(" ");
    for event in [&unknown_method, &unreadable, &no_address, &paid(1)] {
        kafka.send(event).await;
    }
    shipment_with(&app, 1, "pending").await;
    for (event, reason) in [
        (&unknown_method, "no shipping method teleport"),
        (&unreadable, "can't be read"),
        (&no_address, "shipping_address must be 1 to 500 characters"),
    ] {
        let letter = kafka.dead_letter("order-events", event.id).await;
        assert!(letter.reason.contains(reason), "{}", letter.reason);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_method_still_ships_what_was_ordered_with_it() {
    let (app, kafka) = start_with_kafka().await;
    let retired = app.as_admin(Method::DELETE, "/api/shipments/methods/overnight").send().await.unwrap();
    assert_eq!(retired.status(), 204);
    let mut event = paid(1);
    event.data["shipping_method"] = json!("overnight");
    kafka.send(&event).await;
    assert_eq!(shipment_with(&app, 1, "pending").await["carrier"], "Shop Express");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_before_a_crash_is_told_after_it() {
    let orders = order_service("paid").await;
    let env = TestEnv::new().await.peer("order-service", &orders.uri());
    let kafka = TestKafka::new(&env);
    let heard = kafka.listen("shipping-events").await;
    let app = env.start::<Shipping>().await;
    assert_eq!(ship(&app, &new_shipment(5)).await.status(), 201);
    // The shipment is committed; whether it was told already is up to chance.
    app.kill().await;
    let app = env.start::<Shipping>().await;
    heard.find(|event| event.kind == "shipment_created" && event.key == "5").await;
    let id = get(&app, "/api/shipments?order_id=5").await["items"][0]["id"].clone();
    assert_eq!(put_status(&app, &id, "picked").await.status(), 200);
    heard.find(|event| event.kind == "shipment_updated" && event.key == "5").await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_for_at_the_door_is_sent_before() {
    let (app, kafka) = start_with_kafka().await;
    let with_cash = |mut event: config::kafka::Envelope| {
        event.data["cash_on_delivery"] = json!(true);
        event
    };
    let confirmed =
        |order: u64| with_cash(order_event("order_status_updated", order, "pending", "confirmed"));
    for _ in 0..2 {
        kafka.send(&confirmed(1)).await;
    }
    shipment_with(&app, 1, "pending").await;
    kafka.send(&with_cash(cancelled(1, "confirmed"))).await;
    shipment_with(&app, 1, "cancelled").await;
    // Its money comes early: it has its shipment.
    kafka.send(&confirmed(2)).await;
    let shipment = shipment_with(&app, 2, "pending").await;
    kafka.send(&with_cash(order_event("order_status_updated", 2, "confirmed", "paid"))).await;
    all_heard(&app, &kafka, 2).await;
    // The same parcel, for which nobody takes money at the door any more.
    let now = shipments_of(&app, 2).await;
    assert_eq!((now.len(), &now[0]["id"], &now[0]["status"]), (1, &shipment["id"], &shipment["status"]));
    assert_eq!((&shipment["cash_due"], &now[0]["cash_due"]), (&json!(3009.48), &Value::Null));
    app.stop().await;
}
