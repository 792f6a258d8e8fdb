//! Promotions. Their limits under concurrency, and uses that come back, are among the tests of everything together.
//!
//! One without a code would change everybody's prices, so those of these tests are for products of their own.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use system_tests::{Shop, Shopper, eventually};

use super::{answered, each, has, refused, unique, wrong_fields};

/// A promotion that holds today, with these members as well.
fn promotion(more: &Value) -> Value {
    let mut all =
        json!({ "description": "For a test", "start_date": "2025-01-01", "end_date": "2099-12-31" });
    for (name, value) in more.as_object().expect("members") {
        all[name] = value.clone();
    }
    all
}

async fn added(shop: &Shop, more: &Value) -> Value {
    answered(shop.admin(Method::POST, "/api/promotions/").json(&promotion(more)), 201).await
}

fn code() -> String {
    unique("C").to_uppercase()
}

fn apply(shopper: &Shopper, order: u64, code: &Value) -> RequestBuilder {
    shopper.request(Method::POST, "/api/promotions/apply").json(&json!({ "order_id": order, "code": code }))
}

#[tokio::test]
async fn a_promotion_is_kept_as_it_was_given() {
    let shop = Shop::shared().await;
    let given = json!({ "code": code(), "name": "Ten", "kind": "percentage", "discount_percentage": 10, "min_subtotal": 5.5,
        "product_ids": ["f".repeat(24)], "categories": ["Tests"], "usage_limit": 3, "per_customer_limit": 1,
        "stackable": true, "priority": 7, "description": "For a test" });
    let made = added(&shop, &given).await;
    has(&made, &given);
    has(&made, &json!({ "discount_percent": 10, "used_count": 0, "is_active": true }));
    // A day begins and ends in UTC.
    let (start, end) = (made["start_date"].as_str().unwrap(), made["end_date"].as_str().unwrap());
    assert!(start.starts_with("2025-01-01T00:00:00") && end.starts_with("2099-12-31T23:59:59"), "{made}");
    let path = format!("/api/promotions/{}", made["id"]);
    has(&answered(shop.admin(Method::GET, &path), 200).await, &given);
    // Who doesn't know the code doesn't see it.
    refused(shop.get(&path), 404, "promotion-not-found").await;

    let change = promotion(&json!({ "code": given["code"], "kind": "percentage", "discount_percent": 20 }));
    let changed = answered(shop.admin(Method::PUT, &path).json(&change), 200).await;
    has(&changed, &json!({ "discount_percentage": 20, "usage_limit": null, "id": made["id"] }));
    answered(shop.admin(Method::DELETE, &path), 204).await;
    assert_eq!(answered(shop.admin(Method::GET, &path), 200).await["archived"], true);
    for method in [Method::PUT, Method::DELETE] {
        let client = shop.shopper().await;
        refused(client.request(method, &path).json(&change), 403, "not-admin").await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_promotion_is_named() {
    let shop = Shop::shared().await;
    let add = |body: &Value| shop.admin(Method::POST, "/api/promotions/").json(body);
    for (more, field) in [
        (json!({ "kind": "percentage", "discount_percentage": 101 }), "discount_percentage"),
        (json!({ "kind": "percentage", "discount_percentage": 10, "start_date": "soon" }), "start_date"),
        (json!({ "kind": "percentage", "discount_percentage": 10, "end_date": "2024-12-31" }), "end_date"),
        (json!({ "kind": "fixed", "amount": 1.005 }), "amount"),
        (json!({ "kind": "lottery" }), "kind"),
    ] {
        let mut body = promotion(&more);
        body["code"] = json!(code());
        assert_eq!(wrong_fields(add(&body)).await, [field], "{body}");
    }
    let taken = json!({ "code": code(), "kind": "fixed", "amount": 1 });
    added(&shop, &taken).await;
    assert_eq!(answered(add(&promotion(&taken)), 409).await["status"], 409);
}

#[tokio::test]
async fn public_promotions_are_listed_and_active_ones_are_those_of_today() {
    let shop = Shop::shared().await;
    let public = |more: Value| {
        let mut all = json!({ "code": code(), "kind": "fixed", "amount": 1, "is_public": true });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let now = added(&shop, &public(json!({}))).await;
    let later = added(&shop, &public(json!({ "start_date": "2098-01-01T08:30:00Z" }))).await;
    let over =
        added(&shop, &public(json!({ "start_date": "2020-01-01", "end_date": "2020-02-01T00:00:00Z" })))
            .await;
    let active = every_id(&shop, "/api/promotions/active").await;
    assert!(active.contains(&now["id"]), "{active:?}");
    assert!(!active.contains(&later["id"]) && !active.contains(&over["id"]), "{active:?}");
    assert!(every_id(&shop, "/api/promotions/").await.contains(&now["id"]));
    assert_eq!(answered(shop.get(&format!("/api/promotions/{}", now["id"])), 200).await["code"], now["code"]);
    let by_code =
        shop.admin(Method::GET, &format!("/api/promotions/?code={}", over["code"].as_str().unwrap()));
    assert_eq!(each(&answered(by_code, 200).await, "id"), [&over["id"]]);
}

async fn every_id(shop: &Shop, path: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let list = answered(shop.get(&format!("{path}?limit=100{cursor}")), 200).await;
        all.extend(each(&list, "id").into_iter().cloned());
        match list["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// Three units for 10 each, with each kind of promotion.
#[tokio::test]
async fn every_kind_reprices_a_pending_order() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 99).await);
    for (more, discount) in [
        (json!({ "kind": "percentage", "discount_percentage": 10 }), 3.0),
        (json!({ "kind": "percentage", "discount_percent": 12.5 }), 3.75),
        (json!({ "kind": "fixed", "amount": 4 }), 4.0),
        (json!({ "kind": "buy_x_get_y", "buy_quantity": 2, "get_quantity": 1 }), 10.0),
        (json!({ "kind": "percentage", "discount_percentage": 10, "categories": ["Tests"] }), 3.0),
        (json!({ "kind": "percentage", "discount_percentage": 10, "product_ids": [product] }), 3.0),
        (json!({ "kind": "percentage", "discount_percentage": 10, "min_subtotal": 30 }), 3.0),
    ] {
        let mut more = more;
        more["code"] = json!(code());
        let made = added(&shop, &more).await;
        let (order, _) = shopper.ordered(&[(&product, 3)]).await;
        let repriced = answered(apply(&shopper, order, &made["code"]), 200).await;
        has(&repriced, &json!({ "id": order, "status": "pending", "promotion_code": made["code"] }));
        let sums = (&repriced["discount"], &repriced["total_amount"]).clone();
        assert_eq!((sums.0.as_f64(), sums.1.as_f64()), (Some(discount), Some(30.0 - discount)), "{repriced}");
        assert_eq!(repriced["promotions"][0]["promotion_id"], made["id"]);
    }
}

#[tokio::test]
async fn a_discount_ends_at_the_price_and_then_nothing_is_left_to_pay() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 9).await);
    let made = added(&shop, &json!({ "code": code(), "kind": "fixed", "amount": 400 })).await;
    let (order, _) = shopper.ordered(&[(&product, 3)]).await;
    let repriced = answered(apply(&shopper, order, &made["code"]), 200).await;
    has(&repriced, &json!({ "discount": 30, "total_amount": 0 }));
    shopper.order_becomes(order, &["paid"]).await;
}

