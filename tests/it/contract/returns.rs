//! Goods that come back: asked for, approved, received, refunded.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Shop, Shopper, eventually};

use super::{answered, each, has, refused, ship, shipment_of};

const WAY: [&str; 5] = ["picked", "packed", "in_transit", "out_for_delivery", "delivered"];

/// A delivered order of one unit: the path of its returns, its payment and its product.
async fn delivered(shop: &Shop, shopper: &Shopper) -> (String, u64, String) {
    let (order, payment, product) = super::paid_order(shop, shopper).await;
    ship(shop, shipment_of(shopper, order).await, &WAY).await;
    shopper.order_becomes(order, &["delivered"]).await;
    (format!("/api/orders/{order}/returns"), payment, product)
}

fn wanted(product: &str, quantity: u32) -> Value {
    json!({ "items": [{ "product_id": product, "quantity": quantity, "reason": "broken" }], "comment": "It buzzes" })
}

#[tokio::test]
async fn a_return_goes_from_the_request_to_the_refund() {
    let shop = Shop::shared().await;
    let (shopper, other) = (shop.shopper().await, shop.shopper().await);
    let (returns, payment, product) = delivered(&shop, &shopper).await;
    let begun = answered(shopper.request(Method::POST, &returns).json(&wanted(&product, 1)), 201).await;
    has(
        &begun,
        &json!({ "status": "requested", "refund_amount": 10, "currency": "USD", "user_id": shopper.id }),
    );
    has(&begun["items"][0], &json!({ "product_id": product, "quantity": 1, "reason": "broken" }));
    let path = format!("{returns}/{}", begun["id"]);
    let step = |name: &str, body: Value| shop.admin(Method::POST, &format!("{path}/{name}")).json(&body);
    let own = shopper.request(Method::POST, &format!("{path}/approve")).json(&json!({}));
    refused(own, 403, "not-admin").await;
    let status = other.request(Method::GET, &path).send().await.unwrap().status().as_u16();
    assert!([403, 404].contains(&status), "{status}");

    assert_eq!(answered(step("approve", json!({ "note": "Send it" })), 200).await["status"], "approved");
    let restock = json!({ "items": [{ "product_id": product, "restock": true }] });
    assert_eq!(answered(step("receive", restock), 200).await["status"], "received");
    shop.stock_becomes(&product, (20, 0, 20)).await;
    answered(step("refund", json!({})), 200).await;
    eventually("the return is refunded", || async {
        let back = shopper.get(&path).await;
        let whole = back["status"] == "refunded" && back["refunded_amount"] == 10;
        if whole { Ok(()) } else { Err(back.to_string()) }
    })
    .await;
    assert_eq!(shopper.get(&format!("/api/payments/{payment}")).await["refunded_amount"], 10);
    assert_eq!(each(&shopper.get(&returns).await, "id"), [&begun["id"]]);
    let all = answered(shop.admin(Method::GET, "/api/orders/returns?status=refunded&limit=100"), 200).await;
    assert!(each(&all, "id").contains(&&begun["id"]), "{all}");
}

#[tokio::test]
async fn a_return_is_refused_or_taken_back() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let (returns, _, product) = delivered(&shop, &shopper).await;
    let ask = |quantity| shopper.request(Method::POST, &returns).json(&wanted(&product, quantity));
    let too_many = refused(ask(2), 409, "returned-already").await;
    assert_eq!(too_many["returnable"], 1, "{too_many}");

    let first = format!("{returns}/{}", answered(ask(1), 201).await["id"]);
    refused(ask(1), 409, "returned-already").await;
    let taken_back = answered(shopper.request(Method::POST, &format!("{first}/cancel")), 200).await;
    assert_eq!(taken_back["status"], "cancelled");
    let second = format!("{returns}/{}", answered(ask(1), 201).await["id"]);
    let reason = json!({ "reason": "It was dropped" });
    let rejected = answered(shop.admin(Method::POST, &format!("{second}/reject")).json(&reason), 200).await;
    assert_eq!(rejected["status"], "rejected");
    let late = shop.admin(Method::POST, &format!("{second}/receive")).json(&json!({}));
    assert_eq!(answered(late, 409).await["from"], "rejected");

    let fresh = shop.product(10.0, 2).await;
    let (pending, _) = shopper.ordered(&[(&fresh, 1)]).await;
    let early = shopper.request(Method::POST, &format!("/api/orders/{pending}/returns"));
    refused(early.json(&wanted(&fresh, 1)), 409, "not-returnable").await;
}
