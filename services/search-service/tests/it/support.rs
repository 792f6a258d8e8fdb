//! What the tests share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use config::kafka::Envelope;
use config::testing::{TestApp, TestEnv, event, eventually};
use redis::aio::MultiplexedConnection;
use reqwest::Method;
use search_service::Finder;
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::matchers::{header_exists, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// product-service's catalogue.
#[derive(Clone, Default)]
pub struct Catalogue(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    products: BTreeMap<String, Value>,
    away: bool,
}

impl Catalogue {
    /// A product that the catalogue has; its name begins with `name`.
    pub fn add(&self, name: &str) -> Value {
        let id = id();
        let product = json!({
            "product_id": id, "name": name, "description": "Quiet & light, with a <b>handle</b>.",
            "price": 49.5, "currency": "USD", "category": "Home & Kitchen", "sku": format!("T-{id}"),
            "images": [], "attributes": { "brand": "Morrow", "colour": "Black" }, "weight_grams": 100,
            "stock": 5, "stock_version": 0, "status": "active", "average_rating": 0.0, "rating_count": 0,
            "rating_version": 0, "version": 1, "created_at": "2026-01-02T03:04:05Z",
            "updated_at": "2026-01-02T03:04:05Z",
        });
        self.set(&product);
        product
    }

    pub fn set(&self, product: &Value) {
        self.0.lock().unwrap().products.insert(text(product, "product_id"), product.clone());
    }

    /// The product with these members in its next version. As with product-service, the catalogue knows before anybody is
    /// told: other tests order that indexes are made anew, and those are made from it.
    pub fn update(&self, product: &mut Value, members: &Value) -> Envelope {
        next(product, members);
        self.set(product);
        told(product, "product_updated")
    }

    pub fn archive(&self, product: &mut Value) -> Envelope {
        next(product, &json!({ "status": "archived" }));
        self.set(product);
        told(product, "product_archived")
    }

    /// Whether nobody answers for it.
    pub fn away(&self, away: bool) {
        self.0.lock().unwrap().away = away;
    }
}

impl Respond for Catalogue {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let state = self.0.lock().unwrap();
        if state.away {
            return ResponseTemplate::new(503);
        }
        let parameter =
            |name| request.url.query_pairs().find(|(it, _)| it == name).map(|(_, it)| it.into_owned());
        // Small parts, so that there are many.
        let limit = parameter("limit").unwrap().parse::<usize>().unwrap().min(3);
        let after = parameter("after").unwrap_or_default();
        let items: Vec<&Value> = state
            .products
            .range(after.clone()..)
            .filter(|(id, _)| **id > after)
            .map(|(_, it)| it)
            .take(limit)
            .collect();
        let next = items.last().filter(|_| items.len() == limit).map(|last| text(last, "product_id"));
        let page = json!({ "count": items.len(), "items": items, "total": state.products.len(), "next_cursor": next });
        ResponseTemplate::new(200).set_body_json(page)
    }
}

/// The service and the catalogue behind it.
pub struct Shop {
    pub env: TestEnv,
    pub catalogue: Catalogue,
    _server: MockServer,
}

impl Shop {
    pub async fn new() -> Self {
        let (server, catalogue) = (MockServer::start().await, Catalogue::default());
        Mock::given(method("GET"))
            .and(path("/internal/products/export"))
            .and(header_exists("x-service-token"))
            .respond_with(catalogue.clone())
            .mount(&server)
            .await;
        let env = TestEnv::new().await.peer("product-service", &server.uri());
        Self { env, catalogue, _server: server }
    }

    /// An instance whose index is made.
    pub async fn start(&self) -> TestApp {
        let app = self.env.start::<Finder>().await;
        ready(&app).await;
        app
    }

    pub async fn redis(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.env.get("REDIS_URL")).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }
}

pub async fn ready(app: &TestApp) {
    eventually("the index is made", || async {
        match app.request(Method::GET, "/health").send().await.unwrap().status().as_u16() {
            200 => Ok(()),
            status => Err(status.to_string()),
        }
    })
    .await;
}

/// A word that no other test searches for.
pub fn word() -> String {
    let letters = Uuid::new_v4().simple().to_string();
    letters.chars().map(|c| c.to_digit(16).map_or(c, |n| (b'a' + n as u8) as char)).take(20).collect()
}

pub fn id() -> String {
    Uuid::new_v4().simple().to_string()[..24].to_owned()
}

pub fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}")).to_owned()
}

pub async fn get(app: &TestApp, path: &str) -> Value {
    let answer = app.request(Method::GET, path).send().await.unwrap();
    let (status, body): (_, Value) = (answer.status(), answer.json().await.unwrap());
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// The ids of what is found.
pub async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let answer = get(app, &format!("/api/search?{query}")).await;
    answer["results"].as_array().unwrap().iter().map(|hit| text(hit, "id")).collect()
}

pub async fn finds(app: &TestApp, query: &str, expected: &[&Value]) {
    let expected: Vec<String> = expected.iter().map(|product| text(product, "product_id")).collect();
    eventually(&format!("{query} finds {expected:?}"), || async {
        let found = found(app, query).await;
        if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
}

/// product-service's word on a product.
fn told(product: &Value, kind: &str) -> Envelope {
    event("product-events", kind, text(product, "product_id"), product.clone())
}

pub fn created(product: &Value) -> Envelope {
    told(product, "product_created")
}

fn next(product: &mut Value, members: &Value) {
    let version = product["version"].as_u64().unwrap() + 1;
    let product = product.as_object_mut().unwrap();
    product.extend(members.as_object().unwrap().clone());
    product.insert("version".to_owned(), version.into());
}

pub fn stock(product: &Value, available: u64, version: u64) -> Envelope {
    let id = text(product, "product_id");
    let data = json!({
        "product_id": id, "on_hand": available, "reserved": 0, "available": available,
        "in_stock": available > 0, "version": version,
    });
    event("inventory-events", "inventory_updated", id, data)
}

pub fn rating(product: &Value, average: f64, version: u64) -> Envelope {
    let id = text(product, "product_id");
    let data = json!({ "product_id": id, "average": average, "count": version, "version": version });
    event("rating-events", "rating_changed", id, data)
}

/// An order of these products that has come to `status`.
pub fn order(order: u64, status: &str, products: &[&Value]) -> Envelope {
    let items: Vec<Value> =
        products.iter().map(|it| json!({ "product_id": it["product_id"], "quantity": 1 })).collect();
    let data = json!({ "order_id": order, "status": status, "previous_status": "pending", "items": items });
    event("order-events", "order_status_updated", order, data)
}
