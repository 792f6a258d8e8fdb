//! Orders and carts. Sums with taxes and promotions, races and expiry have tests of their own.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use system_tests::{Shop, Shopper, eventually};

use super::{answered, each, has, is_time, refused, ship, shipment_of, unique, whole, wrong_fields};

fn order(shopper: &Shopper, body: &Value) -> RequestBuilder {
    shopper.request(Method::POST, "/api/orders/").json(body)
}

fn line(product: &str, quantity: u32) -> Value {
    json!({ "product_id": product, "quantity": quantity })
}

#[tokio::test]
async fn an_order_shows_what_was_ordered_and_sums_lines_of_one_product() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(12.5, 20).await);
    let body = json!({ "user_id": shopper.id, "items": [line(&product, 1), line(&product, 2)],
        "shipping_address": "1 Main St", "shipping_method": "standard", "customer_notes": "Ring twice" });
    let placed = answered(order(&shopper, &body), 201).await;
    let expected = json!({ "user_id": shopper.id, "status": "pending", "subtotal": 37.5, "discount": 0, "tax": 0,
        "shipping": 0, "total_amount": 37.5, "currency": "USD", "shipping_method": "standard",
        "shipping_address": "1 Main St", "customer_notes": "Ring twice" });
    has(&placed, &expected);
    assert_eq!(placed["items"].as_array().map(Vec::len), Some(1), "{placed}");
    let item = &placed["items"][0];
    has(item, &json!({ "product_id": product, "quantity": 3, "price": 12.5 }));
    assert!(item["id"].is_u64() && item["product_name"].is_string(), "{item}");
    is_time(&placed["created_at"]);
    shop.stock_becomes(&product, (20, 3, 17)).await;
}

#[tokio::test]
async fn an_order_that_cannot_be_says_why() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 3).await);
    let of = |items: Value| json!({ "items": items, "shipping_address": "1 Main St" });
    let mut dear = line(&product, 1);
    dear["price"] = json!(9);
    let changed = refused(order(&shopper, &of(json!([dear]))), 409, "price-changed").await;
    has(&changed, &json!({ "product_id": product, "price": 10, "currency": "USD" }));
    let short = refused(order(&shopper, &of(json!([line(&product, 4)]))), 409, "out-of-stock").await;
    has(&short, &json!({ "product_id": product, "available": 3 }));

    let mut others = of(json!([line(&product, 1)]));
    others["user_id"] = json!(1);
    refused(order(&shopper, &others), 403, "not-yours").await;
    let mut method = of(json!([line(&product, 1)]));
    method["shipping_method"] = json!("by-pigeon");
    assert_eq!(wrong_fields(order(&shopper, &method)).await, ["shipping_method"]);
    let mut code = of(json!([line(&product, 1)]));
    code["promotion_code"] = json!(unique("NONE"));
    assert_eq!(wrong_fields(order(&shopper, &code)).await, ["promotion_code"]);
    assert_eq!(shopper.get("/api/orders/").await["total"], 0, "none of them is kept");
    shop.stock_becomes(&product, (3, 0, 3)).await;
}

#[tokio::test]
async fn an_administrator_orders_for_somebody() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 3).await);
    let body =
        json!({ "user_id": shopper.id, "items": [line(&product, 1)], "shipping_address": "1 Main St" });
    let placed = answered(shop.admin(Method::POST, "/api/orders/").json(&body), 201).await;
    assert_eq!(placed["user_id"], shopper.id);
    assert_eq!(each(&shopper.get("/api/orders/").await, "id"), [&placed["id"]]);
}

