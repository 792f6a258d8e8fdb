//! Taxes, promotions and what becomes of a price.

use std::sync::Arc;

use config::testing::{TestKafka, eventually, wrong_fields};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{Shop, id, order_body, payment, refusal, user};

fn texas() -> Value {
    json!({ "line1": "1 Main St", "city": "Austin", "state": "TX", "country": "United States" })
}

/// An order's body with a code and an address that is taxed.
fn taxed(lines: &[(&str, i64)], code: Option<&str>) -> Value {
    let mut body = order_body(lines);
    body["shipping_address"] = texas();
    body["promotion_code"] = json!(code);
    body
}

fn post(shop: &Shop, user: u64, body: &Value) -> RequestBuilder {
    shop.app.as_client(user, Method::POST, "/api/orders").json(body)
}

async fn placed(shop: &Shop, user: u64, body: &Value) -> Value {
    let response = post(shop, user, body).send().await.unwrap();
    assert_eq!(response.status(), 201);
    response.json().await.unwrap()
}

fn promote(shop: &Shop, order: u64, user: u64, code: &str) -> RequestBuilder {
    let path = format!("/internal/orders/{order}/promotion");
    let body = json!({ "code": code, "user_id": user, "is_admin": false });
    shop.app.as_service(Method::POST, &path).json(&body)
}

/// How often promotion-service was asked to give uses back.
async fn given_back(shop: &Shop) -> usize {
    let asked = shop.promotions.received_requests().await.unwrap();
    asked.iter().filter(|request| request.url.path().ends_with("/release")).count()
}

