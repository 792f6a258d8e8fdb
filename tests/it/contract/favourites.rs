//! Wishes. What wishers are told is tested with everything together.

use reqwest::Method;
use serde_json::json;
use system_tests::Shop;

use super::{answered, each, has, refused, wrong_fields};

#[tokio::test]
async fn a_wish_is_kept_once_under_both_spellings() {
    let shop = Shop::shared().await;
    let (shopper, other, product) = (shop.shopper().await, shop.shopper().await, shop.product(10.0, 5).await);
    let wish = json!({ "product_id": product, "user_id": shopper.id, "list": "Birthday", "note": "in red" });
    let add = |spelling: &str| shopper.request(Method::POST, &format!("/api/{spelling}/")).json(&wish);
    let made = answered(add("favourites"), 201).await;
    has(&made, &wish);
    has(&made, &json!({ "price": 10, "currency": "USD", "in_stock": true, "price_dropped": false }));
    assert_eq!(answered(add("favorites"), 200).await["id"], made["id"], "it is there already");

    let by_id = format!("/api/favorites/{}", shopper.id);
    for path in ["/api/favourites/", "/api/favorites", "/api/favourites?list=Birthday", &by_id] {
        let list = shopper.get(path).await;
        assert_eq!((each(&list, "product_id"), &list["total"]), (vec![&json!(product)], &json!(1)), "{path}");
    }
    refused(other.request(Method::GET, &by_id), 403, "not-yours").await;
    assert_eq!(each(&answered(shop.admin(Method::GET, &by_id), 200).await, "id"), [&made["id"]]);

    let wish_path = format!("/api/favourites/{}/{product}", shopper.id);
    let moved = json!({ "list": "Christmas", "note": "in blue" });
    has(&answered(shopper.request(Method::PUT, &wish_path).json(&moved), 200).await, &moved);
    refused(other.request(Method::DELETE, &wish_path), 403, "not-yours").await;
    answered(shopper.request(Method::DELETE, &wish_path), 204).await;
    refused(shopper.request(Method::DELETE, &wish_path), 404, "favourite-not-found").await;
    assert_eq!(shopper.get("/api/favourites/").await["total"], 0);
}

#[tokio::test]
async fn wishes_are_for_products_that_exist_and_for_oneself() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 5).await);
    let add = |body: serde_json::Value| shopper.request(Method::POST, "/api/favourites/").json(&body);
    assert_eq!(wrong_fields(add(json!({ "product_id": "x" }))).await, ["product_id"]);
    refused(add(json!({ "product_id": "f".repeat(24) })), 404, "product-not-found").await;
    refused(add(json!({ "product_id": product, "user_id": 1 })), 403, "not-yours").await;
}

#[tokio::test]
async fn a_list_has_a_name_and_a_link_for_others() {
    let shop = Shop::shared().await;
    let (shopper, other, product) = (shop.shopper().await, shop.shopper().await, shop.product(10.0, 5).await);
    let lists = "/api/favourites/lists";
    let made = answered(shopper.request(Method::POST, lists).json(&json!({ "name": "Party" })), 201).await;
    has(&made, &json!({ "name": "Party", "items": 0, "shared": false }));
    let path = format!("{lists}/{}", made["id"]);
    let wish = json!({ "product_id": product, "list": "Party", "note": "a secret" });
    answered(shopper.request(Method::POST, "/api/favourites/").json(&wish), 201).await;
    let renamed = shopper.request(Method::PUT, &path).json(&json!({ "name": "Great party" }));
    has(&answered(renamed, 200).await, &json!({ "name": "Great party", "items": 1 }));
    assert_eq!(shopper.get(&path).await["name"], "Great party");
    assert!(each(&shopper.get(lists).await, "id").contains(&&made["id"]));
    let status = other.request(Method::GET, &path).send().await.unwrap().status().as_u16();
    assert!([403, 404].contains(&status), "{status}");

    let share = answered(shopper.request(Method::POST, &format!("{path}/share")), 200).await;
    let link = share["path"].as_str().unwrap();
    let seen = answered(shop.get(link), 200).await;
    has(&seen, &json!({ "name": "Great party", "total": 1 }));
    has(&seen["items"][0], &json!({ "product_id": product, "price": 10 }));
    assert!(!seen.to_string().contains("a secret") && seen["items"][0]["user_id"].is_null(), "{seen}");
    answered(shopper.request(Method::DELETE, &format!("{path}/share")), 204).await;
    refused(shop.get(link), 404, "list-not-found").await;
    answered(shopper.request(Method::DELETE, &path), 204).await;
    refused(shopper.request(Method::GET, &path), 404, "list-not-found").await;
}

#[tokio::test]
async fn wishes_are_moved_to_the_cart() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let (one, two) = (shop.product(10.0, 5).await, shop.product(3.0, 5).await);
    let mut list = serde_json::Value::Null;
    for product in [&one, &two] {
        let wish = json!({ "product_id": product, "list": "Soon" });
        list = answered(shopper.request(Method::POST, "/api/favourites/").json(&wish), 201).await["list_id"]
            .clone();
    }
    let single = shopper.request(Method::POST, &format!("/api/favourites/{one}/move-to-cart"));
    let moved = answered(single.json(&json!({ "quantity": 2 })), 200).await;
    has(&moved, &json!({ "moved": [one], "left": [] }));
    has(&shopper.get("/api/cart").await, &json!({ "count": 1, "subtotal": 20 }));
    let whole = shopper.request(Method::POST, &format!("/api/favourites/lists/{list}/move-to-cart"));
    has(&answered(whole, 200).await, &json!({ "moved": [two], "left": [] }));
    has(&shopper.get("/api/cart").await, &json!({ "count": 2, "subtotal": 23 }));
    assert_eq!(shopper.get("/api/favourites/").await["total"], 0);
}