#[tokio::test]
async fn orders_are_listed_by_user_status_and_day() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 9).await);
    let (kept, _) = shopper.ordered(&[(&product, 1)]).await;
    let (ended, _) = shopper.ordered(&[(&product, 1)]).await;
    let cancelled = shopper.request(Method::POST, &format!("/api/orders/{ended}/cancel"));
    answered(cancelled.json(&json!({ "reason": "changed my mind" })), 200).await;
    let (kept, ended) = (json!(kept), json!(ended));
    let day = shop.order(kept.as_u64().unwrap()).await["created_at"].as_str().unwrap()[..10].to_owned();
    let wanted = [
        (String::new(), vec![&ended, &kept]),
        ("&status=pending".to_owned(), vec![&kept]),
        ("&status=cancelled".to_owned(), vec![&ended]),
        (format!("&from={day}"), vec![&ended, &kept]),
        ("&to=2020-01-01".to_owned(), vec![]),
        ("&from=2099-01-01".to_owned(), vec![]),
    ];
    for (query, expected) in &wanted {
        let path = format!("/api/orders/?user_id={}{query}", shopper.id);
        for request in [shop.admin(Method::GET, &path), shopper.request(Method::GET, &path)] {
            let list = answered(request, 200).await;
            assert_eq!((&each(&list, "id"), &list["total"]), (expected, &json!(expected.len())), "{query}");
        }
    }
    for (query, field) in [("status=lost", "status"), ("from=yesterday", "from")] {
        assert_eq!(
            wrong_fields(shopper.request(Method::GET, &format!("/api/orders/?{query}"))).await,
            [field]
        );
    }
}

#[tokio::test]
async fn owners_change_the_address_while_administrators_move_the_order() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 9).await);
    let (id, _) = shopper.ordered(&[(&product, 1)]).await;
    let path = format!("/api/orders/{id}");
    let mine = |body: Value| shopper.request(Method::PUT, &path).json(&body);
    let theirs = |status: &str| shop.admin(Method::PUT, &path).json(&json!({ "status": status }));

    let moved = answered(mine(json!({ "shipping_address": "2 Other St" })), 200).await;
    has(&moved, &json!({ "shipping_address": "2 Other St", "status": "pending" }));
    refused(mine(json!({ "status": "confirmed" })), 403, "not-admin").await;
    let illegal = refused(theirs("delivered"), 409, "illegal-transition").await;
    has(
        &illegal,
        &json!({ "from": "pending", "to": "delivered", "legal": ["confirmed", "paid", "cancelled"] }),
    );
    assert_eq!(wrong_fields(theirs("lost")).await, ["status"]);
    assert_eq!(answered(theirs("confirmed"), 200).await["status"], "confirmed");
    answered(mine(json!({ "shipping_address": "3 Corrected St" })), 200).await;
    refused(mine(json!({ "shipping_address": "1 Main St, Austin, TX, USA" })), 409, "other-place").await;
    for status in ["paid", "fulfilling"] {
        assert_eq!(answered(theirs(status), 200).await["status"], status);
    }
    refused(mine(json!({ "shipping_address": "4 Late St" })), 409, "address-fixed").await;
    assert_eq!(shopper.get(&path).await["shipping_address"], "3 Corrected St");
}

#[tokio::test]
async fn an_order_goes_its_whole_way_and_its_history_tells() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 9).await);
    let (id, total) = shopper.ordered(&[(&product, 1)]).await;
    let path = format!("/api/orders/{id}");
    answered(shop.admin(Method::PUT, &path).json(&json!({ "status": "confirmed" })), 200).await;
    shopper.paid(id, total).await;
    shopper.order_becomes(id, &["paid"]).await;
    let shipment = shipment_of(&shopper, id).await;
    for (steps, status) in [
        (&["picked", "packed"][..], "fulfilling"),
        (&["in_transit"], "shipped"),
        (&["out_for_delivery", "delivered"], "delivered"),
    ] {
        ship(&shop, shipment, steps).await;
        shopper.order_becomes(id, &[status]).await;
    }
    let history = shopper.get(&format!("{path}/history")).await;
    let mut moves: Vec<_> = each(&history, "to").into_iter().map(|to| to.as_str().unwrap()).collect();
    moves.dedup();
    assert_eq!(moves, ["pending", "confirmed", "paid", "fulfilling", "shipped", "delivered"], "{history}");
    is_time(&history["items"][0]["at"]);
    let cancel = shopper.request(Method::POST, &format!("{path}/cancel"));
    let illegal = refused(cancel.json(&json!({})), 409, "illegal-transition").await;
    assert_eq!(illegal["from"], "delivered");
}

