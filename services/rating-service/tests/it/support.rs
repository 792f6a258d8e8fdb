//! What the tests share.

use config::kafka::Envelope;
use config::testing::{TestApp, TestEnv, event};
use rating_service::Ratings;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A catalogue that has every product whose id doesn't begin with `f`.
pub struct Shop {
    pub env: TestEnv,
    pub app: TestApp,
    pub catalogue: MockServer,
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(|env| env).await
    }

    pub async fn with(set: impl FnOnce(TestEnv) -> TestEnv) -> Self {
        let catalogue = MockServer::start().await;
        let answer = |request: &Request| {
            let (_, id) = request.url.query_pairs().next().unwrap();
            let product =
                json!({ "id": id, "name": format!("Product {id}"), "version": 1, "status": "active" });
            let found = if id.starts_with('f') { json!([]) } else { json!([product]) };
            ResponseTemplate::new(200).set_body_json(found)
        };
        Mock::given(method("GET"))
            .and(path("/internal/products"))
            .respond_with(answer)
            .mount(&catalogue)
            .await;
        let env = set(TestEnv::new().await.peer("product-service", &catalogue.uri()));
        let app = env.start::<Ratings>().await;
        Self { env, app, catalogue }
    }

    /// Adds a rating, and returns its id.
    pub async fn rated(&self, user: u64, product: &str, stars: u8) -> u64 {
        let answer = rate(&self.app, user, product, stars).await;
        assert_eq!(answer.status(), 201);
        let rating: Value = answer.json().await.unwrap();
        rating["id"].as_u64().unwrap()
    }

    pub async fn get(&self, path: &str) -> Value {
        get(&self.app, path).await
    }
}

/// A product that no other test has.
pub fn product() -> String {
    format!("a{}", &Uuid::new_v4().simple().to_string()[..23])
}

pub async fn rate(app: &TestApp, user: u64, product: &str, stars: u8) -> Response {
    let body = json!({ "product_id": product, "rating": stars, "comment": format!("{stars} of 5") });
    app.as_client(user, Method::POST, "/api/ratings").json(&body).send().await.unwrap()
}

pub async fn get(app: &TestApp, path: &str) -> Value {
    let answer = app.request(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// The numbers of ratings by stars, from one to five.
pub fn histogram(summary: &Value) -> [u64; 5] {
    ["1", "2", "3", "4", "5"].map(|stars| summary["histogram"][stars].as_u64().unwrap())
}

/// An order's event; `version` grows with each.
pub fn order_event(order: u64, user: u64, product: &str, status: &str, version: u64) -> Envelope {
    let kind = if status == "cancelled" { "order_cancelled" } else { "order_status_updated" };
    let data = json!({
        "order_id": order, "user_id": user, "status": status, "version": version,
        "items": [{ "product_id": product, "product_name": "x", "quantity": 1, "price": 1 }],
    });
    event("order-events", kind, order, data)
}
