//! What holds for every path, as the API documents list them: whatever is added there is tested here.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Shop, Shopper};

use super::{answered, has, refused, unique, whole};

const SERVICES: [&str; 13] = [
    "discovery-service",
    "favourite-service",
    "inventory-service",
    "notification-service",
    "order-service",
    "payment-service",
    "product-service",
    "promotion-service",
    "rating-service",
    "search-service",
    "shipping-service",
    "tax-service",
    "user-service",
];

/// A path of an API document, and its operations by method.
struct Path {
    template: String,
    operations: Vec<(Method, Value)>,
}

impl Path {
    /// With something of the right kind for each parameter. It needn't exist.
    fn filled(&self) -> String {
        let fill = |part: &str| match part {
            "{product_id}" => "f".repeat(24),
            part if part.starts_with('{') => "1".to_owned(),
            part => part.to_owned(),
        };
        self.template.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    /// Files have one name.
    fn is_file(&self) -> bool {
        self.template.ends_with(".json")
    }

    fn get(&self) -> Option<&Value> {
        self.operations.iter().find(|(method, _)| method == Method::GET).map(|(_, operation)| operation)
    }
}

/// Everything that clients may ask the services for.
async fn paths(shop: &Shop) -> Vec<Path> {
    let mut all = Vec::new();
    for service in SERVICES.iter().filter(|service| **service != "discovery-service") {
        let document = answered(shop.get(&format!("/docs/{service}/openapi.json")), 200).await;
        let paths = document["paths"].as_object().unwrap();
        let public = paths.iter().filter(|(template, _)| !template.starts_with("/internal/"));
        all.extend(public.map(|(template, operations)| path(template, operations)));
    }
    assert!(all.len() > 100, "the documents are read: {}", all.len());
    all
}

fn path(template: &str, operations: &Value) -> Path {
    let operations = operations.as_object().unwrap().iter();
    let operations = operations
        .filter_map(|(method, operation)| Some((method.to_uppercase().parse().ok()?, operation.clone())));
    Path { template: template.to_owned(), operations: operations.collect() }
}

#[tokio::test]
async fn who_must_sign_in_is_told_so() {
    let shop = Shop::shared().await;
    for path in paths(&shop).await {
        for (method, operation) in &path.operations {
            if operation["security"].is_array() {
                let request = shop.request(method.clone(), &path.filled()).json(&json!({}));
                let (headers, problem) = whole(request, 401).await;
                assert!(headers.contains_key("www-authenticate"), "{method} {}", path.template);
                assert_eq!(problem["status"], 401, "{problem}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_json_is_400_and_json_of_another_shape_is_422() {
    let shop = Shop::shared().await;
    for path in paths(&shop).await {
        for (method, operation) in &path.operations {
            if operation["requestBody"]["content"]["application/json"].is_object() {
                let request = || shop.admin(method.clone(), &path.filled());
                let broken = request().header("Content-Type", "application/json").body("{");
                refused(broken, 400, "malformed-json").await;
                let problem = refused(request().json(&json!([])), 422, "invalid-fields").await;
                has(&problem["errors"][0], &json!({ "field": "body", "code": "wrong-type" }));
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_method_is_405_and_names_the_right_ones_with_and_without_the_slash() {
    let shop = Shop::shared().await;
    for path in paths(&shop).await.iter().filter(|path| !path.is_file()) {
        let methods: BTreeSet<_> = path.operations.iter().map(|(method, _)| method.to_string()).collect();
        if methods.contains("PATCH") {
            continue;
        }
        for slash in ["", "/"] {
            let url = format!("{}{slash}", path.filled());
            let request = shop.admin(Method::PATCH, &url).json(&json!({}));
            let (headers, problem) = whole(request, 405).await;
            assert_eq!(headers["content-type"], "application/problem+json", "{problem}");
            let allow = headers["allow"].to_str().unwrap();
            let named: BTreeSet<_> = allow.split(", ").map(str::to_owned).collect();
            assert!(named.is_superset(&methods), "{url}: {allow}, not {methods:?}");
        }
    }
}

#[tokio::test]
async fn reads_answer_alike_with_and_without_the_slash() {
    let shop = Shop::shared().await;
    // A stream doesn't end.
    let endless = ["/api/notifications/stream"];
    for path in paths(&shop).await {
        let (Some(_), false) = (path.get(), path.is_file() || endless.contains(&&*path.template)) else {
            continue;
        };
        let mut statuses = Vec::new();
        for slash in ["", "/"] {
            let answer = super::send(shop.admin(Method::GET, &format!("{}{slash}", path.filled()))).await;
            statuses.push(answer.status().as_u16());
        }
        assert_eq!(statuses[0], statuses[1], "{}", path.template);
        // What has no parameter is there; some want a query.
        let is_there = path.template.contains('{') || [200, 422].contains(&statuses[0]);
        assert!(is_there, "{}: {}", path.template, statuses[0]);
    }
}

#[tokio::test]
async fn unknown_paths_of_each_service_are_404() {
    let shop = Shop::shared().await;
    let firsts: BTreeSet<String> = paths(&shop).await.iter().map(|path| first_of(&path.template)).collect();
    for first in firsts {
        for slash in ["", "/"] {
            refused(shop.admin(Method::GET, &format!("{first}/1/no/such/thing{slash}")), 404, "not-found")
                .await;
        }
    }
    refused(shop.get("/api/discovery/nothing"), 404, "not-found").await;
}

/// `/api/orders` of `/api/orders/{id}/history`.
fn first_of(template: &str) -> String {
    template.split('/').take(3).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_service_has_its_documentation_and_one_page_reaches_them_all() {
    let shop = Shop::shared().await;
    let health = answered(shop.get("/health"), 200).await;
    let index = shop.get("/docs").send().await.unwrap().text().await.unwrap();
    for service in SERVICES {
        let state = &health["services"][service];
        assert!(state["instances"].is_u64() && state["healthy"].as_u64() >= Some(1), "{service}: {health}");
        assert!(index.contains(&format!("/docs/{service}")), "{service} is on the page");
        let page = shop.get(&format!("/docs/{service}")).send().await.unwrap();
        assert_eq!(page.status(), 200, "{service}");
        assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{service}");
        let document = answered(shop.get(&format!("/docs/{service}/openapi.json")), 200).await;
        assert_eq!(document["info"]["title"], service);
        // What operators ask for is on the service's own port only.
        for private in ["health", "livez", "metrics"] {
            refused(shop.get(&format!("/docs/{service}/{private}")), 404, "not-found").await;
        }
    }
}

#[tokio::test]
async fn every_answer_carries_a_request_id_and_the_limits() {
    let shop = Shop::shared().await;
    for (path, class) in
        [("/api/products/", "default"), ("/api/nothing", "default"), ("/api/users/login", "login")]
    {
        let answer = super::send(shop.get(path)).await;
        let policy = answer.headers()["ratelimit-policy"].to_str().unwrap();
        assert!(policy.starts_with(&format!("\"{class}\";q=")), "{path}: {policy}");
        assert!(!answer.headers()["x-request-id"].is_empty());
    }
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for traceparent in [parent, "nonsense"] {
        answered(shop.get("/api/products/?limit=1").header("traceparent", traceparent), 200).await;
    }
}

/// What has a version: how to read it, how to change it, and who may.
async fn versioned(shop: &Shop, shopper: &Shopper) -> Vec<(String, Method, String, Value)> {
    let product = shop.product(10.0, 20).await;
    let (order, _) = shopper.ordered(&[(&product, 1)]).await;
    let promotion = json!({ "code": unique("V").to_uppercase(), "description": "For a test", "kind": "percentage",
        "discount_percentage": 5, "start_date": "2025-01-01", "end_date": "2099-12-31", "is_public": true });
    let new = answered(shop.admin(Method::POST, "/api/promotions/").json(&promotion), 201).await;
    let of = |path: String, method, body| (path.clone(), method, path, body);
    vec![
        of(format!("/api/products/{product}"), Method::PATCH, json!({ "price": 11 })),
        of(format!("/api/orders/{order}"), Method::PUT, json!({ "shipping_address": "2 Main St" })),
        of(format!("/api/inventory/{product}"), Method::PUT, json!({ "quantity": 30 })),
        of(format!("/api/promotions/{}", new["id"]), Method::PUT, promotion),
    ]
}

#[tokio::test]
async fn what_was_read_is_changed_only_if_it_is_still_so() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    for (read, method, path, body) in versioned(&shop, &shopper).await {
        let change = |tag: &str| shop.admin(method.clone(), &path).header("If-Match", tag).json(&body);
        let (headers, _) = whole(shopper.request(Method::GET, &read), 200).await;
        let before = headers["etag"].to_str().unwrap().to_owned();
        let unchanged = shopper.request(Method::GET, &read).header("If-None-Match", &before);
        let (headers, nothing) = whole(unchanged, 304).await;
        assert_eq!((headers["etag"].to_str().unwrap(), nothing), (before.as_str(), Value::Null), "{path}");

        answered(change(&before), 200).await;
        refused(change(&before), 412, "stale-version").await;
        let again = shopper.request(Method::GET, &read).header("If-None-Match", &before);
        let (headers, _) = whole(again, 200).await;
        assert_ne!(headers["etag"], before.as_str(), "{path}");
    }
}

#[tokio::test]
async fn an_idempotency_key_is_visible_text_of_at_most_255_characters() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 20).await);
    let order = |key: &str| shopper.order(&[(&product, 1)]).header("Idempotency-Key", key);
    for key in ["x".repeat(256), "a b".to_owned()] {
        assert_eq!(super::wrong_fields(order(&key)).await, ["Idempotency-Key"]);
    }
    let longest = unique("k").repeat(15);
    assert_eq!(longest.len(), 255);
    let first = answered(order(&longest), 201).await;
    let (headers, again) = whole(order(&longest), 201).await;
    assert_eq!((&headers["idempotent-replayed"], &again), (&"true".parse().unwrap(), &first));
    assert_eq!(shopper.get("/api/orders/").await["total"], 1);
}
