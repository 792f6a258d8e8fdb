//! What the tests share.

use config::kafka::Envelope;
use config::testing::{TestApp, TestEnv, TestKafka, event, eventually};
use inventory_service::Inventory;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

/// A product that no other test has.
pub fn product() -> String {
    let id = Uuid::new_v4().simple().to_string();
    id[..24].to_owned()
}

pub async fn start() -> TestApp {
    TestEnv::new().await.start::<Inventory>().await
}

/// Opens a record with this much on hand.
pub async fn stocked(app: &TestApp, on_hand: u32) -> String {
    let product = product();
    let body = json!({ "product_id": product, "quantity": on_hand });
    let answer = app.as_admin(Method::POST, "/api/inventory").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    product
}

/// Asks for a reservation; `lines` are products and quantities.
pub async fn reserve(app: &TestApp, id: Uuid, lines: &[(&str, u32)]) -> Response {
    let items: Vec<_> =
        lines.iter().map(|(product, n)| json!({ "product_id": product, "quantity": n })).collect();
    let body = json!({ "reservation_id": id, "items": items });
    app.as_service(Method::POST, "/internal/reservations").json(&body).send().await.unwrap()
}

/// `commit` or `release`.
pub async fn settle(app: &TestApp, id: Uuid, how: &str) -> Response {
    app.as_service(Method::POST, &format!("/internal/reservations/{id}/{how}")).send().await.unwrap()
}

/// On hand, reserved, available.
pub async fn levels(app: &TestApp, product: &str) -> (u64, u64, u64) {
    let stock = get(app, &format!("/api/inventory/{product}")).await;
    let of = |name: &str| stock[name].as_u64().unwrap();
    (of("on_hand"), of("reserved"), of("available"))
}

/// Until on hand, reserved and available are these.
pub async fn levels_become(app: &TestApp, product: &str, wanted: (u64, u64, u64)) {
    eventually("the levels are right", || async {
        let now = levels(app, product).await;
        if now == wanted { Ok(()) } else { Err(format!("{now:?}")) }
    })
    .await;
}

/// The order that a reservation is for: each has its own.
fn order_of(reservation: Uuid) -> u64 {
    u64::from_be_bytes(*reservation.as_fields().3) >> 32
}

/// What another service says of a reservation's order, as far as stock is concerned.
pub fn told(topic: &str, kind: &str, status: &str, reservation: Uuid) -> Envelope {
    let order = order_of(reservation);
    let data = json!({ "order_id": order, "reservation_id": reservation, "status": status });
    event(topic, kind, order, data)
}

pub fn created(reservation: Uuid) -> Envelope {
    told("order-events", "order_created", "pending", reservation)
}

/// The order has this status now.
pub fn updated(status: &str, reservation: Uuid) -> Envelope {
    told("order-events", "order_status_updated", status, reservation)
}

pub fn paid(reservation: Uuid) -> Envelope {
    updated("paid", reservation)
}

pub fn cancelled(reservation: Uuid) -> Envelope {
    told("order-events", "order_cancelled", "cancelled", reservation)
}

/// Sends the events under the key of this reservation's order: a partition keeps their order.
pub async fn send_in_turn(kafka: &TestKafka, key: Uuid, events: &[&Envelope]) {
    for event in events {
        let mut event = (*event).clone();
        event.key = order_of(key).to_string();
        kafka.send(&event).await;
    }
}

pub async fn get(app: &TestApp, path: &str) -> Value {
    app.as_admin(Method::GET, path).send().await.unwrap().json().await.unwrap()
}
