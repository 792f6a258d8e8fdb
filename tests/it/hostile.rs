//! Whatever is sent, the answer is a clear refusal, and never our failure.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use system_tests::{Shop, Shopper};

/// A refusal as problem+json.
async fn refused(answer: Response, statuses: &[u16]) -> Value {
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type").cloned();
    let text = answer.text().await.unwrap();
    assert!(statuses.contains(&status), "{status}, not {statuses:?}: {text}");
    assert_eq!(kind.unwrap(), "application/problem+json", "{text}");
    let problem: Value = serde_json::from_str(&text).unwrap();
    for member in ["type", "title", "status", "detail", "instance", "code", "request_id"] {
        assert!(!problem[member].is_null(), "{member} is missing: {problem}");
    }
    problem
}

async fn order(shopper: &Shopper, body: String) -> Response {
    let request = shopper.request(Method::POST, "/api/orders/").header("Content-Type", "application/json");
    request.body(body).send().await.unwrap()
}

#[tokio::test]
async fn bodies_that_are_no_orders() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 5).await);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let lines = |quantity: Value| json!({ "items": [{ "product_id": product, "quantity": quantity }], "shipping_address": "123 Main St" });
    let with = |address: &str| {
        json!({ "items": [{ "product_id": product, "quantity": 1 }], "shipping_address": address })
            .to_string()
    };
    let cases: Vec<(String, &[u16])> = vec![
        ("x".repeat(10 << 20), &[413]),
        (deep, &[400]),
        ("{".to_owned(), &[400]),
        (String::new(), &[400]),
        ("null".to_owned(), &[422]),
        ("[]".to_owned(), &[422]),
        (with("a\0b"), &[422]),
        (with(""), &[422]),
        (with(&"x".repeat(100_000)), &[422]),
        (lines(json!(-1)).to_string(), &[422]),
        (lines(json!(0)).to_string(), &[422]),
        (lines(json!(99_999_999_999_999_999_i64)).to_string(), &[422]),
        (lines(json!(1.5)).to_string(), &[422]),
        (lines(json!("1; DROP TABLE orders")).to_string(), &[422]),
        (json!({ "items": [{ "product_id": { "$gt": "" }, "quantity": 1 }], "shipping_address": "x" }).to_string(), &[422]),
        (json!({ "items": [{ "product_id": "' OR 1=1 --", "quantity": 1 }], "shipping_address": "x" }).to_string(), &[422]),
        (json!({ "items": vec![json!({ "product_id": product, "quantity": 1 }); 5000], "shipping_address": "x" }).to_string(), &[422]),
    ];
    for (body, statuses) in cases {
        refused(order(&shopper, body).await, statuses).await;
    }
    let several = json!({ "items": [{ "product_id": "x", "quantity": -1 }], "shipping_address": "" });
    let problem = refused(order(&shopper, several.to_string()).await, &[422]).await;
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(3), "every wrong field at once: {problem}");
}

#[tokio::test]
async fn operators_in_fields_are_just_text() {
    let shop = Shop::shared().await;
    for login in [
        json!({ "username": { "$ne": null }, "password": { "$ne": null } }),
        json!({ "username": "admin' --", "password": "x" }),
        json!({ "username": "admin", "password": ["Admin123!"] }),
        json!({ "username": "admin\0", "password": "Admin123!" }),
    ] {
        let answer = shop.post("/api/users/login", &login).send().await.unwrap();
        refused(answer, &[401, 422]).await;
    }
    for query in [
        "category[$ne]=x",
        "min_price=abc",
        "limit=-1",
        "limit=100000",
        "skip=-5",
        "sort=;drop",
        "min_price=1e999",
        "cursor=%00",
    ] {
        let answer = shop.get(&format!("/api/products/?{query}")).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success() || status == 422 || status == 400, "{query}: {status}");
        assert!(query.starts_with("category") || !status.is_success(), "{query} was accepted");
    }
}

#[tokio::test]
async fn money_is_never_rounded() {
    let shop = Shop::shared().await;
    for price in [json!(1.005), json!(-1), json!("10"), json!(1e18)] {
        let product =
            json!({ "name": "x", "description": "x", "price": price, "category": "x", "sku": "X-1" });
        let answer = shop.admin(Method::POST, "/api/products/").json(&product).send().await.unwrap();
        let problem = refused(answer, &[422]).await;
        assert_eq!(problem["errors"][0]["field"], "price", "{problem}");
    }
}

#[tokio::test]
async fn paths_methods_and_types() {
    let shop = Shop::shared().await;
    for path in [
        "/",
        "/api",
        "/api/nothing",
        "/api/orders/1/nothing",
        "/api/products/not-an-id",
        "/api/products/507f1f77bcf86cd799439011",
        "/.env",
        "/metrics",
    ] {
        let answer = shop.admin(Method::GET, path).send().await.unwrap();
        refused(answer, &[404]).await;
    }
    let answer = shop.admin(Method::PATCH, "/api/orders/").send().await.unwrap();
    assert_eq!(
        answer.headers().get("allow").map(|allow| allow.to_str().unwrap().contains("POST")),
        Some(true)
    );
    refused(answer, &[405]).await;
    let xml = shop.admin(Method::POST, "/api/products/").header("Content-Type", "text/xml").body("<x/>");
    refused(xml.send().await.unwrap(), &[415]).await;
}

#[tokio::test]
async fn request_ids_come_back() {
    let shop = Shop::shared().await;
    let answer = shop.get("/api/products/").header("X-Request-Id", "abc-123").send().await.unwrap();
    assert_eq!(
        (answer.status(), answer.headers()["x-request-id"].to_str().unwrap()),
        (StatusCode::OK, "abc-123")
    );
    let answer = shop.get("/api/nothing").header("X-Request-Id", "bad id {}").send().await.unwrap();
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(refused(answer, &[404]).await["request_id"], id);
    assert_ne!(id, "bad id {}");
}
