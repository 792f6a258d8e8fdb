//! A product's life, by hand.

use config::testing::refusal;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{created, get, id, internal, laptop, patch, path, sku, start};

#[tokio::test]
async fn a_product_is_added_and_shown() {
    let app = start().await;
    let sku = sku();
    let product = created(&app, &laptop(&sku)).await;
    assert_eq!((product["id"].as_str().unwrap().len(), &product["_id"]), (24, &product["id"]));
    for (member, value) in [
        ("price", json!(1499.99)),
        ("currency", json!("USD")),
        ("stock", json!(50)),
        ("in_stock", json!(true)),
        ("status", json!("active")),
        ("version", json!(1)),
        ("rating_count", json!(0)),
        ("attributes", json!({ "brand": "Novo", "ram_gb": 16, "screen_inches": 14.2, "touch": false })),
    ] {
        assert_eq!(product[member], value, "{member}");
    }
    assert_eq!(product["variants"][0]["price"], 1699);
    let slashed = app.request(Method::GET, &format!("{}/", path(&product))).send().await.unwrap();
    assert_eq!(slashed.headers()["etag"], "\"1\"");
    assert_eq!(slashed.json::<Value>().await.unwrap(), product);
    assert_eq!(get(&app, &format!("/api/products/sku/{sku}")).await, product);
    app.stop().await;
}

#[tokio::test]
async fn the_least_that_a_product_needs_is_enough() {
    let app = start().await;
    let body = json!({ "name": "Pen", "description": "", "price": 0, "category": "Office", "sku": sku() });
    let product = created(&app, &body).await;
    assert_eq!((&product["stock"], &product["images"]), (&json!(0), &json!([])));
    let dong = json!({ "name": "Bút", "description": "", "price": 29_990_000, "currency": "VND",
        "category": "Office", "sku": sku() });
    assert_eq!(created(&app, &dong).await["price"], 29_990_000);
    app.stop().await;
}

#[tokio::test]
async fn a_product_is_replaced() {
    let app = start().await;
    let product = created(&app, &laptop(&sku())).await;
    let body = json!({ "name": "Laptop", "description": "New.", "price": 10, "category": "Old", "sku": sku(),
        "stock": 999 });
    let replaced = app.as_admin(Method::PUT, &path(&product)).json(&body).send().await.unwrap();
    assert_eq!((replaced.status().as_u16(), &replaced.headers()["etag"]), (200, &"\"2\"".parse().unwrap()));
    let replaced: Value = replaced.json().await.unwrap();
    assert_eq!(get(&app, &path(&product)).await, replaced);
    // What isn't named is gone; the stock is inventory-service's.
    assert_eq!((&replaced["attributes"], &replaced["stock"]), (&json!({}), &json!(50)));
    assert_eq!(replaced["created_at"], product["created_at"]);
    // The same again is no change.
    let again = app.as_admin(Method::PUT, &path(&product)).json(&body).send().await.unwrap();
    assert_eq!(again.headers()["etag"], "\"2\"");
    // More may have come since than a new one begins with, and is written back as it was read.
    let mut much = body.clone();
    much["stock"] = json!(1_000_001);
    let again = app.as_admin(Method::PUT, &path(&product)).json(&much).send().await.unwrap();
    assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (200, &"\"2\"".parse().unwrap()));
    app.stop().await;
}

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let app = start().await;
    let product = created(&app, &laptop(&sku())).await;
    let change =
        json!({ "price": 1299.5, "attributes": { "touch": null, "colour": "grey" }, "images": null });
    let patched = patch(&app, &path(&product), &change).await;
    assert_eq!(patched.status(), 200);
    let patched: Value = patched.json().await.unwrap();
    assert_eq!((&patched["price"], &patched["images"]), (&json!(1299.5), &json!([])));
    let attributes = json!({ "brand": "Novo", "ram_gb": 16, "screen_inches": 14.2, "colour": "grey" });
    assert_eq!(patched["attributes"], attributes);
    assert_eq!((&patched["name"], &patched["variants"]), (&product["name"], &product["variants"]));
    app.stop().await;
}