#[tokio::test]
async fn free_shipping_takes_the_shipping_away() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 9).await);
    let made = added(&shop, &json!({ "code": code(), "kind": "free_shipping" })).await;
    let basket = |code: &Value| {
        json!({ "items": [{ "product_id": product, "quantity": 1 }], "shipping_address": "1 Main St",
            "shipping_method": "express", "promotion_code": code })
    };
    let quote = |code: &Value| shopper.request(Method::POST, "/api/orders/quote").json(&basket(code));
    let dear = answered(quote(&Value::Null), 200).await;
    assert!(dear["shipping"].as_f64() > Some(0.0), "{dear}");
    let free = answered(quote(&made["code"]), 200).await;
    has(&free, &json!({ "shipping": 0, "total_amount": 10 }));
}

#[tokio::test]
async fn a_code_that_does_not_hold_says_why() {
    let shop = Shop::shared().await;
    let (shopper, other, product) =
        (shop.shopper().await, shop.shopper().await, shop.product(10.0, 99).await);
    let (order, _) = shopper.ordered(&[(&product, 1)]).await;
    for (more, why) in [
        (json!({ "start_date": "2020-01-01", "end_date": "2020-02-01" }), "expired"),
        (json!({ "start_date": "2098-01-01" }), "not-started"),
        (json!({ "min_subtotal": 10.01 }), "minimum-not-met"),
        (json!({ "product_ids": ["f".repeat(24)] }), "not-for-these-products"),
    ] {
        let mut all = json!({ "code": code(), "kind": "fixed", "amount": 1 });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = added(&shop, &all).await;
        let problem = refused(apply(&shopper, order, &made["code"]), 422, "invalid-fields").await;
        has(&problem["errors"][0], &json!({ "field": "code", "code": why }));
    }
    let problem = refused(apply(&shopper, order, &json!("NOSUCHCODE")), 422, "invalid-fields").await;
    has(&problem["errors"][0], &json!({ "field": "code", "code": "unknown" }));

    let once =
        added(&shop, &json!({ "code": code(), "kind": "fixed", "amount": 1, "per_customer_limit": 1 })).await;
    answered(apply(&shopper, order, &once["code"]), 200).await;
    let (second, _) = shopper.ordered(&[(&product, 1)]).await;
    let status = apply(&shopper, second, &once["code"]).send().await.unwrap().status().as_u16();
    assert!([409, 422].contains(&status), "once for a customer: {status}");
    let status = apply(&other, order, &once["code"]).send().await.unwrap().status().as_u16();
    assert!([403, 404].contains(&status), "somebody else's order: {status}");
    answered(shopper.request(Method::DELETE, &format!("/api/orders/{order}")), 200).await;
    assert_eq!(answered(apply(&shopper, order, &once["code"]), 409).await["status"], 409);
}

