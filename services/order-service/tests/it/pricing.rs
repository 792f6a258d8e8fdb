//! What orders cost.

use config::testing::wrong_fields;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;
use wiremock::matchers::any;

use crate::support::{ADDRESS, Shop, order_body, refusal, user};

fn quote(shop: &Shop, body: &Value) -> RequestBuilder {
    shop.app.request(Method::POST, "/api/orders/quote").json(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_is_what_the_order_will_cost() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(1_999, "USD");
    let mut body = order_body(&[(&lamp, 3)]);
    body["shipping_method"] = json!("express");
    let quote: Value = quote(&shop, &body).send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&quote["subtotal"], &quote["shipping"], &quote["total_amount"]),
        (&json!(59.97), &json!(14.99), &json!(74.96))
    );
    assert_eq!(quote["shipping_methods"][1], json!({ "code": "express", "name": "Express", "price": 14.99 }));
    assert_eq!((shop.count("orders").await, shop.asked_inventory("").await.len()), (0, 0));
    let order = shop.app.as_client(user(), Method::POST, "/api/orders").json(&body).send().await.unwrap();
    assert_eq!(order.json::<Value>().await.unwrap()["total_amount"], quote["total_amount"]);
    let asked = shop.shipping.received_requests().await.unwrap();
    let parcel = json!({ "destination": ADDRESS, "weight_grams": 750, "subtotal": 59.97, "currency": "USD" });
    assert_eq!(
        (asked.len(), asked[0].body_json::<Value>().unwrap()),
        (1, parcel),
        "and the answer is kept for a while"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn currencies_have_their_own_decimals() {
    let shop = Shop::open().await;
    for (currency, minor, total) in [("VND", 29_990_000, json!(59_980_000)), ("KWD", 1_234, json!(2.468))] {
        let product = shop.products.add(minor, currency);
        let body = json!({ "items": [{ "product_id": product, "quantity": 2 }] });
        let quote: Value = quote(&shop, &body).send().await.unwrap().json().await.unwrap();
        assert_eq!((&quote["total_amount"], &quote["currency"]), (&total, &json!(currency)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_another_total_than_was_shown_nothing_is_ordered() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1_999, "USD"), user());
    let put = shop.app.as_client(owner, Method::PUT, &format!("/api/cart/items/{lamp}"));
    assert_eq!(put.json(&json!({ "quantity": 2 })).send().await.unwrap().status(), 200);
    let send = |path: &str, total: Value| {
        let items = json!([{ "product_id": lamp, "quantity": 2 }]);
        let mut body = json!({ "shipping_address": ADDRESS, "expected_total": total });
        if path == "/api/orders" {
            body["items"] = items;
        }
        shop.app.as_client(owner, Method::POST, path).json(&body)
    };
    for path in ["/api/orders", "/api/cart/checkout"] {
        let (status, problem) = refusal(send(path, json!(39.97))).await;
        assert_eq!((status, &problem["code"]), (409, &json!("price-changed")));
        assert_eq!((&problem["total_amount"], &problem["currency"]), (&json!(39.98), &json!("USD")));
        let (status, problem) = refusal(send(path, json!(39.975))).await;
        assert_eq!((status, wrong_fields(&problem)), (422, vec!["expected_total"]));
    }
    assert_eq!((shop.count("orders").await, shop.asked_inventory("/release").await.len()), (0, 4));
    for path in ["/api/orders", "/api/cart/checkout"] {
        assert_eq!(send(path, json!(39.98)).send().await.unwrap().status(), 201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_price_than_the_catalogues_is_a_conflict() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(1_999, "USD");
    let body = |price: Value| {
        json!({
            "items": [{ "product_id": lamp, "quantity": 1, "price": 19.99 }, { "product_id": lamp, "quantity": 1, "price": price }],
            "shipping_address": ADDRESS,
        })
    };
    let post = |price| shop.app.as_client(7, Method::POST, "/api/orders").json(&body(price));
    let (status, problem) = refusal(post(json!(18))).await;
    assert_eq!(
        (status, &problem["code"], &problem["product_id"]),
        (409, &json!("price-changed"), &json!(lamp))
    );
    assert_eq!((&problem["price"], &problem["currency"]), (&json!(19.99), &json!("USD")));
    let (status, problem) = refusal(post(json!(19.995))).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["items[0].price"]));
    assert_eq!(post(json!(19.99)).send().await.unwrap().status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sold_is_named_by_its_line() {
    let shop = Shop::open().await;
    let (lamp, gone, dong) =
        (shop.products.add(1, "USD"), shop.products.add(1, "USD"), shop.products.add(1, "VND"));
    shop.products.change(&gone, &json!({ "status": "archived" }));
    let lines = [(lamp.as_str(), 1), ("0123456789abcdef01234567", 1), (&gone, 1), (&dong, 1)];
    let (status, problem) = refusal(quote(&shop, &order_body(&lines))).await;
    assert_eq!(
        (status, wrong_fields(&problem)),
        (422, vec!["items[1].product_id", "items[2].product_id", "items[3].product_id"])
    );
    let codes: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["code"]).collect();
    assert_eq!(codes, ["unknown-product", "not-on-sale", "other-currency"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_shop_does_not_offer_is_refused() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(1, "USD");
    let with = |member: &str, value: &str| {
        let mut body = order_body(&[(&lamp, 1)]);
        body[member] = json!(value);
        quote(&shop, &body)
    };
    for (member, value) in [("promotion_code", "SUMMER25"), ("shipping_method", "drone")] {
        let (status, problem) = refusal(with(member, value)).await;
        assert_eq!((status, wrong_fields(&problem)), (422, vec![member]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_basket_without_an_address_is_told_what_sending_costs() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(100, "USD");
    let mut body = json!({ "items": [{ "product_id": lamp, "quantity": 1 }] });
    for (method, shipping) in [("standard", json!(0)), ("express", json!(14.99))] {
        body["shipping_method"] = json!(method);
        let quote: Value = quote(&shop, &body).send().await.unwrap().json().await.unwrap();
        assert_eq!(quote["shipping"], shipping, "{method}");
        assert_eq!(quote["shipping_methods"].as_array().unwrap().len(), 2);
    }
    let asked = shop.shipping.received_requests().await.unwrap();
    assert_eq!(asked[0].body_json::<Value>().unwrap()["destination"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_shipping_is_free_when_nobody_can_be_asked() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(500, "USD");
    shop.shipping.reset().await;
    wiremock::Mock::given(any()).respond_with(ResponseTemplate::new(503)).mount(&shop.shipping).await;
    let order = shop.placed(user(), &[(&lamp, 1)]).await;
    assert_eq!((&order["shipping"], &order["total_amount"]), (&json!(0), &json!(5)));
    let mut body = order_body(&[(&lamp, 1)]);
    body["shipping_method"] = json!("express");
    assert_eq!(refusal(quote(&shop, &body)).await.0, 503);
}
