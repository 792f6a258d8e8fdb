//! What a shop that is new has in it, so that it can be tried at once.

use reqwest::Method;
use serde_json::json;
use system_tests::{Shop, eventually, json_of};

use super::{answered, each, has};

#[tokio::test]
async fn there_are_accounts_to_begin_with() {
    let shop = Shop::shared().await;
    for (username, password, role) in [
        ("admin", "Admin123!", "admin"),
        ("user1", "password123", "admin"),
        ("shopper", "password123", "client"),
    ] {
        let login = json!({ "username": username, "password": password });
        assert_eq!(answered(shop.post("/api/users/login", &login), 200).await["role"], role, "{username}");
    }
}

#[tokio::test]
async fn there_are_products_with_pictures_stock_and_ratings() {
    let shop = Shop::shared().await;
    let product = answered(shop.get("/api/products/sku/PH-SEN10"), 200).await;
    has(&product, &json!({ "name": "Điện thoại Sen 10", "currency": "USD", "category": "Phones" }));
    assert!(product["images"][0].as_str().unwrap().starts_with("https://"), "{product}");
    let stock = format!("/api/inventory/{}", product["id"].as_str().unwrap());
    eventually("the stock is heard of", || async {
        let stock = json_of(shop.get(&stock)).await;
        if stock["on_hand"].as_u64() > Some(0) { Ok(()) } else { Err(stock.to_string()) }
    })
    .await;
    let categories = answered(shop.get("/api/products/categories"), 200).await;
    let names = each(&categories, "name");
    for name in ["Audio", "Books", "Laptops", "Phones"] {
        assert!(names.contains(&&json!(name)), "{categories}");
    }
    eventually("the ratings are heard of", || async {
        let rated = answered(shop.get("/api/search/?min_rating=4&limit=1"), 200).await;
        if rated["total"].as_u64() >= Some(5) { Ok(()) } else { Err(rated.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn there_are_promotions_taxes_and_ways_to_send() {
    let shop = Shop::shared().await;
    for code in ["WELCOME10", "FREESHIP"] {
        let found = answered(shop.admin(Method::GET, &format!("/api/promotions/?code={code}")), 200).await;
        assert_eq!(found["total"], 1, "{code}: {found}");
    }
    for country in ["AU", "BR", "CA", "CH", "DE", "ES", "FR", "GB", "IN", "IT", "JP", "VN"] {
        let rates = answered(shop.get(&format!("/api/tax/rates/{country}")), 200).await;
        assert!(rates["total"].as_u64() >= Some(1), "{country}: {rates}");
    }
    let methods = answered(shop.get("/api/shipments/methods"), 200).await;
    for code in ["standard", "express"] {
        assert!(each(&methods, "code").contains(&&json!(code)), "{methods}");
    }
}
