//! What the tests share.

use std::time::Duration;

use config::kafka::Envelope;
use config::testing::{TestApp, TestEnv, TestListener, event, refusal, wrong_fields};
use product_service::Catalogue;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

/// A SKU that no other test has.
pub fn sku() -> String {
    format!("T-{}", Uuid::new_v4().simple())
}

pub async fn start() -> TestApp {
    TestEnv::new().await.start::<Catalogue>().await
}

/// A good product.
pub fn laptop(sku: &str) -> Value {
    json!({
        "name": "Laptop Pro 14", "description": "Light and quick.", "price": 1499.99, "category": "Laptops",
        "stock": 50, "sku": sku, "images": ["https://shop.example/laptop.jpg"],
        "attributes": { "brand": "Novo", "ram_gb": 16, "screen_inches": 14.2, "touch": false },
        "variants": [{ "sku": format!("{sku}-32"), "name": "32 GB", "price": 1699, "attributes": { "ram_gb": 32 } }],
        "weight_grams": 1400,
    })
}

/// Adds a product and gives it as it is shown.
pub async fn created(app: &TestApp, body: &Value) -> Value {
    let answer = app.as_admin(Method::POST, "/api/products").json(body).send().await.unwrap();
    let (status, product): (_, Value) = (answer.status(), answer.json().await.unwrap());
    assert_eq!(status, 201, "{product}");
    product
}

pub fn id(product: &Value) -> String {
    product["id"].as_str().unwrap().to_owned()
}

pub fn path(product: &Value) -> String {
    format!("/api/products/{}", id(product))
}

pub async fn get(app: &TestApp, path: &str) -> Value {
    app.as_admin(Method::GET, path).send().await.unwrap().json().await.unwrap()
}

pub async fn patch(app: &TestApp, path: &str, body: &Value) -> Response {
    app.as_admin(Method::PATCH, path).json(body).send().await.unwrap()
}

pub async fn internal(app: &TestApp, ids: &str) -> Response {
    app.as_service(Method::GET, &format!("/internal/products?ids={ids}")).send().await.unwrap()
}

/// The names of the fields for which a request was refused.
pub async fn wrong_in(answer: Response) -> Vec<String> {
    let (status, problem) = refusal(answer).await;
    assert_eq!(status, 422, "{problem}");
    wrong_fields(&problem).into_iter().map(str::to_owned).collect()
}

/// The next event of this product.
pub async fn told(listener: &TestListener, kind: &str, product: &str) -> Envelope {
    let search = listener.find(|event| event.kind == kind && event.key == product);
    tokio::time::timeout(Duration::from_secs(25), search).await.unwrap_or_else(|_| panic!("no {kind}"))
}

/// inventory-service's word on a product.
pub fn stock_change(product: &str, available: i64, version: u64) -> Envelope {
    let data = json!({ "product_id": product, "available": available, "version": version });
    event("inventory-events", "inventory_updated", product, data)
}

/// rating-service's.
pub fn rating_change(product: &str, average: f64, count: u64, version: u64) -> Envelope {
    let data = json!({ "product_id": product, "average": average, "count": count, "version": version });
    event("rating-events", "rating_changed", product, data)
}
