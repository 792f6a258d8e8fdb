//! Shipments.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::Shop;
use uuid::Uuid;

use super::{answered, each, has, is_time, paid_order, refused, shipment_of, unique, whole, wrong_fields};

#[tokio::test]
async fn a_shipment_is_followed_by_its_owner_and_by_number() {
    let shop = Shop::shared().await;
    let (shopper, other) = (shop.shopper().await, shop.shopper().await);
    let (order, _, product) = paid_order(&shop, &shopper).await;
    let id = shipment_of(&shopper, order).await;
    let path = format!("/api/shipments/{id}");
    let shipment = shopper.get(&path).await;
    has(
        &shipment,
        &json!({ "order_id": order, "user_id": shopper.id, "status": "pending",
        "shipping_method": "standard", "destination_address": "123 Main St, City" }),
    );
    has(&shipment["items"][0], &json!({ "product_id": product, "quantity": 1 }));
    let status = other.request(Method::GET, &path).send().await.unwrap().status().as_u16();
    assert!([403, 404].contains(&status), "{status}");
    assert_eq!(other.get("/api/shipments/").await["total"], 0);

    let step = |body: Value| shop.admin(Method::PUT, &format!("{path}/status")).json(&body);
    let moved = json!({ "status": "picked", "location": "Hanoi", "note": "left at the back door" });
    assert_eq!(answered(step(moved), 200).await["status"], "picked");
    let tracked = shopper.get(&format!("/api/shipments/{order}/track")).await;
    has(&tracked, &json!({ "order_id": order, "shipment_id": id, "status": "picked" }));
    let last = tracked["events"].as_array().unwrap().iter().find(|it| it["status"] == "picked").unwrap();
    has(last, &json!({ "location": "Hanoi", "note": "left at the back door" }));
    is_time(&last["occurred_at"]);

    let number = tracked["tracking_number"].as_str().unwrap();
    let public = answered(shop.get(&format!("/api/shipments/track/{number}")), 200).await;
    has(&public, &json!({ "tracking_number": number, "status": "picked", "carrier": shipment["carrier"] }));
    for personal in ["123 Main St", "back door", "user_id", "order_id"] {
        assert!(!public.to_string().contains(personal), "{personal}: {public}");
    }
    assert_eq!(answered(shop.get("/api/shipments/track/NOSUCHNUMBER"), 404).await["status"], 404);
}

#[tokio::test]
async fn a_shipment_moves_step_by_step() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let (order, ..) = paid_order(&shop, &shopper).await;
    let path = format!("/api/shipments/{}/status", shipment_of(&shopper, order).await);
    let step = |status: &str| shop.admin(Method::PUT, &path).json(&json!({ "status": status }));
    let illegal = refused(step("delivered"), 409, "illegal-transition").await;
    has(&illegal, &json!({ "from": "pending", "to": "delivered", "legal": ["picked", "cancelled"] }));
    assert_eq!(wrong_fields(step("lost in space")).await, ["status"]);
    let own = shopper.request(Method::PUT, &path).json(&json!({ "status": "picked" }));
    refused(own, 403, "not-admin").await;
    super::ship(&shop, shipment_of(&shopper, order).await, &["picked", "packed", "in_transit"]).await;
}

