//! What the service refuses, and how.

use config::testing::refusal;
use reqwest::Method;
use serde_json::json;

use crate::support::{created, laptop, patch, path, sku, start, wrong_in};

#[tokio::test]
async fn every_wrong_field_is_named() {
    let app = start().await;
    let body = json!({
        "name": " ", "description": "x".repeat(10_001), "price": 1.005, "category": "", "stock": -1,
        "sku": "a b", "images": ["ftp://a/b"], "attributes": { "$where": 1, "a.b": 1, "list": [1] },
        "variants": [{ "sku": "v", "name": "V", "price": -1 }, { "sku": "v", "name": "V" }],
        "weight_grams": 10_000_001, "status": "sold",
    });
    let answer = app.as_admin(Method::POST, "/api/products").json(&body).send().await.unwrap();
    assert_eq!(
        wrong_in(answer).await,
        [
            "name",
            "description",
            "price",
            "category",
            "sku",
            "stock",
            "images[0]",
            "attributes.$where",
            "attributes.a.b",
            "attributes.list",
            "variants[0].price",
            "variants[1].sku",
            "weight_grams",
            "status",
        ]
    );
    let empty = app.as_admin(Method::POST, "/api/products").json(&json!({})).send().await.unwrap();
    assert_eq!(wrong_in(empty).await, ["name", "description", "price", "category", "sku"]);
    let types = json!({ "name": 1, "description": "", "price": "1", "category": [], "sku": { "$ne": "" },
        "images": "x", "attributes": [] });
    let answer = app.as_admin(Method::POST, "/api/products").json(&types).send().await.unwrap();
    assert_eq!(wrong_in(answer).await.len(), 6);
    app.stop().await;
}

#[tokio::test]
async fn a_bad_number_is_refused_and_nothing_is_rounded() {
    let app = start().await;
    let cases = [
        ("price", json!(-1)),
        ("price", json!(1e300)),
        ("stock", json!(1_000_001)),
        ("stock", json!(1.5)),
        ("currency", json!("XYZ")),
        ("weight_grams", json!(-1)),
        (
            "attributes",
            json!((0..51).map(|n| (format!("a{n}"), json!(n))).collect::<serde_json::Map<_, _>>()),
        ),
        ("images", json!(vec!["https://a.example/x"; 21])),
        ("name", json!("null\u{0}byte")),
    ];
    for (member, value) in cases {
        let mut body = laptop(&sku());
        body[member] = value;
        let answer = app.as_admin(Method::POST, "/api/products").json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{member}: {}", answer.text().await.unwrap());
    }
    app.stop().await;
}

#[tokio::test]
async fn refusals_have_the_right_status() {
    let app = start().await;
    let product = created(&app, &laptop(&sku())).await;
    let (path, unknown) = (path(&product), "/api/products/507f1f77bcf86cd799439011");
    let new = laptop(&sku());
    let same = laptop(product["sku"].as_str().unwrap());
    let json_type = ("content-type", "application/json");
    let cases = [
        (app.request(Method::POST, "/api/products").json(&new), 401, "token-missing"),
        (app.as_client(7, Method::POST, "/api/products").json(&new), 403, "not-admin"),
        (app.as_client(7, Method::PUT, &path).json(&new), 403, "not-admin"),
        (app.as_client(7, Method::PATCH, &path).json(&json!({})), 403, "not-admin"),
        (app.as_client(7, Method::DELETE, &path), 403, "not-admin"),
        (app.as_client(7, Method::POST, "/api/products/import").body("sku"), 403, "not-admin"),
        (app.as_admin(Method::POST, "/api/products").json(&same), 409, "sku-taken"),
        (
            app.as_admin(Method::POST, "/api/products").header(json_type.0, json_type.1).body("{"),
            400,
            "malformed-json",
        ),
        (
            app.as_admin(Method::POST, "/api/products")
                .header(json_type.0, json_type.1)
                .body("[".repeat(100_000)),
            400,
            "malformed-json",
        ),
        (
            app.as_admin(Method::POST, "/api/products")
                .header(json_type.0, json_type.1)
                // The server closes what it doesn't want to read; no other request may travel on it.
                .header("connection", "close")
                .body(" ".repeat(2 << 20)),
            413,
            "body-too-large",
        ),
        (app.as_admin(Method::POST, "/api/products").body("x"), 415, "unsupported-media-type"),
        (app.request(Method::GET, unknown), 404, "product-not-found"),
        (app.request(Method::GET, "/api/products/nonsense"), 404, "product-not-found"),
        (app.request(Method::GET, "/api/products/sku/none"), 404, "product-not-found"),
        (app.request(Method::GET, "/api/products/sku/a%20b"), 404, "product-not-found"),
        (app.as_admin(Method::PUT, unknown).json(&new), 404, "product-not-found"),
        (app.as_admin(Method::PATCH, unknown).json(&json!({})), 404, "product-not-found"),
        (app.as_admin(Method::DELETE, unknown), 404, "product-not-found"),
        (app.request(Method::GET, "/api/products?status=archived"), 401, "token-missing"),
        (app.as_client(7, Method::GET, "/api/products?status=archived"), 403, "not-admin"),
        (app.request(Method::GET, "/api/products").bearer_auth("x"), 401, "token-invalid"),
        (app.request(Method::DELETE, "/api/products"), 405, "method-not-allowed"),
        (app.as_admin(Method::GET, "/internal/products?ids=x"), 401, "token-missing"),
    ];
    for (request, status, code) in cases {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers().contains_key("allow"), status == 405);
        let (actual, problem) = refusal(answer).await;
        assert_eq!((actual, problem["code"].as_str().unwrap()), (status, code), "{problem}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_patch_keeps_the_rules() {
    let app = start().await;
    let product = created(&app, &laptop(&sku())).await;
    let other = created(&app, &laptop(&sku())).await;
    let removed = patch(&app, &path(&product), &json!({ "name": null, "price": -1, "sku": "" })).await;
    assert_eq!(wrong_in(removed).await, ["name"]);
    let broken = patch(&app, &path(&product), &json!({ "price": -1, "sku": "" })).await;
    assert_eq!(wrong_in(broken).await, ["price", "sku"]);
    assert_eq!(wrong_in(patch(&app, &path(&product), &json!({ "stock": 5 })).await).await, ["stock"]);
    assert_eq!(patch(&app, &path(&product), &json!([])).await.status(), 422);
    let taken = patch(&app, &path(&product), &json!({ "sku": other["sku"] })).await;
    assert_eq!(taken.status(), 409);
    app.stop().await;
}