#[tokio::test]
async fn an_archived_product_is_still_shown_and_can_come_back() {
    let app = start().await;
    let product = created(&app, &laptop(&sku())).await;
    for _ in 0..2 {
        let gone = app.as_admin(Method::DELETE, &path(&product)).send().await.unwrap();
        assert_eq!(gone.status(), 204);
    }
    let shown: Value = app.request(Method::GET, &path(&product)).send().await.unwrap().json().await.unwrap();
    assert_eq!((&shown["status"], &shown["version"]), (&json!("archived"), &json!(2)));
    assert_eq!(get(&app, "/api/products").await["total"], 0);
    assert_eq!(get(&app, "/api/products?status=archived").await["items"][0]["id"], product["id"]);
    // Its SKU stays its own.
    let body = laptop(product["sku"].as_str().unwrap());
    let taken = app.as_admin(Method::POST, "/api/products").json(&body).send().await.unwrap();
    assert_eq!(taken.status(), 409);
    let back = patch(&app, &path(&product), &json!({ "status": "active" })).await;
    assert_eq!(back.json::<Value>().await.unwrap()["status"], "active");
    assert_eq!(get(&app, "/api/products").await["total"], 1);
    app.stop().await;
}

#[tokio::test]
async fn versions_guard_reads_and_writes() {
    let app = start().await;
    let product = created(&app, &laptop(&sku())).await;
    let path = path(&product);
    let known = app.request(Method::GET, &path).header("if-none-match", "\"1\"").send().await.unwrap();
    assert_eq!((known.status().as_u16(), &known.headers()["etag"]), (304, &"\"1\"".parse().unwrap()));
    let stale = |tag: &'static str| app.as_admin(Method::PATCH, &path).header("if-match", tag);
    let change = |price: u32| json!({ "price": price });
    // A sale meanwhile, which the tag tells behind the dot, is no reason to refuse.
    assert_eq!(stale("\"1.7.0\"").json(&change(1)).send().await.unwrap().status(), 200);
    for method in [Method::PATCH, Method::PUT, Method::DELETE] {
        let mut body = laptop(product["sku"].as_str().unwrap());
        body.as_object_mut().unwrap().remove("stock");
        let late = app.as_admin(method, &path).header("if-match", "\"1\"").json(&body).send().await.unwrap();
        let (status, problem) = refusal(late).await;
        assert_eq!((status, &problem["code"]), (412, &json!("stale-version")));
    }
    let read = app.request(Method::GET, &path).header("if-none-match", "\"1\"").send().await.unwrap();
    assert_eq!(read.status(), 200);
    app.stop().await;
}

#[tokio::test]
async fn services_ask_for_many_at_once() {
    let app = start().await;
    let (a, b) = (created(&app, &laptop(&sku())).await, created(&app, &laptop(&sku())).await);
    patch(&app, &path(&b), &json!({ "price": 0.5 })).await;
    let ids = format!("{},507f1f77bcf86cd799439011,{},{}", id(&a), id(&b), id(&a));
    let answer = internal(&app, &ids).await;
    let mut products: Vec<Value> = answer.json().await.unwrap();
    products.sort_by_key(|product| product["price_minor"].as_i64());
    assert_eq!(products.len(), 2);
    assert_eq!(
        products[0],
        json!({
            "id": b["id"], "name": "Laptop Pro 14", "price": 0.5, "price_minor": 50, "currency": "USD",
            "sku": b["sku"], "category": "Laptops", "weight_grams": 1400, "status": "active", "stock": 50,
            "version": 2,
        })
    );
    assert_eq!(internal(&app, "").await.json::<Value>().await.unwrap(), json!([]));
    assert_eq!(internal(&app, "x").await.status(), 422);
    let many = vec!["507f1f77bcf86cd799439011"; 101].join(",");
    assert_eq!(internal(&app, &many).await.status(), 422);
    app.stop().await;
}
