//! Placing an order.

use config::testing::wrong_fields;
use reqwest::Method;
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use crate::support::{ADDRESS, Shop, id, order_body, refusal, user};

#[tokio::test(flavor = "multi_thread")]
async fn two_at_1500_cost_3000() {
    let shop = Shop::open().await;
    let (lamp, user) = (shop.products.add(150_000, "USD"), user());
    let order = shop.placed(user, &[(&lamp, 2)]).await;
    for (member, value) in [
        ("user_id", json!(user)),
        ("status", json!("pending")),
        ("subtotal", json!(3000)),
        ("discount", json!(0)),
        ("tax", json!(0)),
        ("shipping", json!(0)),
        ("total_amount", json!(3000)),
        ("currency", json!("USD")),
        ("shipping_address", json!(ADDRESS)),
        ("shipping_method", json!("standard")),
        ("version", json!(1)),
        ("paid_at", Value::Null),
    ] {
        assert_eq!(order[member], value, "{member}");
    }
    let item = json!({
        "id": 1, "product_id": lamp, "product_name": "Đèn lồng", "quantity": 2, "price": 1500, "discount": 0,
        "tax": 0, "returned": 0,
    });
    assert_eq!(order["items"], json!([item]));
    assert!(order["expires_at"].is_string());
    let read =
        shop.app.as_client(user, Method::GET, &format!("/api/orders/{}", id(&order))).send().await.unwrap();
    assert_eq!(read.headers()["etag"], "\"1\"");
    assert_eq!(read.json::<Value>().await.unwrap(), order);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_product_on_two_lines_is_reserved_once() {
    let shop = Shop::open().await;
    let (lamp, vase) = (shop.products.add(999, "USD"), shop.products.add(1, "USD"));
    let order = shop.placed(user(), &[(&lamp, 2), (&vase, 1), (&lamp, 3)]).await;
    assert_eq!(order["items"].as_array().unwrap().len(), 2);
    assert_eq!((&order["items"][0]["quantity"], &order["total_amount"]), (&json!(5), &json!(49.96)));
    let asked = shop.asked_inventory("/reservations").await;
    let wanted: Value = asked[0].body_json().unwrap();
    let items = json!([{ "product_id": lamp, "quantity": 5 }, { "product_id": vase, "quantity": 1 }]);
    assert_eq!((asked.len(), &wanted["items"]), (1, &items));
    assert_eq!(asked[0].headers["x-service-token"], "test-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_is_named_at_once() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(999, "USD");
    let post = |body: &Value| shop.app.as_client(7, Method::POST, "/api/orders").json(body);
    let body = json!({
        "items": [
            { "product_id": "x", "quantity": 0 },
            { "product_id": lamp, "quantity": -1 },
            { "product_id": lamp, "quantity": 10_001 },
            { "product_id": lamp, "quantity": 10_000 },
            { "product_id": lamp, "quantity": 1 },
        ],
        "shipping_address": " ", "shipping_method": "by sea", "promotion_code": "", "customer_notes": "x".repeat(1001),
    });
    let (status, problem) = refusal(post(&body)).await;
    assert_eq!((status, &problem["code"]), (422, &json!("invalid-fields")));
    let expected = [
        "items[0].product_id",
        "items[0].quantity",
        "items[1].quantity",
        "items[2].quantity",
        "items[4].quantity",
        "shipping_address",
        "shipping_method",
        "promotion_code",
        "customer_notes",
    ];
    assert_eq!(wrong_fields(&problem), expected);
    for items in [json!([]), json!(vec![json!({ "product_id": lamp, "quantity": 1 }); 101])] {
        let (status, problem) = refusal(post(&json!({ "items": items, "shipping_address": ADDRESS }))).await;
        assert_eq!((status, wrong_fields(&problem)), (422, vec!["items"]));
    }
    let (status, problem) = refusal(post(&json!({ "items": [{ "quantity": "two" }] }))).await;
    assert_eq!(status, 422);
    assert_eq!(wrong_fields(&problem), ["items[0].product_id", "items[0].quantity", "shipping_address"]);
    let malformed =
        shop.app.as_client(7, Method::POST, "/api/orders").header("content-type", "application/json");
    assert_eq!(refusal(malformed.body("{")).await.0, 400);
    assert_eq!((shop.count("orders").await, shop.asked_inventory("").await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_can_order() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(999, "USD"), user());
    let mut body = order_body(&[(&lamp, 1)]);
    let guest = shop.app.request(Method::POST, "/api/orders").json(&body);
    assert_eq!(refusal(guest).await.0, 401);
    let forged = shop.app.request(Method::POST, "/api/orders").bearer_auth("a.b.c").json(&body);
    assert_eq!(refusal(forged).await.0, 401);
    body["user_id"] = json!(owner);
    let stranger = shop.app.as_client(owner + 1, Method::POST, "/api/orders").json(&body);
    assert_eq!(refusal(stranger).await.0, 403);
    for request in [
        shop.app.as_client(owner, Method::POST, "/api/orders/"),
        shop.app.as_admin(Method::POST, "/api/orders"),
    ] {
        let order: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        assert_eq!(order["user_id"], owner);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sets_all_the_stock_aside_with_orders_that_are_not_paid() {
    let shop = Shop::open_with(|env| env.set("MAX_OPEN_ORDERS", "2")).await;
    let (lamp, owner) = (shop.products.add(999, "USD"), user());
    let first = shop.placed(owner, &[(&lamp, 1)]).await;
    let second = shop.placed(owner, &[(&lamp, 1)]).await;
    assert_eq!(shop.move_to(id(&second), "confirmed").await.status(), 200);
    let (status, problem) = refusal(shop.order(owner, &[(&lamp, 1)])).await;
    assert_eq!(
        (status, &problem["code"], &problem["most"]),
        (409, &json!("too-many-open-orders"), &json!(2))
    );
    assert_eq!((shop.count("orders").await, shop.asked_inventory("/release").await.len()), (2, 1));
    // Neither from the cart; but somebody else does, and so does the shop for them.
    let client = |verb, path: &str| shop.app.as_client(owner, verb, path);
    let item = client(Method::PUT, &format!("/api/cart/items/{lamp}")).json(&json!({ "quantity": 1 }));
    assert_eq!(item.send().await.unwrap().status(), 200);
    let checkout =
        || client(Method::POST, "/api/cart/checkout").json(&json!({ "shipping_address": ADDRESS }));
    assert_eq!(refusal(checkout()).await.1["code"], "too-many-open-orders");
    shop.placed(owner + 1, &[(&lamp, 1)]).await;
    let mut body = order_body(&[(&lamp, 1)]);
    body["user_id"] = json!(owner);
    let by_the_shop = shop.app.as_admin(Method::POST, "/api/orders").json(&body).send().await.unwrap();
    let third: Value = by_the_shop.json().await.unwrap();
    assert_eq!(third["user_id"], owner);
    // What is paid or cancelled is no longer open.
    assert_eq!(shop.move_to(id(&second), "paid").await.status(), 200);
    assert_eq!(refusal(checkout()).await.0, 409);
    let cancel = client(Method::POST, &format!("/api/orders/{}/cancel", id(&first)));
    assert_eq!(cancel.send().await.unwrap().status(), 200);
    assert_eq!(checkout().send().await.unwrap().status(), 201);
    assert_eq!(refusal(shop.order(owner, &[(&lamp, 1)])).await.0, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_stock_is_named() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(999, "USD");
    let problem = json!({
        "type": "urn:problem:out-of-stock", "title": "Conflict", "status": 409, "detail": "", "code": "out-of-stock",
        "product_id": lamp, "requested": 3, "available": 2,
    });
    Mock::given(path("/internal/reservations"))
        .respond_with(ResponseTemplate::new(409).set_body_json(problem))
        .mount(&shop.inventory)
        .await;
    let (status, problem) = refusal(shop.order(user(), &[(&lamp, 3)]).header("Idempotency-Key", "k")).await;
    assert_eq!((status, &problem["code"]), (409, &json!("out-of-stock")));
    assert_eq!(
        (&problem["product_id"], &problem["requested"], &problem["available"]),
        (&json!(lamp), &json!(3), &json!(2))
    );
    assert_eq!((shop.count("orders").await, shop.count("idempotency_keys").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_the_first_answer() {
    let shop = Shop::open().await;
    let (lamp, user) = (shop.products.add(999, "USD"), user());
    let send = |lines: i64| shop.order(user, &[(&lamp, lines)]).header("Idempotency-Key", "once").send();
    let first = send(1).await.unwrap();
    assert!(!first.headers().contains_key("idempotent-replayed"));
    let first: Value = first.json().await.unwrap();
    let again = send(1).await.unwrap();
    assert_eq!(
        (again.status().as_u16(), &again.headers()["idempotent-replayed"]),
        (201, &"true".parse().unwrap())
    );
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    let (status, problem) = refusal(shop.order(user, &[(&lamp, 2)]).header("Idempotency-Key", "once")).await;
    assert_eq!((status, &problem["code"]), (422, &json!("idempotency-key-reused")));
    let other = shop.order(user + 1, &[(&lamp, 1)]).header("Idempotency-Key", "once").send().await.unwrap();
    assert_ne!(id(&other.json().await.unwrap()), id(&first), "keys of different callers never meet");
    assert_eq!(
        refusal(shop.order(user, &[(&lamp, 1)]).header("Idempotency-Key", "k".repeat(256))).await.0,
        422
    );
    assert_eq!((shop.count("orders").await, shop.asked_inventory("/reservations").await.len()), (2, 2));
}
