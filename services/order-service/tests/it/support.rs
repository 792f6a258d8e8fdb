//! What the tests share: the service with the others played around it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use config::kafka::Envelope;
use config::testing::{TestApp, TestEnv, event};
use order_service::Orders;
use rand::Rng as _;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use sqlx::{Connection as _, MySqlConnection};
use uuid::Uuid;
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::others;

/// Where the order goes, unless a test says otherwise.
pub const ADDRESS: &str = "12 Lê Lợi, Huế";

/// The service and those around it.
pub struct Shop {
    pub env: TestEnv,
    pub app: Arc<TestApp>,
    pub products: Catalogue,
    pub catalogue: MockServer,
    pub inventory: MockServer,
    pub shipping: MockServer,
    pub taxes: MockServer,
    pub promotions: MockServer,
}

/// product-service's products, by their ids.
#[derive(Clone, Default)]
pub struct Catalogue(Arc<Mutex<BTreeMap<String, Value>>>);

impl Catalogue {
    /// A new product with a price in minor units.
    pub fn add(&self, price_minor: i64, currency: &str) -> String {
        let id = Uuid::new_v4().simple().to_string()[..24].to_owned();
        self.set(json!({
            "id": id, "name": "Đèn lồng", "price": 0, "price_minor": price_minor, "currency": currency,
            "sku": "L-1", "category": "lamps", "weight_grams": 250, "status": "active", "stock": 5, "version": 1,
        }));
        id
    }

    /// Replaces members of a product.
    pub fn change(&self, id: &str, members: &Value) {
        let mut product = self.0.lock().unwrap()[id].clone();
        product.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        self.set(product);
    }

    fn set(&self, product: Value) {
        self.0.lock().unwrap().insert(product["id"].as_str().unwrap().to_owned(), product);
    }
}

impl Respond for Catalogue {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let ids = request.url.query_pairs().find(|(name, _)| name == "ids").unwrap().1.into_owned();
        let products = self.0.lock().unwrap();
        let found: Vec<_> = ids.split(',').filter_map(|id| products.get(id)).collect();
        ResponseTemplate::new(200).set_body_json(found)
    }
}

impl Shop {
    pub async fn open() -> Self {
        Self::open_with(|env| env).await
    }

    /// With other settings than usual.
    pub async fn open_with(settings: impl FnOnce(TestEnv) -> TestEnv) -> Self {
        let (catalogue, inventory, shipping) =
            tokio::join!(MockServer::start(), MockServer::start(), MockServer::start());
        let (taxes, promotions) = tokio::join!(MockServer::start(), MockServer::start());
        let env = settings(TestEnv::new().await)
            .peer("product-service", &catalogue.uri())
            .peer("inventory-service", &inventory.uri())
            .peer("shipping-service", &shipping.uri())
            .peer("tax-service", &taxes.uri())
            .peer("promotion-service", &promotions.uri());
        let products = Catalogue::default();
        Mock::given(path("/internal/products")).respond_with(products.clone()).mount(&catalogue).await;
        Mock::given(method("POST"))
            .and(path_regex("^/internal/reservations/.+/release$"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({})))
            .mount(&inventory)
            .await;
        Mock::given(path("/internal/reservations"))
            .respond_with(ResponseTemplate::new(201).set_body_json(json!({ "state": "active" })))
            .with_priority(9)
            .mount(&inventory)
            .await;
        others::play_taxes(&taxes).await;
        others::play_promotions(&promotions).await;
        let methods = json!([
            { "code": "standard", "name": "Standard", "carrier": "Shop Post", "price": 0, "free": true },
            { "code": "express", "name": "Express", "carrier": "Shop Post", "price": 14.99, "free": false },
        ]);
        Mock::given(path("/api/shipments/quote"))
            .respond_with(
                ResponseTemplate::new(200).set_body_json(json!({ "currency": "USD", "methods": methods })),
            )
            .mount(&shipping)
            .await;
        let app = Arc::new(env.start::<Orders>().await);
        let shop = Self { env, app, products, catalogue, inventory, shipping, taxes, promotions };
        // Carts' marks in the shared Redis carry order ids: no two tests may have the same.
        let first = rand::rng().random_range(1_u64 << 20..1 << 50);
        shop.sql(&format!("ALTER TABLE orders AUTO_INCREMENT = {first}")).await;
        shop
    }

    pub async fn connection(&self) -> MySqlConnection {
        MySqlConnection::connect(self.env.get("DATABASE_URL")).await.unwrap()
    }

    pub async fn sql(&self, statement: &str) {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        sqlx::raw_sql(statement).execute(&mut self.connection().await).await.unwrap();
    }

    pub async fn count(&self, table: &str) -> i64 {
        let query = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        sqlx::query_scalar(query).fetch_one(&mut self.connection().await).await.unwrap()
    }

    /// A request to place an order of so many of the products.
    pub fn order(&self, user: u64, lines: &[(&str, i64)]) -> RequestBuilder {
        self.app.as_client(user, Method::POST, "/api/orders").json(&order_body(lines))
    }

    /// An order that was placed.
    pub async fn placed(&self, user: u64, lines: &[(&str, i64)]) -> Value {
        let response = self.order(user, lines).send().await.unwrap();
        assert_eq!(response.status(), 201);
        response.json().await.unwrap()
    }

    /// Reads as an administrator.
    pub async fn read(&self, path: &str) -> Value {
        self.app.as_admin(Method::GET, path).send().await.unwrap().json().await.unwrap()
    }

    pub async fn status(&self, order: u64) -> String {
        self.read(&format!("/api/orders/{order}")).await["status"].as_str().unwrap().to_owned()
    }

    /// Moves an order as an administrator.
    pub async fn move_to(&self, order: u64, status: &str) -> Response {
        let request = self.app.as_admin(Method::PUT, &format!("/api/orders/{order}"));
        request.json(&json!({ "status": status })).send().await.unwrap()
    }

    /// What inventory-service was asked to do, by the end of the path.
    pub async fn asked_inventory(&self, end: &str) -> Vec<Request> {
        let mut all = self.inventory.received_requests().await.unwrap();
        all.retain(|request| request.url.path().ends_with(end));
        all
    }
}

pub fn order_body(lines: &[(&str, i64)]) -> Value {
    let items: Vec<_> =
        lines.iter().map(|(product, n)| json!({ "product_id": product, "quantity": n })).collect();
    json!({ "items": items, "shipping_address": ADDRESS })
}

/// A user that no other test has.
pub fn user() -> u64 {
    rand::rng().random_range(1_000..1 << 50)
}

pub fn id(order: &Value) -> u64 {
    order["id"].as_u64().unwrap()
}

/// How a request is refused.
pub async fn refusal(request: RequestBuilder) -> (u16, Value) {
    config::testing::refusal(request.send().await.unwrap()).await
}

/// payment-service's event about a whole order.
pub fn payment(kind: &str, order: &Value, more: &Value) -> Envelope {
    let mut data = json!({
        "payment_id": 7, "order_id": order["id"], "user_id": order["user_id"], "amount": order["total_amount"],
        "currency": order["currency"], "payment_method": "credit_card", "transaction_id": "t-1",
    });
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event("payment-events", kind, id(order), data)
}

/// shipping-service's event about an order.
pub fn shipment(order: &Value, state: &str) -> Envelope {
    let data =
        json!({ "shipment_id": 9, "order_id": order["id"], "status": state, "tracking_number": "SP1" });
    event("shipping-events", "shipment_updated", id(order), data)
}
