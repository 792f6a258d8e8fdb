//! What the tests share.

use std::sync::Arc;

use config::kafka::Envelope;
use config::testing::{TestApp, TestEnv, event};
use promotion_service::Promotions;
use rand::Rng as _;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

/// A product that no other test has.
pub fn product() -> String {
    Uuid::new_v4().simple().to_string()[..24].to_owned()
}

/// A user that no other test has.
pub fn user() -> u64 {
    rand::rng().random_range(1_000..1 << 50)
}

pub async fn start() -> Arc<TestApp> {
    Arc::new(TestEnv::new().await.start::<Promotions>().await)
}

/// A promotion's body: ten per cent that anybody gets, with these members changed.
pub fn terms(members: &Value) -> Value {
    let mut body = json!({
        "description": "Ten per cent off", "kind": "percentage", "discount_percentage": 10,
        "start_date": "2025-01-01", "end_date": "2099-12-31",
    });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

/// Adds a promotion.
pub async fn promotion(app: &TestApp, members: &Value) -> Value {
    let answer = app.as_admin(Method::POST, "/api/promotions").json(&terms(members)).send().await.unwrap();
    let (status, promotion): (_, Value) = (answer.status(), answer.json().await.unwrap());
    assert_eq!(status, 201, "{promotion}");
    promotion
}

/// How often a promotion is used: reserved and used.
pub async fn uses(app: &TestApp, promotion: &Value) -> (u64, u64) {
    let promotion = get(app, &format!("/api/promotions/{}", promotion["id"])).await;
    (promotion["reserved_count"].as_u64().unwrap(), promotion["used_count"].as_u64().unwrap())
}

/// Reads as an administrator.
pub async fn get(app: &TestApp, path: &str) -> Value {
    app.as_admin(Method::GET, path).send().await.unwrap().json().await.unwrap()
}

/// A basket of 2 × 1500 USD, with these members changed.
pub fn basket(members: &Value) -> Value {
    let mut body = json!({
        "user_id": null, "code": null, "currency": "USD",
        "lines": [{ "product_id": product(), "category": "Electronics", "quantity": 2, "price": 1500 }],
    });
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

/// What promotions make of a basket.
pub async fn quote(app: &TestApp, basket: &Value) -> Value {
    let request = app.as_service(Method::POST, "/internal/promotions/quote").json(basket);
    let answer = request.send().await.unwrap();
    let (status, quote): (_, Value) = (answer.status(), answer.json().await.unwrap());
    assert_eq!(status, 200, "{quote}");
    quote
}

/// Asks for a reservation.
pub async fn try_reserve(app: &TestApp, id: Uuid, basket: &Value) -> Response {
    let path = format!("/internal/promotions/reservations/{id}");
    app.as_service(Method::PUT, &path).json(basket).send().await.unwrap()
}

/// A reservation that is answered.
pub async fn reserve(app: &TestApp, id: Uuid, basket: &Value) -> Value {
    let answer = try_reserve(app, id, basket).await;
    let (status, reserved): (_, Value) = (answer.status(), answer.json().await.unwrap());
    assert_eq!(status, 200, "{reserved}");
    reserved
}

pub async fn release(app: &TestApp, id: Uuid) {
    let path = format!("/internal/promotions/reservations/{id}/release");
    assert_eq!(app.as_service(Method::POST, &path).send().await.unwrap().status(), 204);
}

/// An order's event, as far as promotions are concerned.
pub fn order_event(kind: &str, order: u64, user: u64, members: &Value) -> Envelope {
    let mut data = json!({ "order_id": order, "user_id": user, "status": "pending" });
    data.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    event("order-events", kind, order, data)
}