async fn away(server: &MockServer) {
    server.reset().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(503)).mount(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_discounted_then_taxed_and_says_by_whom() {
    let shop = Shop::open().await;
    let listener = TestKafka::new(&shop.env).listen("order-events").await;
    let (lamp, vase, owner) = (shop.products.add(1_999, "USD"), shop.products.add(10_000, "USD"), user());
    let mut body = taxed(&[(&lamp, 2), (&vase, 1)], Some("HALF"));
    body["shipping_method"] = json!("express");
    let quote = shop.app.request(Method::POST, "/api/orders/quote").json(&body);
    let quote: Value = quote.send().await.unwrap().json().await.unwrap();
    let order = placed(&shop, owner, &body).await;
    // 19.99 + 50.00 of goods, 14.99 of shipping; 8 % of each, rounded down: 1.59 + 4.00 + 1.19.
    for (member, value) in [
        ("subtotal", json!(139.98)),
        ("discount", json!(69.99)),
        ("shipping", json!(14.99)),
        ("tax", json!(6.78)),
        ("total_amount", json!(91.76)),
        ("prices_include_tax", json!(false)),
        ("promotions_unavailable", json!(false)),
        (
            "promotions",
            json!([{ "promotion_id": 3, "code": "HALF", "name": "Less", "kind": "percentage", "discount": 69.99 }]),
        ),
        (
            "tax_lines",
            json!([{ "name": "sales tax", "jurisdiction": "US-TX", "percent": 8.0, "taxable": 84.98, "tax": 6.78 }]),
        ),
    ] {
        assert_eq!((&order[member], &quote[member]), (&value, &value), "{member}");
    }
    assert_eq!((&order["shipping_country"], &order["shipping_state"]), (&json!("US"), &json!("TX")));
    assert_eq!(order["shipping_address"], "1 Main St, Austin TX, United States");
    assert_eq!((&order["items"][0]["discount"], &order["items"][0]["tax"]), (&json!(19.99), &json!(1.59)));
    let read = shop.read(&format!("/api/orders/{}", id(&order))).await;
    assert_eq!(read, order, "it is kept as it was answered");
    let created = listener.find(|event| event.kind == "order_created").await;
    assert_eq!(
        (&created.data["tax_lines"], &created.data["promotions"]),
        (&order["tax_lines"], &order["promotions"])
    );
    assert!(created.data["promotion_reservation_id"].is_string());
    assert_eq!(created.data["shipping_country"], "US");
    let asked: Value = shop.taxes.received_requests().await.unwrap()[1].body_json().unwrap();
    let lines = json!([
        { "id": lamp, "product_type": "lamps", "amount": 19.99 },
        { "id": vase, "product_type": "lamps", "amount": 50 },
    ]);
    assert_eq!(
        (&asked["user_id"], &asked["lines"], &asked["shipping"]),
        (&json!(owner), &lines, &json!(14.99))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_that_contain_the_tax_are_what_is_paid() {
    let shop = Shop::open_with(|env| env.set("PRICES_INCLUDE_TAX", "true")).await;
    let (lamp, fils) = (shop.products.add(10_800, "USD"), shop.products.add(10_500, "KWD"));
    let order = placed(&shop, user(), &taxed(&[(&lamp, 1)], None)).await;
    assert_eq!(
        (&order["total_amount"], &order["tax"], &order["prices_include_tax"]),
        (&json!(108), &json!(8), &json!(true))
    );
    let mut body = taxed(&[(&fils, 3)], None);
    body["shipping_address"] = json!("1 Gulf Road, Kuwait");
    let quote = shop.app.request(Method::POST, "/api/orders/quote").json(&body);
    let quote: Value = quote.send().await.unwrap().json().await.unwrap();
    assert_eq!((&quote["total_amount"], &quote["tax"]), (&json!(31.5), &json!(1.5)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_parts_names_what_is_wrong_with_it() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(1, "USD");
    let with = |address: &Value| {
        let mut body = order_body(&[(&lamp, 1)]);
        body["shipping_address"] = address.clone();
        post(&shop, 7, &body)
    };
    let wrong = json!({ "line1": "", "city": "Austin", "state": "Texas", "country": "Atlantis" });
    let (status, problem) = refusal(with(&wrong)).await;
    let fields = ["line1", "country", "state"].map(|name| format!("shipping_address.{name}"));
    assert_eq!((status, wrong_fields(&problem)), (422, fields.iter().map(String::as_str).collect()));
    for bad in [json!({ "city": "Austin" }), json!(7), json!(["x"]), Value::Null] {
        assert_eq!(refusal(with(&bad)).await.0, 422, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_moves_house_but_not_to_another_country() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    let order = id(&placed(&shop, owner, &taxed(&[(&lamp, 1)], None)).await);
    let change = |address: Value| {
        let put = shop.app.as_client(owner, Method::PUT, &format!("/api/orders/{order}"));
        put.json(&json!({ "shipping_address": address }))
    };
    let mut next_door = texas();
    next_door["line1"] = json!("2 Main St");
    assert_eq!(change(next_door).send().await.unwrap().status(), 200);
    let (status, problem) = refusal(change(json!("12 Lê Lợi, Huế, Vietnam"))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("other-place")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_gives_nothing_is_refused_with_its_reason() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(1_000, "USD");
    for (code, reason) in [("OLD", "expired"), ("NONE", "unknown")] {
        let body = taxed(&[(&lamp, 1)], Some(code));
        for request in
            [post(&shop, 7, &body), shop.app.request(Method::POST, "/api/orders/quote").json(&body)]
        {
            let (status, problem) = refusal(request).await;
            assert_eq!((status, wrong_fields(&problem)), (422, vec!["promotion_code"]));
            assert_eq!(problem["errors"][0]["code"], reason);
        }
    }
    let spent = taxed(&[(&lamp, 1)], Some("SPENT"));
    let (status, problem) = refusal(post(&shop, 7, &spent)).await;
    assert_eq!(
        (status, &problem["code"], &problem["reason"]),
        (409, &json!("promotion-used-up"), &json!("used-up"))
    );
    assert_eq!((shop.count("orders").await, shop.asked_inventory("").await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_tax_nothing_is_ordered_and_nothing_stays_set_aside() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    let order = id(&placed(&shop, owner, &taxed(&[(&lamp, 1)], None)).await);
    away(&shop.taxes).await;
    let (status, problem) = refusal(post(&shop, owner, &taxed(&[(&lamp, 1)], Some("HALF")))).await;
    assert_eq!((status, &problem["code"]), (503, &json!("tax-unavailable")));
    assert_eq!((shop.asked_inventory("/release").await.len(), given_back(&shop).await), (1, 1));
    let (status, problem) = refusal(promote(&shop, order, owner, "HALF")).await;
    assert_eq!((status, &problem["code"]), (503, &json!("tax-unavailable")));
    assert_eq!((shop.count("orders").await, given_back(&shop).await), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tax_that_does_not_add_up_is_not_charged() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(1_000, "USD");
    shop.taxes.reset().await;
    let wrong = json!({
        "currency": "USD", "prices_include_tax": false, "net": 10, "tax": 1, "gross": 11,
        "lines": [{ "id": lamp, "net": 10, "tax": 0.99, "gross": 10.99 }],
        "shipping": { "net": 0, "tax": 0, "gross": 0 },
        "tax_lines": [{ "name": "t", "jurisdiction": "US", "percent": 10, "taxable": 10, "tax": 1 }], "exempt": false,
    });
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(wrong)).mount(&shop.taxes).await;
    assert_eq!(refusal(post(&shop, 7, &taxed(&[(&lamp, 1)], None))).await.0, 503);
    assert_eq!(shop.count("orders").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_promotions_an_order_goes_without_but_nobody_pays_more_for_a_code() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    away(&shop.promotions).await;
    let order = placed(&shop, owner, &taxed(&[(&lamp, 1)], None)).await;
    assert_eq!((&order["promotions_unavailable"], &order["total_amount"]), (&json!(true), &json!(10.8)));
    let (status, problem) = refusal(post(&shop, owner, &taxed(&[(&lamp, 1)], Some("HALF")))).await;
    assert_eq!((status, &problem["code"]), (503, &json!("promotions-unavailable")));
    let (status, problem) = refusal(promote(&shop, id(&order), owner, "HALF")).await;
    assert_eq!((status, &problem["code"]), (503, &json!("promotions-unavailable")));
    assert_eq!(shop.count("orders").await, 1);
}

/// A reservation that promotion-service was asked for, with its id.
async fn reservations(shop: &Shop) -> Vec<(String, Value)> {
    let asked = shop.promotions.received_requests().await.unwrap();
    let puts = asked.iter().filter(|request| request.method.as_str() == "PUT");
    let id = |request: &Request| request.url.path().rsplit('/').next().unwrap().to_owned();
    puts.map(|request| (id(request), request.body_json().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn promotion_service_is_told_what_an_order_has_that_is_priced_again() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    let order = placed(&shop, owner, &taxed(&[(&lamp, 1)], Some("POST"))).await;
    assert_eq!(promote(&shop, id(&order), owner, "HALF").send().await.unwrap().status(), 200);
    let [(first, new), (_, again)] = reservations(&shop).await.try_into().unwrap();
    assert_eq!((&new["order_id"], &new["promotion_reservation_id"]), (&Value::Null, &Value::Null));
    assert_eq!((&again["order_id"], &again["promotion_reservation_id"]), (&order["id"], &json!(first)));
}

#[tokio::test(flavor = "multi_thread")]
async fn free_shipping_is_free_and_comes_back_when_the_promotion_goes() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    let mut body = order_body(&[(&lamp, 1)]);
    body["shipping_method"] = json!("express");
    body["promotion_code"] = json!("POST");
    let order = placed(&shop, owner, &body).await;
    assert_eq!((&order["shipping"], &order["total_amount"]), (&json!(0), &json!(10)));
    let order: Value = promote(&shop, id(&order), owner, "HALF").send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&order["shipping"], &order["discount"], &order["total_amount"]),
        (&json!(14.99), &json!(5), &json!(19.99))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_costs_nothing_is_paid_at_once() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    let order = placed(&shop, owner, &taxed(&[(&lamp, 1)], Some("FREE"))).await;
    assert_eq!(
        (&order["status"], &order["total_amount"], &order["expires_at"]),
        (&json!("paid"), &json!(0), &Value::Null)
    );
    let created = listener.find(|event| event.key == id(&order).to_string()).await;
    assert_eq!((created.kind.as_str(), &created.data["status"]), ("order_created", &json!("pending")));
    let paid = listener.find(|event| event.key == id(&order).to_string()).await;
    assert_eq!((paid.kind.as_str(), &paid.data["status"]), ("order_status_updated", &json!("paid")));
    // And what comes to cost nothing.
    let order = placed(&shop, owner, &taxed(&[(&lamp, 1)], None)).await;
    let free: Value = promote(&shop, id(&order), owner, "FREE").send().await.unwrap().json().await.unwrap();
    assert_eq!((&free["status"], &free["version"]), (&json!("paid"), &json!(3)));
    // Somebody was about to pay it: that money was never the order's, and is not when it goes back.
    let late = json!({ "amount": 10 });
    kafka.send(&payment("payment_processed", &order, &late)).await;
    let back = json!({
        "amount": 10, "refund_amount": 10, "refunded_total": 10, "fully_refunded": true, "reason": "wrong_amount",
    });
    kafka.send(&payment("payment_refunded", &order, &back)).await;
    let path = format!("/api/orders/{}", id(&order));
    eventually("the refund is remarked", || async {
        let history = shop.read(&format!("{path}/history")).await.to_string();
        if history.contains("were refunded") { Ok(()) } else { Err(history) }
    })
    .await;
    assert_eq!(shop.read(&path).await["status"], "paid");
    let summary = shop.read("/api/orders/analytics/summary").await;
    assert_eq!(
        (&summary["orders"], &summary["paid_orders"], &summary["revenue"]),
        (&json!(2), &json!(2), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_order_is_repriced_for_its_owner_only() {
    let shop = Shop::open().await;
    let listener = TestKafka::new(&shop.env).listen("order-events").await;
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    let order = placed(&shop, owner, &taxed(&[(&lamp, 3)], Some("POST"))).await;
    let number = id(&order);
    assert_eq!(refusal(promote(&shop, number, owner + 1, "HALF")).await.0, 403);
    assert_eq!(refusal(promote(&shop, 1, owner, "HALF")).await.0, 404);
    let client = shop.app.as_admin(Method::POST, &format!("/internal/orders/{number}/promotion"));
    assert_eq!(refusal(client.json(&json!({ "code": "HALF", "user_id": 1, "is_admin": true }))).await.0, 401);
    for (code, reason) in [("OLD", "expired"), ("two words", "invalid")] {
        let (status, problem) = refusal(promote(&shop, number, owner, code)).await;
        assert_eq!(
            (status, wrong_fields(&problem), &problem["errors"][0]["code"]),
            (422, vec!["code"], &json!(reason))
        );
    }
    // The catalogue's price is another by now; the order's isn't.
    shop.products.change(&lamp, &json!({ "price_minor": 99_999, "version": 2 }));
    let answer = promote(&shop, number, owner, "HALF").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["etag"]), (200, &"\"2\"".parse().unwrap()));
    let repriced: Value = answer.json().await.unwrap();
    assert_eq!((&repriced["total_amount"], &repriced["promotion_code"]), (&json!(16.2), &json!("HALF")));
    assert_eq!(shop.read(&format!("/api/orders/{number}")).await, repriced);
    let created = listener.find(|event| event.kind == "order_created").await;
    let event = listener.find(|event| event.kind == "order_repriced").await;
    assert_eq!(
        (&event.data["previous_total_amount"], &event.data["total_amount"]),
        (&json!(32.4), &json!(16.2))
    );
    let before = &created.data["promotion_reservation_id"];
    assert_eq!(&event.data["previous_promotion_reservation_id"], before);
    assert_ne!(&event.data["promotion_reservation_id"], before);
    let again: Value = promote(&shop, number, owner, "half").send().await.unwrap().json().await.unwrap();
    assert_eq!(again["version"], 2, "the same code again changes nothing");
    let asked = shop.promotions.received_requests().await.unwrap();
    let reserved = asked.iter().filter(|request| request.method.as_str() == "PUT");
    let orders: Vec<Value> =
        reserved.map(|request| request.body_json::<Value>().unwrap()["order_id"].clone()).collect();
    let (first, last) = (orders.first().unwrap(), orders.last().unwrap());
    assert_eq!((first, last), (&Value::Null, &json!(number)), "it is told which order it is");
    shop.move_to(number, "paid").await;
    let (status, problem) = refusal(promote(&shop, number, owner, "POST")).await;
    assert_eq!((status, &problem["code"]), (409, &json!("not-pending")));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_repricings_of_one_version_one_counts_and_the_others_keep_nothing() {
    let shop = Arc::new(Shop::open().await);
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    let order = id(&placed(&shop, owner, &taxed(&[(&lamp, 1)], None)).await);
    let mut tasks = JoinSet::new();
    for n in 0..12 {
        let request = promote(&shop, order, owner, if n % 2 == 0 { "HALF" } else { "POST" });
        tasks.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let statuses = tasks.join_all().await;
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    let now = shop.read(&format!("/api/orders/{order}")).await;
    let asked = shop.promotions.received_requests().await.unwrap();
    let reserved = asked.iter().filter(|request| request.method.as_str() == "PUT").count();
    // The order was placed with nothing to keep; each version after that has its own uses.
    let versions = now["version"].as_u64().unwrap() - 1;
    assert_eq!(reserved - 1 - given_back(&shop).await, usize::try_from(versions).unwrap());
    assert!(statuses.contains(&200) && versions >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_what_was_due_before_is_refused_and_the_order_can_be_paid_again() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    for _ in 0..5 {
        let order = placed(&shop, owner, &taxed(&[(&lamp, 2)], None)).await;
        let (number, path) = (id(&order), format!("/api/orders/{}", id(&order)));
        // Somebody pays while the price changes.
        let old = payment("payment_processed", &order, &json!({}));
        let (repriced, ()) = tokio::join!(promote(&shop, number, owner, "HALF").send(), kafka.send(&old));
        let repriced = repriced.unwrap();
        if repriced.status() == 409 {
            eventually("it is paid at the old price", || async {
                let now = shop.status(number).await;
                if now == "paid" { Ok(()) } else { Err(now) }
            })
            .await;
            continue;
        }
        let repriced: Value = repriced.json().await.unwrap();
        let refused = listener
            .find(|event| event.kind == "order_payment_refused" && event.key == number.to_string())
            .await;
        let said = ["payment_id", "amount", "reason", "status"].map(|member| refused.data[member].clone());
        assert_eq!(said, [json!(7), json!(21.6), json!("wrong_amount"), json!("pending")]);
        kafka.send(&payment("payment_processed", &repriced, &json!({ "payment_id": 8 }))).await;
        // The refused one's refund is not the order's.
        let refund = json!({ "refund_amount": 21.6, "refunded_total": 21.6, "fully_refunded": true, "reason": "wrong_amount" });
        kafka.send(&payment("payment_refunded", &order, &refund)).await;
        kafka.send(&payment("payment_failed", &order, &json!({ "code": "last" }))).await;
        eventually("all is told", || async {
            let history = shop.read(&format!("{path}/history")).await;
            if history["items"].to_string().contains("failed: last") {
                Ok(())
            } else {
                Err(history.to_string())
            }
        })
        .await;
        let now = shop.read(&path).await;
        assert_eq!((&now["status"], &now["refunded_amount"]), (&json!("paid"), &json!(0)));
    }
}
