//! Carts.

use config::testing::wrong_fields;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{ADDRESS, Shop, refusal, user};

fn put(shop: &Shop, user: u64, product: &str, quantity: i64) -> RequestBuilder {
    let path = format!("/api/cart/items/{product}");
    shop.app.as_client(user, Method::PUT, &path).json(&json!({ "quantity": quantity }))
}

fn guest_put(shop: &Shop, cart: Option<&str>, product: &str, quantity: i64) -> RequestBuilder {
    let put = shop
        .app
        .request(Method::PUT, &format!("/api/cart/items/{product}"))
        .json(&json!({ "quantity": quantity }));
    match cart {
        Some(id) => put.header("X-Cart-Id", id),
        None => put,
    }
}

async fn json(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

async fn cart(shop: &Shop, user: u64) -> Value {
    json(shop.app.as_client(user, Method::GET, "/api/cart")).await
}

/// Products and quantities of a cart.
fn quantities(cart: &Value) -> Vec<(&str, u64)> {
    cart["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["product_id"].as_str().unwrap(), item["quantity"].as_u64().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_shows_live_prices_and_what_is_no_longer_sold() {
    let shop = Shop::open().await;
    let (lamp, gone, owner) = (shop.products.add(1_999, "USD"), shop.products.add(500, "USD"), user());
    assert_eq!(cart(&shop, owner).await["count"], 0);
    json(put(&shop, owner, &lamp, 1)).await;
    json(put(&shop, owner, &gone, 1)).await;
    let full = json(put(&shop, owner, &lamp, 3)).await;
    assert_eq!(
        (&full["subtotal"], &full["currency"], &full["cart_id"]),
        (&json!(64.97), &json!("USD"), &Value::Null)
    );
    shop.products.change(&gone, &json!({ "status": "archived", "version": 2 }));
    // Another instance, which hasn't got the product in its cache.
    let other = shop.env.start::<order_service::Orders>().await;
    let shown = json(other.as_client(owner, Method::GET, "/api/cart")).await;
    let line = |id: &str| {
        shown["items"].as_array().unwrap().iter().find(|item| item["product_id"] == id).unwrap().clone()
    };
    assert_eq!((&line(&lamp)["unavailable"], &line(&lamp)["total"]), (&json!(false), &json!(59.97)));
    assert_eq!((&line(&gone)["unavailable"], &line(&gone)["total"]), (&json!(true), &Value::Null));
    assert_eq!(shown["subtotal"], 59.97);
    let less = json(shop.app.as_client(owner, Method::DELETE, &format!("/api/cart/items/{gone}"))).await;
    assert_eq!(quantities(&less), [(lamp.as_str(), 3)]);
    assert_eq!(shop.app.as_client(owner, Method::DELETE, "/api/cart").send().await.unwrap().status(), 204);
    assert_eq!(cart(&shop, owner).await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cart_does_not_take() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    for quantity in [0, -1, 10_001] {
        assert_eq!(wrong_fields(&refusal(put(&shop, owner, &lamp, quantity)).await.1), ["quantity"]);
    }
    let (status, problem) = refusal(put(&shop, owner, "0123456789abcdef01234567", 1)).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["product_id"]));
    assert_eq!(refusal(put(&shop, owner, "$where", 1)).await.0, 404);
    assert_eq!(refusal(guest_put(&shop, Some("cart:user:1"), &lamp, 1)).await.0, 422);
    let expired = shop.app.request(Method::GET, "/api/cart").bearer_auth("a.b.c");
    assert_eq!(refusal(expired).await.0, 401, "a bad token is no guest");
    for _ in 0..100 {
        json(put(&shop, owner, &shop.products.add(1, "USD"), 1)).await;
    }
    let (status, problem) = refusal(put(&shop, owner, &lamp, 1)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("cart-full")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guests_cart_comes_along_when_they_sign_in_once() {
    let shop = Shop::open().await;
    let (lamp, vase, owner) = (shop.products.add(1, "USD"), shop.products.add(2, "USD"), user());
    let first = guest_put(&shop, None, &lamp, 2).send().await.unwrap();
    let id = first.headers()["x-cart-id"].to_str().unwrap().to_owned();
    assert_eq!(first.json::<Value>().await.unwrap()["cart_id"], id);
    json(guest_put(&shop, Some(&id), &vase, 9_999)).await;
    let other = guest_put(&shop, None, &lamp, 1).send().await.unwrap();
    assert_ne!(other.headers()["x-cart-id"], id);
    json(put(&shop, owner, &lamp, 1)).await;
    json(put(&shop, owner, &vase, 5)).await;

    let merge = || shop.app.as_client(owner, Method::POST, "/api/cart/merge").json(&json!({ "cart_id": id }));
    let mut merges = JoinSet::new();
    for _ in 0..10 {
        merges.spawn(json(merge()));
    }
    merges.join_all().await;
    let mut expected = vec![(lamp.as_str(), 3), (vase.as_str(), 10_000)];
    expected.sort_unstable();
    assert_eq!(quantities(&cart(&shop, owner).await), expected);
    let left = json(shop.app.request(Method::GET, "/api/cart").header("X-Cart-Id", &id)).await;
    assert_eq!(left["count"], 0);
    let guest = shop.app.request(Method::POST, "/api/cart/merge").json(&json!({ "cart_id": id }));
    assert_eq!(refusal(guest).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_orders_the_cart_and_empties_what_was_ordered() {
    let shop = Shop::open().await;
    let (lamp, vase, owner) = (shop.products.add(1_000, "USD"), shop.products.add(500, "USD"), user());
    let checkout = |key: &str| {
        let request =
            shop.app.as_client(owner, Method::POST, "/api/cart/checkout").header("Idempotency-Key", key);
        request.json(&json!({ "shipping_address": ADDRESS }))
    };
    let (status, problem) = refusal(checkout("empty")).await;
    assert_eq!((status, &problem["code"]), (409, &json!("cart-empty")));
    json(put(&shop, owner, &lamp, 2)).await;
    json(put(&shop, owner, &vase, 1)).await;
    let order = checkout("monday").send().await.unwrap();
    assert_eq!(order.status(), 201);
    let order: Value = order.json().await.unwrap();
    assert_eq!((&order["total_amount"], &order["user_id"]), (&json!(25), &json!(owner)));
    assert_eq!(cart(&shop, owner).await["count"], 0);
    // What comes in later stays when the same checkout is sent again.
    json(put(&shop, owner, &lamp, 1)).await;
    let again = checkout("monday").send().await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(again.json::<Value>().await.unwrap(), order);
    assert_eq!(quantities(&cart(&shop, owner).await), [(lamp.as_str(), 1)]);
    assert_eq!(shop.count("orders").await, 1);
    let guest =
        shop.app.request(Method::POST, "/api/cart/checkout").json(&json!({ "shipping_address": ADDRESS }));
    assert_eq!(refusal(guest).await.0, 401);
}