#[tokio::test]
async fn a_cancelled_order_gives_stock_and_money_back() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let (id, payment, product) = super::paid_order(&shop, &shopper).await;
    shop.stock_becomes(&product, (19, 0, 19)).await;
    let body = json!({ "reason": "too slow" });
    answered(shopper.request(Method::POST, &format!("/api/orders/{id}/cancel")).json(&body), 200).await;
    shopper.order_becomes(id, &["cancelled", "refunded"]).await;
    eventually("the money is given back", || async {
        let payment = shopper.get(&format!("/api/payments/{payment}")).await;
        let back = payment["status"] == "refunded" && payment["refunded_amount"] == payment["amount"];
        if back { Ok(()) } else { Err(payment.to_string()) }
    })
    .await;
    shop.stock_becomes(&product, (20, 0, 20)).await;
    let history = shopper.get(&format!("/api/orders/{id}/history")).await;
    assert!(each(&history, "reason").contains(&&json!("too slow")), "{history}");

    let (unpaid, _) = shopper.ordered(&[(&product, 2)]).await;
    let deleted = answered(shopper.request(Method::DELETE, &format!("/api/orders/{unpaid}")), 200).await;
    assert_eq!(deleted["status"], "cancelled");
    shop.stock_becomes(&product, (20, 0, 20)).await;
}

#[tokio::test]
async fn a_quote_prices_a_basket_and_orders_nothing() {
    let shop = Shop::shared().await;
    let product = shop.product(12.5, 9).await;
    let basket = json!({ "items": [line(&product, 2)] });
    let quote = answered(shop.post("/api/orders/quote", &basket), 200).await;
    let expected = json!({ "subtotal": 25, "discount": 0, "tax": 0, "shipping": 0, "total_amount": 25, "currency": "USD" });
    has(&quote, &expected);
    assert!(
        quote["shipping_methods"].as_array().unwrap().iter().any(|it| it["code"] == "standard"),
        "{quote}"
    );
    let taxed =
        json!({ "items": [line(&product, 2)], "shipping_address": "Hauptstr. 5, 10115 Berlin, Germany" });
    let quote = answered(shop.post("/api/orders/quote", &taxed), 200).await;
    has(&quote, &json!({ "subtotal": 25, "tax": 4.75, "total_amount": 29.75 }));
    shop.stock_becomes(&product, (9, 0, 9)).await;
}

#[tokio::test]
async fn a_guests_cart_is_merged_at_login_and_checked_out() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 9).await);
    let second = shop.product(3.0, 9).await;
    let item = |product: &str| format!("/api/cart/items/{product}");
    let put =
        |product: &str, n: u32| shop.request(Method::PUT, &item(product)).json(&json!({ "quantity": n }));

    let cart = answered(put(&product, 2), 200).await;
    let id = cart["cart_id"].as_str().unwrap();
    has(&cart, &json!({ "count": 1, "subtotal": 20, "currency": "USD" }));
    has(&cart["items"][0], &json!({ "product_id": product, "quantity": 2, "price": 10, "total": 20 }));
    let both = answered(put(&second, 1).header("X-Cart-Id", id), 200).await;
    has(&both, &json!({ "cart_id": id, "count": 2, "subtotal": 23 }));
    let gone = shop.request(Method::DELETE, &item(&second)).header("X-Cart-Id", id);
    assert_eq!(answered(gone, 200).await["count"], 1);

    let mine = shopper.request(Method::PUT, &item(&product)).json(&json!({ "quantity": 1 }));
    assert_eq!(answered(mine, 200).await["subtotal"], 10);
    let merge = shopper.request(Method::POST, "/api/cart/merge").json(&json!({ "cart_id": id }));
    has(&answered(merge, 200).await["items"][0], &json!({ "product_id": product, "quantity": 3 }));
    assert_eq!(answered(shop.get("/api/cart").header("X-Cart-Id", id), 200).await["count"], 0);

    let checkout = || {
        shopper.request(Method::POST, "/api/cart/checkout").json(&json!({ "shipping_address": "1 Main St" }))
    };
    let order = answered(checkout(), 201).await;
    has(&order, &json!({ "status": "pending", "total_amount": 30, "user_id": shopper.id }));
    assert_eq!(shopper.get("/api/cart").await["count"], 0);
    refused(checkout(), 409, "cart-empty").await;
}

