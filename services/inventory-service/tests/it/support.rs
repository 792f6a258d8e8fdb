//! What the tests share.

use config::testing::{TestApp, TestEnv};
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

pub async fn get(app: &TestApp, path: &str) -> Value {
    app.as_admin(Method::GET, path).send().await.unwrap().json().await.unwrap()
}
