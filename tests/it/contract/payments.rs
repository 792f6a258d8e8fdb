//! Payments. Races, repetitions and what notices do are tested elsewhere.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use system_tests::{Shop, Shopper, eventually};

use super::{
    answered, each, has, is_time, paid_order, refused, ship, shipment_of, unique, whole, wrong_fields,
};

/// An order of one unit for 10, not paid yet.
async fn unpaid(shop: &Shop, shopper: &Shopper) -> u64 {
    let product = shop.product(10.0, 20).await;
    shopper.ordered(&[(&product, 1)]).await.0
}

fn pay(shopper: &Shopper, body: &Value) -> RequestBuilder {
    shopper.request(Method::POST, "/api/payments/").json(body)
}

#[tokio::test]
async fn a_payment_shows_what_was_paid_and_how() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let order = unpaid(&shop, &shopper).await;
    let body = json!({ "order_id": order, "user_id": shopper.id, "amount": 10.0, "currency": "USD",
        "payment_method": "debit_card", "payment_token": "tok_success" });
    let paid = answered(pay(&shopper, &body), 201).await;
    let expected = json!({ "order_id": order, "user_id": shopper.id, "amount": 10, "currency": "USD",
        "payment_method": "debit_card", "status": "succeeded", "captured_amount": 10, "refunded_amount": 0 });
    has(&paid, &expected);
    assert!(paid["id"].is_u64() && paid["transaction_id"].is_string(), "{paid}");
    is_time(&paid["created_at"]);
    has(&shopper.get(&format!("/api/payments/{}", paid["id"])).await, &expected);
    refused(pay(&shopper, &body), 409, "order-paid").await;
}

#[tokio::test]
async fn every_method_is_taken_and_no_other() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 50).await);
    let body =
        |order: u64, method: &str| json!({ "order_id": order, "amount": 10, "payment_method": method });
    for method in
        ["credit_card", "debit_card", "paypal", "bank_transfer", "ach", "wire", "rtp", "sepa", "direct_debit"]
    {
        let (order, _) = shopper.ordered(&[(&product, 1)]).await;
        let paid = answered(pay(&shopper, &body(order, method)), 201).await;
        has(&paid, &json!({ "payment_method": method, "status": "succeeded" }));
    }
    // Cash is brought later.
    let (order, _) = shopper.ordered(&[(&product, 1)]).await;
    let cash = answered(pay(&shopper, &body(order, "cod")), 201).await;
    has(&cash, &json!({ "payment_method": "cod", "status": "authorized", "captured_amount": 0 }));
    let (order, _) = shopper.ordered(&[(&product, 1)]).await;
    assert_eq!(wrong_fields(pay(&shopper, &body(order, "shells"))).await, ["payment_method"]);
}

#[tokio::test]
async fn a_wrong_amount_is_told_the_right_one() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let order = unpaid(&shop, &shopper).await;
    for amount in [9.99, 10.01] {
        let problem = refused(shopper.pay(order, amount), 422, "wrong-amount").await;
        has(&problem, &json!({ "amount_due": 10, "currency": "USD" }));
    }
    assert_eq!(wrong_fields(shopper.pay(order, 10.005)).await, ["amount"]);
    assert_eq!(shopper.get(&format!("/api/orders/{order}")).await["status"], "pending");
}

#[tokio::test]
async fn a_decline_has_its_code_and_the_order_can_still_be_paid() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let order = unpaid(&shop, &shopper).await;
    for (token, code) in [
        ("tok_declined", "card_declined"),
        ("tok_insufficient_funds", "insufficient_funds"),
        ("tok_expired_card", "expired_card"),
        ("tok_incorrect_cvc", "incorrect_cvc"),
        ("tok_fraud", "fraudulent"),
    ] {
        let problem = refused(shopper.pay_with(order, 10.0, token), 402, "payment-declined").await;
        assert_eq!(problem["decline_code"], code, "{problem}");
        let failed = shopper.get(&format!("/api/payments/{}", problem["payment_id"])).await;
        has(&failed, &json!({ "status": "failed", "captured_amount": 0 }));
        assert_eq!(failed["failure"]["code"], code, "{failed}");
    }
    let payment = shopper.paid(order, 10.0).await;
    let list = shopper.get(&format!("/api/payments/?order_id={order}&status=succeeded")).await;
    assert_eq!(each(&list, "id"), [&json!(payment)]);
    assert_eq!(shopper.get(&format!("/api/payments/?order_id={order}")).await["total"], 6);
}

#[tokio::test]
async fn a_cancelled_order_cannot_be_paid() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let order = unpaid(&shop, &shopper).await;
    answered(shopper.request(Method::DELETE, &format!("/api/orders/{order}")), 200).await;
    let problem = answered(shopper.pay(order, 10.0), 409).await;
    assert!(problem["code"].is_string() && problem["status"] == 409, "{problem}");
    let missing = shopper.pay(9_999_999_999, 10.0).send().await.unwrap().status();
    assert!([404, 422].contains(&missing.as_u16()), "{missing}");
}

