//! What the tests share.

use config::kafka::Envelope;
use config::testing::{TestApp, TestEnv, TestKafka, event};
use favourite_service::Favourites;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A catalogue that has every product whose id doesn't begin with `f`, for 100 USD each, 5 of it in stock.
pub struct Shop {
    pub env: TestEnv,
    pub app: TestApp,
    pub kafka: TestKafka,
    pub catalogue: MockServer,
    pub orders: MockServer,
}

impl Shop {
    pub async fn open() -> Self {
        let (catalogue, orders) = (MockServer::start().await, MockServer::start().await);
        let answer = |request: &Request| {
            let (_, id) = request.url.query_pairs().next().unwrap();
            let product = json!({
                "id": id, "name": format!("Product {id}"), "price": 100, "price_minor": 10_000, "currency": "USD",
                "status": "active", "stock": 5, "version": 1,
            });
            let found = if id.starts_with('f') { json!([]) } else { json!([product]) };
            ResponseTemplate::new(200).set_body_json(found)
        };
        Mock::given(method("GET"))
            .and(path("/internal/products"))
            .respond_with(answer)
            .mount(&catalogue)
            .await;
        // One partition: what a test hears comes in the order in which it was said.
        let env = TestEnv::new()
            .await
            .set("KAFKA_PARTITIONS", "1")
            .peer("product-service", &catalogue.uri())
            .peer("order-service", &orders.uri());
        let app = env.start::<Favourites>().await;
        let kafka = TestKafka::new(&env);
        Self { env, app, kafka, catalogue, orders }
    }

    pub async fn wish(&self, user: u64, product: &str) -> Response {
        self.wish_on(user, product, None).await
    }

    pub async fn wish_on(&self, user: u64, product: &str, list: Option<&str>) -> Response {
        let body = json!({ "product_id": product, "list": list });
        self.app.as_client(user, Method::POST, "/api/favourites").json(&body).send().await.unwrap()
    }

    /// Makes a list, and returns its id.
    pub async fn list(&self, user: u64, name: &str) -> u64 {
        let body = json!({ "name": name });
        let answer = self.app.as_client(user, Method::POST, "/api/favourites/lists").json(&body);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let list: Value = answer.json().await.unwrap();
        list["id"].as_u64().unwrap()
    }

    pub async fn get(&self, user: u64, path: &str) -> Value {
        let answer = self.app.as_client(user, Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    pub async fn status(&self, user: u64, method: Method, path: &str) -> u16 {
        self.app.as_client(user, method, path).send().await.unwrap().status().as_u16()
    }
}

/// A product that no other test has.
pub fn product() -> String {
    format!("a{}", &Uuid::new_v4().simple().to_string()[..23])
}

/// The catalogue says that it costs this.
pub fn priced(product: &str, price: u64, version: u64) -> Envelope {
    let data = json!({
        "product_id": product, "name": format!("Product {product}"), "price": price, "currency": "USD",
        "status": "active", "stock": 5, "stock_version": 0, "version": version,
    });
    event("product-events", "product_updated", product, data)
}

/// The stock keeper says that there is so much.
pub fn stocked(product: &str, available: u64, version: u64) -> Envelope {
    reserved(product, available, 0, version)
}

/// The stock keeper says that there is so much, and that others have reserved some more.
pub fn reserved(product: &str, available: u64, reserved: u64, version: u64) -> Envelope {
    let data = json!({
        "product_id": product, "on_hand": available + reserved, "reserved": reserved, "available": available,
        "in_stock": available > 0, "version": version,
    });
    event("inventory-events", "inventory_updated", product, data)
}

/// The account is gone.
pub fn deleted(user: u64) -> Envelope {
    event("user-events", "user_deleted", user, json!({ "user_id": user }))
}