/// Both without a code: of those that don't stack the better deal holds.
#[tokio::test]
async fn promotions_stack_only_if_all_of_them_may() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(100.0, 99).await);
    let for_it = |more: Value| {
        let mut all = json!({ "product_ids": [product], "name": "Own" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let fixed = json!({ "kind": "fixed", "amount": 5, "stackable": true, "priority": 1 });
    let tenth = json!({ "kind": "percentage", "discount_percentage": 10, "stackable": true });
    let (fixed, tenth) = (added(&shop, &for_it(fixed)).await, added(&shop, &for_it(tenth)).await);
    let basket = json!({ "items": [{ "product_id": product, "quantity": 1 }] });
    let quote_becomes = async |count: usize, discount: std::ops::RangeInclusive<f64>| {
        eventually(&format!("{count} promotions hold"), || async {
            let quote = answered(shopper.request(Method::POST, "/api/orders/quote").json(&basket), 200).await;
            let applied = quote["promotions"].as_array().map(Vec::len) == Some(count);
            let right = applied && discount.contains(&quote["discount"].as_f64().unwrap());
            if right { Ok(()) } else { Err(quote.to_string()) }
        })
        .await;
    };
    // 100 less 5 less a tenth of 95, or less a tenth and 5.
    quote_becomes(2, 14.5..=15.0).await;
    let alone = for_it(json!({ "kind": "fixed", "amount": 20 }));
    let alone = added(&shop, &alone).await;
    quote_becomes(1, 20.0..=20.0).await;
    for made in [fixed, tenth, alone] {
        answered(shop.admin(Method::DELETE, &format!("/api/promotions/{}", made["id"])), 204).await;
    }
    quote_becomes(0, 0.0..=0.0).await;
}
