//! What the tests share.

use std::sync::atomic::{AtomicU64, Ordering};

use config::kafka::Envelope;
use config::testing::{TestApp, TestEnv, TestKafka, event, eventually};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use shipping_service::Shipping;
use uuid::Uuid;
use wiremock::matchers::path_regex;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// Whose orders they are.
pub const SHOPPER: u64 = 7;
/// Somebody else.
pub const STRANGER: u64 = 8;

pub async fn start() -> TestApp {
    TestEnv::new().await.start::<Shipping>().await
}

/// An order-service where every order exists, with this status, except order 404.
pub async fn order_service(status: &'static str) -> MockServer {
    let server = MockServer::start().await;
    orders_are(&server, json!({ "status": status })).await;
    server
}

/// From now on every order has these members.
pub async fn orders_are(server: &MockServer, members: Value) {
    server.reset().await;
    let answer = move |request: &Request| {
        let id: u64 = request.url.path().rsplit('/').next().unwrap().parse().unwrap();
        let mut order = json!({ "id": id, "user_id": SHOPPER, "version": 4,
            "total_amount": 3009.48, "currency": "USD", "payable": false });
        order.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        match id {
            404 => ResponseTemplate::new(404),
            _ => ResponseTemplate::new(200).set_body_json(order),
        }
    };
    Mock::given(path_regex("^/internal/orders/[0-9]+$")).respond_with(answer).mount(server).await;
}

/// The service beside such an order-service.
pub async fn start_with_orders(status: &'static str) -> (TestApp, MockServer) {
    let orders = order_service(status).await;
    let app = TestEnv::new().await.peer("order-service", &orders.uri()).start::<Shipping>().await;
    (app, orders)
}

/// The service beside such an order-service, and the Kafka it listens to.
pub async fn start_with_all(status: &'static str) -> (TestApp, MockServer, TestKafka) {
    let orders = order_service(status).await;
    let env = TestEnv::new().await.peer("order-service", &orders.uri());
    (env.start::<Shipping>().await, orders, TestKafka::new(&env))
}

pub fn new_shipment(order: u64) -> Value {
    json!({
        "order_id": order,
        "destination_address": "123 Main St, City",
        "shipping_method": "express",
        "items": [{ "product_id": "507f1f77bcf86cd799439011", "product_name": "Laptop", "quantity": 2 }],
    })
}

pub async fn ship(app: &TestApp, body: &Value) -> Response {
    app.as_admin(Method::POST, "/api/shipments").json(body).send().await.unwrap()
}

pub async fn shipped(app: &TestApp, order: u64) -> Value {
    let answer = ship(app, &new_shipment(order)).await;
    assert_eq!(answer.status(), 201);
    answer.json().await.unwrap()
}

pub async fn put_status(app: &TestApp, id: &Value, status: &str) -> Response {
    let body = json!({ "status": status });
    app.as_admin(Method::PUT, &format!("/api/shipments/{id}/status")).json(&body).send().await.unwrap()
}

/// Moves the shipment through these.
pub async fn walk(app: &TestApp, id: &Value, statuses: &[&str]) {
    for status in statuses {
        assert_eq!(put_status(app, id, status).await.status(), 200, "{status}");
    }
}

pub async fn get(app: &TestApp, path: &str) -> Value {
    let answer = app.as_admin(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// What order-service says about an order of the shopper.
pub fn order_event(kind: &str, order: u64, previous: &str, status: &str) -> Envelope {
    let data = json!({
        "order_id": order,
        "user_id": SHOPPER,
        "previous_status": previous,
        "status": status,
        "items": [
            { "product_id": "507f1f77bcf86cd799439011", "product_name": "Laptop", "quantity": 2,
              "price": 1499.99, "weight_grams": 1800 },
            { "product_id": "507f1f77bcf86cd799439012", "product_name": "Mouse", "quantity": 1,
              "price": 9.5, "weight_grams": 100 },
        ],
        "total_amount": 3009.48,
        "currency": "USD",
        "shipping_address": "123 Main St, City",
        "shipping_method": "standard",
        "reservation_id": Uuid::now_v7(),
        "version": 3,
    });
    Envelope { request_id: "the-request".to_owned(), ..event("order-events", kind, order, data) }
}

pub fn paid(order: u64) -> Envelope {
    order_event("order_status_updated", order, "pending", "paid")
}

pub fn cancelled(order: u64, previous: &str) -> Envelope {
    order_event("order_cancelled", order, previous, "cancelled")
}

/// Until the service has handled all that it was told of the order before this: a partition keeps its order.
pub async fn all_heard(app: &TestApp, kafka: &TestKafka, order: u64) {
    static OTHERS: AtomicU64 = AtomicU64::new(1_000_000);
    let other = OTHERS.fetch_add(1, Ordering::Relaxed);
    let mut last = paid(other);
    last.key = order.to_string();
    kafka.send(&last).await;
    shipment_with(app, other, "pending").await;
}

/// Every shipment of the order.
pub async fn shipments_of(app: &TestApp, order: u64) -> Vec<Value> {
    let page = get(app, &format!("/api/shipments?order_id={order}")).await;
    page["items"].as_array().unwrap().clone()
}

/// The order's shipment, once it has this status.
pub async fn shipment_with(app: &TestApp, order: u64, status: &str) -> Value {
    eventually(&format!("order {order} has a shipment that is {status}"), || async {
        let shipments = shipments_of(app, order).await;
        match shipments.as_slice() {
            [one] if one["status"] == status => Ok(one.clone()),
            other => Err(format!("{other:?}")),
        }
    })
    .await
}

/// The service, and the Kafka it listens to.
pub async fn start_with_kafka() -> (TestApp, TestKafka) {
    let env = TestEnv::new().await;
    (env.start::<Shipping>().await, TestKafka::new(&env))
}