#[tokio::test]
async fn of_a_card_only_the_brand_and_the_last_digits_are_kept() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let order = unpaid(&shop, &shopper).await;
    let card = |number: &str| {
        json!({ "order_id": order, "amount": 10, "payment_method": "credit_card",
            "card": { "number": number, "exp_month": 12, "exp_year": 2099, "cvc": "937" } })
    };
    let wrong = wrong_fields(pay(&shopper, &card("4242424242424241"))).await;
    assert_eq!(wrong, ["card.number"]);
    let paid = answered(pay(&shopper, &card("4242424242424242")), 201).await;
    assert_eq!(paid["card"], json!({ "brand": "visa", "last4": "4242" }));
    let read = shopper.get(&format!("/api/payments/{}", paid["id"])).await;
    assert_eq!(read["card"], paid["card"]);
    assert!(!read.to_string().contains("42424242"), "{read}");
}

#[tokio::test]
async fn what_was_set_aside_is_captured_or_given_free() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let set_aside = async |order: u64| {
        let body =
            json!({ "order_id": order, "amount": 10, "payment_method": "credit_card", "capture": false });
        let payment = answered(pay(&shopper, &body), 201).await;
        has(&payment, &json!({ "status": "authorized", "captured_amount": 0 }));
        format!("/api/payments/{}", payment["id"])
    };
    let step =
        |path: &str, name: &str, body: Value| shop.admin(Method::POST, &format!("{path}/{name}")).json(&body);

    let order = unpaid(&shop, &shopper).await;
    let payment = set_aside(order).await;
    for name in ["capture", "void"] {
        let own = shopper.request(Method::POST, &format!("{payment}/{name}")).json(&json!({}));
        refused(own, 403, "not-admin").await;
    }
    let voided = answered(step(&payment, "void", Value::Null), 200).await;
    has(&voided, &json!({ "status": "voided", "captured_amount": 0 }));
    answered(step(&payment, "capture", json!({})), 409).await;

    let payment = set_aside(order).await;
    let key = unique("k");
    let capture = || step(&payment, "capture", json!({ "amount": 10 })).header("Idempotency-Key", &key);
    let captured = answered(capture(), 200).await;
    has(&captured, &json!({ "status": "succeeded", "captured_amount": 10 }));
    let (headers, again) = whole(capture(), 200).await;
    assert_eq!((&again, &headers["idempotent-replayed"]), (&captured, &"true".parse().unwrap()));
    answered(step(&payment, "void", Value::Null), 409).await;
    shopper.order_becomes(order, &["paid"]).await;
}

#[tokio::test]
async fn refunds_are_partial_and_end_with_the_payment() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let (order, payment, _) = paid_order(&shop, &shopper).await;
    let path = format!("/api/payments/{payment}");
    let refund = |body: Value| shop.admin(Method::POST, &format!("{path}/refund")).json(&body);

    let own = shopper.request(Method::POST, &format!("{path}/refund")).json(&json!({ "reason": "mine" }));
    refused(own, 403, "not-admin").await;
    assert_eq!(wrong_fields(refund(json!({ "amount": 1 }))).await, ["reason"]);
    let part = answered(refund(json!({ "amount": 4, "reason": "scratched" })), 201).await;
    has(
        &part,
        &json!({ "payment_id": payment, "order_id": order, "amount": 4, "refunded_amount": 4,
        "payment_status": "partially_refunded", "reason": "scratched", "currency": "USD" }),
    );
    let beyond =
        refused(refund(json!({ "amount": 6.01, "reason": "more" })), 422, "amount-exceeds-payment").await;
    assert_eq!(beyond["amount_left"], 6, "{beyond}");
    // Without an amount it is the rest.
    let rest = answered(refund(json!({ "reason": "broken" })), 201).await;
    has(&rest, &json!({ "amount": 6, "refunded_amount": 10, "payment_status": "refunded" }));
    let read = shopper.get(&path).await;
    has(&read, &json!({ "status": "refunded", "refunded_amount": 10 }));
    assert_eq!(read["refunds"].as_array().map(Vec::len), Some(2), "{read}");
    eventually("the order knows", || async {
        let order = shopper.get(&format!("/api/orders/{order}")).await;
        if order["status"] == "refunded" && order["refunded_amount"] == 10 {
            Ok(())
        } else {
            Err(order.to_string())
        }
    })
    .await;
}

#[tokio::test]
async fn who_must_confirm_is_sent_to_a_page_that_passes_the_gateway() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let order = unpaid(&shop, &shopper).await;
    let begun = answered(shopper.pay_with(order, 10.0, "tok_action_required"), 201).await;
    assert_eq!(begun["status"], "requires_action", "{begun}");
    let url = begun["next_action"]["url"].as_str().unwrap();
    let path = &url[url.find("/api/payments/").unwrap()..];
    assert_eq!(shop.get(path).send().await.unwrap().status(), 200);
    let approved = answered(shop.request(Method::POST, &format!("{path}?decision=approve")), 200).await;
    assert_eq!(approved["approved"], true);
    shopper.order_becomes(order, &["paid"]).await;
}