#[tokio::test]
async fn a_checkout_with_one_key_is_one_order() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 9).await);
    let item = shopper.request(Method::PUT, &format!("/api/cart/items/{product}"));
    answered(item.json(&json!({ "quantity": 2 })), 200).await;
    let key = unique("k");
    let checkout = || {
        let request = shopper.request(Method::POST, "/api/cart/checkout").header("Idempotency-Key", &key);
        request.json(&json!({ "shipping_address": "1 Main St" }))
    };
    let order = answered(checkout(), 201).await;
    let (headers, again) = whole(checkout(), 201).await;
    assert_eq!((&again, &headers["idempotent-replayed"]), (&order, &"true".parse().unwrap()));
    assert_eq!(each(&shopper.get("/api/orders/").await, "id"), [&order["id"]]);
    shop.stock_becomes(&product, (9, 2, 7)).await;
}

#[tokio::test]
async fn a_cart_is_emptied_and_shows_what_is_wrong() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 9).await);
    let put = |path: &str, quantity: Value| {
        shopper.request(Method::PUT, path).json(&json!({ "quantity": quantity }))
    };
    let item = format!("/api/cart/items/{product}");
    answered(put(&item, json!(2)), 200).await;
    answered(shopper.request(Method::DELETE, "/api/cart"), 204).await;
    has(&shopper.get("/api/cart").await, &json!({ "count": 0, "items": [] }));
    assert_eq!(wrong_fields(put(&item, json!(-1))).await, ["quantity"]);
    assert_eq!(wrong_fields(shop.get("/api/cart").header("X-Cart-Id", "mine")).await, ["X-Cart-Id"]);
    let unknown = put(&format!("/api/cart/items/{}", "f".repeat(24)), json!(1));
    assert_eq!(wrong_fields(unknown).await, ["product_id"]);
}

#[tokio::test]
async fn the_summary_counts_what_was_sold() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let (order, ..) = super::paid_order(&shop, &shopper).await;
    let day = shop.order(order).await["created_at"].as_str().unwrap()[..10].to_owned();
    let path = format!("/api/orders/analytics/summary?from={day}&to={day}");
    eventually("the day has its sale", || async {
        let summary = answered(shop.admin(Method::GET, &path), 200).await;
        let sold = summary["revenue"].as_f64() >= Some(10.0) && summary["paid_orders"].as_u64() >= Some(1);
        let day_is_there = summary["days"][0]["date"] == day && summary["days"][0]["top_products"].is_array();
        let averages = summary["average_order_value"].is_number() && summary["conversion"].is_number();
        let counted = summary["orders"].as_u64() >= summary["paid_orders"].as_u64();
        if sold && day_is_there && averages && counted { Ok(()) } else { Err(summary.to_string()) }
    })
    .await;
    let wrong = shop.admin(Method::GET, "/api/orders/analytics/summary?from=2026-02-01&to=2026-01-01");
    assert!(!wrong_fields(wrong).await.is_empty());
}