#[tokio::test]
async fn an_administrator_ships_by_hand_once_for_each_key_and_order() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 20).await);
    let (order, total) = shopper.ordered(&[(&product, 1)]).await;
    let new = json!({ "order_id": order, "destination_address": "1 Main St", "carrier": "Pigeon Post",
        "items": [{ "product_id": product, "quantity": 1 }] });
    let key = Uuid::new_v4().to_string();
    let by_hand = || shop.admin(Method::POST, "/api/shipments/").json(&new);
    refused(by_hand(), 409, "order-not-paid").await;
    shopper.paid(order, total).await;
    let by_itself = shipment_of(&shopper, order).await;
    refused(by_hand(), 409, "shipment-exists").await;
    super::ship(&shop, by_itself, &["cancelled"]).await;
    let shipment = answered(by_hand().header("Idempotency-Key", &key), 201).await;
    has(
        &shipment,
        &json!({ "id": by_itself, "order_id": order, "user_id": shopper.id, "status": "pending",
        "carrier": "Pigeon Post", "destination_address": "1 Main St" }),
    );
    assert!(shipment["tracking_number"].is_string(), "{shipment}");
    let (headers, again) = whole(by_hand().header("Idempotency-Key", &key), 201).await;
    assert_eq!((&headers["idempotent-replayed"], &again), (&"true".parse().unwrap(), &shipment));
    let mut other = new.clone();
    other["carrier"] = json!("Snail Mail");
    let reused = shop.admin(Method::POST, "/api/shipments/").json(&other).header("Idempotency-Key", &key);
    refused(reused, 422, "idempotency-key-reused").await;
    refused(by_hand(), 409, "shipment-exists").await;

    let client = shopper.request(Method::POST, "/api/shipments/").json(&new);
    refused(client, 403, "not-admin").await;
    let filter = format!("/api/shipments/?order_id={order}&user_id={}&status=pending", shopper.id);
    assert_eq!(each(&answered(shop.admin(Method::GET, &filter), 200).await, "id"), [&shipment["id"]]);
    let nothing =
        answered(shop.admin(Method::GET, &format!("/api/shipments/?order_id={order}&status=delivered")), 200);
    assert_eq!(nothing.await["total"], 0);
}

#[tokio::test]
async fn methods_are_listed_and_quoted_by_weight() {
    let shop = Shop::shared().await;
    let methods = answered(shop.get("/api/shipments/methods"), 200).await;
    let codes = each(&methods, "code");
    assert!(codes.contains(&&json!("standard")) && codes.contains(&&json!("express")), "{methods}");
    let quote = |weight: u32| {
        let body = json!({ "destination": "Hauptstr. 5, 10115 Berlin, Germany", "weight_grams": weight, "subtotal": 20 });
        shop.post("/api/shipments/quote", &body)
    };
    let price = |quote: &Value, code: &str| {
        let offers = quote["methods"].as_array().unwrap();
        let offer = offers.iter().find(|it| it["code"] == code);
        offer.unwrap_or_else(|| panic!("no {code}: {quote}"))["price"].as_f64().unwrap()
    };
    let (light, heavy) = (answered(quote(500), 200).await, answered(quote(5000), 200).await);
    assert_eq!((price(&light, "standard"), price(&heavy, "standard")), (0.0, 0.0));
    assert!(price(&light, "express") > 0.0 && price(&light, "express") < price(&heavy, "express"), "{heavy}");
    let wrong = json!({ "destination": "Berlin, Germany", "weight_grams": -1, "subtotal": 1.005 });
    assert_eq!(wrong_fields(shop.post("/api/shipments/quote", &wrong)).await, ["subtotal", "weight_grams"]);
}

#[tokio::test]
async fn a_method_of_the_shops_own_is_offered_until_it_is_taken_away() {
    let shop = Shop::shared().await;
    let code = unique("t").to_lowercase();
    // Only far away, so that nobody else's quote shows it.
    let method = json!({ "code": code, "name": "Dog sled", "carrier": "Dogs", "countries": ["GL"],
        "estimated_days_min": 2, "estimated_days_max": 9,
        "prices": [{ "currency": "USD", "bands": [{ "up_to_grams": 1000, "price": 7.5 }] }] });
    let made = answered(shop.admin(Method::POST, "/api/shipments/methods").json(&method), 201).await;
    has(&made, &json!({ "code": code, "name": "Dog sled", "countries": ["GL"], "active": true }));
    let basket = json!({ "destination": { "country": "GL" }, "weight_grams": 900, "subtotal": 20 });
    let quote = answered(shop.post("/api/shipments/quote", &basket), 200).await;
    let ours = quote["methods"].as_array().unwrap().iter().find(|it| it["code"] == code).unwrap();
    has(ours, &json!({ "price": 7.5, "carrier": "Dogs" }));
    let path = format!("/api/shipments/methods/{code}");
    let mut change = method.clone();
    change.as_object_mut().unwrap().remove("code");
    change["name"] = json!("Faster sled");
    assert_eq!(answered(shop.admin(Method::PUT, &path).json(&change), 200).await["name"], "Faster sled");
    assert_eq!(answered(shop.get(&path), 200).await["name"], "Faster sled");
    answered(shop.admin(Method::DELETE, &path), 204).await;
    assert_eq!(answered(shop.get(&path), 404).await["status"], 404);
}