#[tokio::test]
async fn notices_without_a_signature_are_not_believed() {
    let shop = Shop::shared().await;
    let notice = json!({ "id": "evt_1", "type": "charge.captured", "data": { "charge": "x" } });
    let known = || shop.post("/api/payments/webhooks/simulator", &notice);
    refused(known(), 401, "webhook-signature-invalid").await;
    let forged = known().header("Simulator-Signature", "t=1,v1=00");
    refused(forged, 401, "webhook-signature-invalid").await;
    refused(shop.post("/api/payments/webhooks/nobody", &notice), 404, "provider-not-found").await;
}

#[tokio::test]
async fn cash_on_delivery_is_brought_with_the_parcel() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 20).await);
    let (order, _) = shopper.ordered(&[(&product, 2)]).await;
    let body = json!({ "order_id": order, "amount": 20, "payment_method": "cod" });
    let payment = answered(pay(&shopper, &body), 201).await;
    has(
        &shopper.order_becomes(order, &["confirmed"]).await,
        &json!({ "cash_on_delivery": true, "expires_at": null, "paid_at": null }),
    );
    shop.stock_becomes(&product, (20, 2, 18)).await;
    ship(&shop, shipment_of(&shopper, order).await, &["picked", "packed"]).await;
    shopper.order_becomes(order, &["fulfilling"]).await;
    shop.stock_becomes(&product, (18, 0, 18)).await;
    let rest = ["in_transit", "out_for_delivery", "delivered"];
    ship(&shop, shipment_of(&shopper, order).await, &rest).await;
    has(&shopper.order_becomes(order, &["delivered"]).await, &json!({ "paid_at": null, "paid_amount": 0 }));
    let capture = format!("/api/payments/{}/capture", payment["id"]);
    has(&answered(shop.admin(Method::POST, &capture), 200).await, &json!({ "status": "succeeded" }));
    eventually("the cash is the order's", || async {
        let order = shop.order(order).await;
        if order["paid_amount"] == 20 { Ok(()) } else { Err(order.to_string()) }
    })
    .await;
    assert_eq!(shop.order(order).await["status"], "delivered");
}

#[tokio::test]
async fn money_that_is_set_aside_is_taken_in_part_or_given_up() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 20).await);
    let authorized = async || {
        let (order, _) = shopper.ordered(&[(&product, 1)]).await;
        let body =
            json!({ "order_id": order, "amount": 10, "payment_method": "credit_card", "capture": false });
        let payment = answered(pay(&shopper, &body), 201).await;
        shopper.order_becomes(order, &["confirmed"]).await;
        (order, format!("/api/payments/{}", payment["id"]))
    };
    let (order, payment) = authorized().await;
    let part = shop.admin(Method::POST, &format!("{payment}/capture")).json(&json!({ "amount": 8 }));
    has(&answered(part, 200).await, &json!({ "status": "succeeded", "captured_amount": 8 }));
    let paid = shopper.order_becomes(order, &["paid"]).await;
    has(&paid, &json!({ "total_amount": 10, "paid_amount": 8 }));
    shipment_of(&shopper, order).await;

    let (order, payment) = authorized().await;
    answered(shop.admin(Method::POST, &format!("{payment}/void")), 200).await;
    eventually("the order can expire again", || async {
        let order = shop.order(order).await;
        if order["expires_at"].is_string() { Ok(()) } else { Err(order.to_string()) }
    })
    .await;
    shopper.paid(order, 10.0).await;
    shopper.order_becomes(order, &["paid"]).await;
}

#[tokio::test]
async fn an_order_that_is_refunded_before_it_leaves_is_undone() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let by_refund = async |payment: u64, _order: u64| {
        let path = format!("/api/payments/{payment}/refund");
        answered(shop.admin(Method::POST, &path).json(&json!({ "reason": "changed their mind" })), 201).await;
    };
    let by_order = async |_payment: u64, order: u64| {
        let path = format!("/api/orders/{order}");
        answered(shop.admin(Method::PUT, &path).json(&json!({ "status": "refunded" })), 200).await;
    };
    for n in 0..2 {
        let (order, payment, product) = paid_order(&shop, &shopper).await;
        shop.stock_becomes(&product, (19, 0, 19)).await;
        match n {
            0 => by_refund(payment, order).await,
            _ => by_order(payment, order).await,
        }
        shopper.order_becomes(order, &["refunded"]).await;
        shop.stock_becomes(&product, (20, 0, 20)).await;
        eventually("the money is back", || async {
            let payment = shopper.get(&format!("/api/payments/{payment}")).await;
            let order = shop.order(order).await;
            let back = payment["refunded_amount"] == 10 && order["refunded_amount"] == 10;
            if back { Ok(()) } else { Err(format!("{payment} {order}")) }
        })
        .await;
    }
}
