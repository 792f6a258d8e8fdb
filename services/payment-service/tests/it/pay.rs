//! Paying an order.

use config::testing::{TestEnv, TestKafka, wrong_fields};
use payment_service::Payments;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{SHOPPER, Shop, payment, problem};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_paid() {
    let shop = Shop::open().await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    let order = shop.order(1);
    let paid = shop.paid(order, json!({ "user_id": SHOPPER })).await;
    for (member, value) in [
        ("order_id", json!(1)),
        ("user_id", json!(SHOPPER)),
        ("amount", json!(3000)),
        ("currency", json!("USD")),
        ("payment_method", json!("credit_card")),
        ("status", json!("succeeded")),
        ("captured_amount", json!(3000)),
        ("refunded_amount", json!(0)),
        ("refunds", json!([])),
    ] {
        assert_eq!(paid[member], value, "{member}");
    }
    assert!(paid["transaction_id"].as_str().is_some_and(|id| id.starts_with("sim_")));
    let event = events.find(|event| event.kind == "payment_processed").await;
    assert_eq!(event.key, "1");
    assert_eq!(
        event.data,
        json!({
            "payment_id": paid["id"], "order_id": 1, "user_id": SHOPPER, "amount": 3000, "currency": "USD",
            "payment_method": "credit_card", "transaction_id": paid["transaction_id"],
            "authorized_amount": 3000,
        })
    );
    let again = problem(shop.pay(order, json!({})).await).await;
    assert_eq!((again.0, again.1.as_str()), (409, "order-paid"), "even before order-service has heard of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_script_has_its_answer() {
    let shop = Shop::open().await;
    let declines = [
        ("tok_declined", "4000000000000002", "card_declined"),
        ("tok_insufficient_funds", "4000000000009995", "insufficient_funds"),
        ("tok_expired_card", "4000000000000069", "expired_card"),
        ("tok_incorrect_cvc", "4000000000000127", "incorrect_cvc"),
        ("tok_fraud", "4100000000000019", "fraudulent"),
        ("tok_processing_error", "4000000000000119", "processing_error"),
    ];
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    for (order, (token, number, code)) in (10..).zip(declines) {
        let order = shop.order(order);
        let card = json!({ "number": number, "exp_month": 12, "exp_year": 2090, "cvc": "123" });
        for means in [json!({ "payment_token": token }), json!({ "card": card })] {
            let (status, _, declined) = problem(shop.pay(order, means).await).await;
            assert_eq!((status, &declined["decline_code"]), (402, &json!(code)));
            let failed = shop.get(&declined["payment_id"]).await;
            assert_eq!((&failed["status"], &failed["failure"]["code"]), (&json!("failed"), &json!(code)));
        }
    }
    let event = events.find(|event| event.kind == "payment_failed" && event.key == "10").await;
    assert_eq!((&event.data["code"], &event.data["order_over"]), (&json!("card_declined"), &json!(false)));
    let order = shop.order(1);
    let down = shop.pay(order, json!({ "payment_token": "tok_down" })).await;
    assert!(down.headers().contains_key("retry-after"));
    assert_eq!(problem(down).await.1, "provider-unavailable");
    let expired = json!({ "number": "4242424242424242", "exp_month": 1, "exp_year": 20, "cvc": "123" });
    assert_eq!(
        problem(shop.pay(order, json!({ "card": expired })).await).await.2["decline_code"],
        "expired_card"
    );
    let good = json!({ "number": "4242 4242 4242 4242", "exp_month": 12, "exp_year": 2090, "cvc": "123" });
    let paid = shop.paid(order, json!({ "card": good })).await;
    assert_eq!(paid["card"], json!({ "brand": "visa", "last4": "4242" }));
    assert_eq!(shop.count("SELECT COUNT(*) FROM simulator_charges WHERE captured > 0").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_tries_out_cards_soon_hears_nothing_more_of_them() {
    let shop = Shop::open().await;
    let order = shop.order(1);
    let decline = async |order: u64, times: usize| {
        for _ in 0..times {
            assert_eq!(shop.pay(order, json!({ "payment_token": "tok_declined" })).await.status(), 402);
        }
    };
    decline(order, 9).await;
    let down = shop.pay(order, json!({ "payment_token": "tok_down" })).await;
    assert_eq!(down.status(), 503, "which declines nothing");
    decline(order, 1).await;
    let refused = async |order: u64| {
        let asked = shop.count("SELECT COUNT(*) FROM simulator_charges").await;
        let answer = shop.pay(order, json!({})).await;
        let wait = answer.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap();
        assert!((1..=3601).contains(&wait), "{wait}");
        let (status, code, body) = problem(answer).await;
        assert_eq!((status, code.as_str()), (429, "too-many-declines"), "{body}");
        assert_eq!(shop.count("SELECT COUNT(*) FROM simulator_charges").await, asked, "nobody is asked");
    };
    refused(order).await;
    // Two more orders, and it is enough for all of this shopper's.
    decline(shop.order(2), 10).await;
    decline(shop.order(3), 9).await;
    assert_eq!(shop.paid(shop.order(4), json!({})).await["status"], "succeeded");
    decline(3, 1).await;
    refused(shop.order(5)).await;
    let theirs = shop.order_as(6, |order| order["user_id"] = json!(8));
    assert_eq!(shop.admin("/api/payments", payment(theirs, &json!({}))).await.status(), 201);
    sqlx::query("UPDATE payments SET created_at = created_at - INTERVAL 1 HOUR")
        .execute(&shop.db)
        .await
        .unwrap();
    assert_eq!(shop.paid(order, json!({})).await["status"], "succeeded", "it is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_takes_the_methods_that_it_wants() {
    let shop = Shop::with(&[("PAYMENT_METHODS", "credit_card,cod")]).await;
    let order = shop.order(1);
    let more = json!({ "payment_method": "paypal", "amount": 1.005 });
    let (status, _, wrong) = problem(shop.pay(order, more).await).await;
    let errors: Vec<_> =
        wrong["errors"].as_array().unwrap().iter().map(|it| (&it["field"], &it["code"])).collect();
    assert_eq!(status, 422);
    let (amount, method) = (json!("amount"), json!("payment_method"));
    assert_eq!(errors, [(&amount, &json!("invalid")), (&method, &json!("unsupported"))], "{wrong}");
    let (_, _, wrong) = problem(shop.pay(order, json!({ "payment_method": "gold" })).await).await;
    assert_eq!(wrong["errors"][0]["code"], "unknown-value");
    assert_eq!(shop.paid(order, json!({ "payment_method": "cod" })).await["status"], "authorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_name_all_that_is_wrong_with_a_question() {
    let shop = Shop::open().await;
    let both = [("limit", "invalid"), ("status", "unknown-value")];
    for path in ["/api/payments", "/api/payments/disputes", "/api/v1/transactions"] {
        let wrong = shop.app.as_admin(Method::GET, &format!("{path}?status=odd&limit=0"));
        let (status, _, body) = problem(wrong.send().await.unwrap()).await;
        assert_eq!(status, 422, "{path}: {body}");
        let errors = body["errors"].as_array().unwrap().iter();
        let errors: Vec<_> =
            errors.map(|it| (it["field"].as_str().unwrap(), it["code"].as_str().unwrap())).collect();
        assert_eq!(errors, both, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_the_order_is_refused() {
    let shop = Shop::open().await;
    let theirs = shop.order_as(1, |order| order["user_id"] = json!(8));
    let ours = shop.order(2);
    let cancelled = shop.order_as(3, |order| {
        order["status"] = json!("cancelled");
        order["payable"] = json!(false);
    });
    let paid = shop.order_as(4, |order| {
        order["status"] = json!("paid");
        order["payable"] = json!(false);
    });
    for (order, more, status, code) in [
        (theirs, json!({}), 403, "not-yours"),
        (ours, json!({ "user_id": 8 }), 403, "not-yours"),
        (99, json!({}), 404, "order-not-found"),
        (ours, json!({ "amount": 2999.99 }), 422, "wrong-amount"),
        (ours, json!({ "currency": "EUR" }), 422, "wrong-amount"),
        (ours, json!({ "payment_token": "tok_nonsense" }), 422, "invalid-fields"),
        (cancelled, json!({}), 409, "order-cancelled"),
        (paid, json!({}), 409, "order-paid"),
    ] {
        let (found, name, body) = problem(shop.pay(order, more).await).await;
        assert_eq!((found, name.as_str()), (status, code), "{body}");
        if code == "wrong-amount" {
            assert_eq!((&body["amount_due"], &body["currency"]), (&json!(3000), &json!("USD")));
        }
    }
    assert_eq!(shop.count("SELECT COUNT(*) FROM payments").await, 0, "nothing is kept of a refusal");
    let by_admin = shop.admin("/api/payments", payment(theirs, &json!({}))).await;
    assert_eq!(by_admin.json::<Value>().await.unwrap()["user_id"], 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_order_service_nobody_pays_and_may_try_again() {
    let app = TestEnv::new().await.peer("order-service", "http://127.0.0.1:9").start::<Payments>().await;
    for _ in 0..2 {
        let request =
            app.as_client(SHOPPER, Method::POST, "/api/payments").header("idempotency-key", "again");
        let answer = request.json(&payment(1, &json!({}))).send().await.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_is_named_at_once() {
    let shop = Shop::open().await;
    let card = json!({ "number": "4242424242424241", "exp_month": 13, "exp_year": 1999, "cvc": "12" });
    let body = json!({ "order_id": 0, "amount": 1.005, "payment_method": "gold", "card": card });
    let (status, _, wrong) = problem(shop.post("/api/payments").json(&body).send().await.unwrap()).await;
    let mut fields = wrong_fields(&wrong);
    fields.sort_unstable();
    assert_eq!(status, 422);
    assert_eq!(
        fields,
        [
            "amount",
            "card.cvc",
            "card.exp_month",
            "card.exp_year",
            "card.number",
            "order_id",
            "payment_method"
        ]
    );
    for (more, field) in [
        (json!({ "amount": -1 }), "amount"),
        (json!({ "currency": "XXQ" }), "currency"),
        (json!({ "payment_token": "" }), "payment_token"),
        (json!({ "payment_token": "tok_success", "card": card }), "card"),
        (json!({ "amount": "3000" }), "amount"),
    ] {
        let (status, _, wrong) = problem(shop.pay(1, more.clone()).await).await;
        assert_eq!((status, &wrong["errors"][0]["field"]), (422, &json!(field)), "{more}");
    }
    assert_eq!(shop.pay(1, json!({ "amount": 1e300 })).await.status(), 422);
    assert_eq!(
        shop.post("/api/payments")
            .body("{")
            .header("content-type", "application/json")
            .send()
            .await
            .unwrap()
            .status(),
        400
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_are_their_owners() {
    let shop = Shop::open().await;
    let mine = shop.paid(shop.order(1), json!({})).await["id"].clone();
    let theirs = shop.order_as(2, |order| order["user_id"] = json!(8));
    shop.admin("/api/payments", payment(theirs, &json!({}))).await;
    let path = format!("/api/payments/{mine}");
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    assert_eq!(status(shop.app.request(Method::GET, &path)).await, 401);
    assert_eq!(status(shop.app.request(Method::POST, "/api/payments").json(&json!({}))).await, 401);
    assert_eq!(status(shop.app.as_client(8, Method::GET, &path)).await, 403);
    assert_eq!(status(shop.app.as_client(SHOPPER, Method::GET, &path)).await, 200);
    assert_eq!(status(shop.app.as_client(SHOPPER, Method::GET, "/api/payments/0")).await, 404);
    assert_eq!(status(shop.app.as_client(SHOPPER, Method::GET, "/api/payments/x")).await, 404);
    for verb in ["capture", "refund", "void"] {
        let request = shop.post(&format!("{path}/{verb}")).json(&json!({ "reason": "I want it" }));
        assert_eq!(status(request).await, 403, "{verb}");
    }
    let list =
        async |request: reqwest::RequestBuilder| request.send().await.unwrap().json::<Value>().await.unwrap();
    let own = list(shop.app.as_client(SHOPPER, Method::GET, "/api/payments/")).await;
    assert_eq!((&own["total"], &own["items"][0]["id"]), (&json!(1), &mine));
    let all = list(shop.app.as_admin(Method::GET, "/api/payments?limit=1")).await;
    assert_eq!((&all["total"], &all["count"]), (&json!(2), &json!(1)));
    let cursor = all["next_cursor"].as_str().unwrap();
    let rest = list(shop.app.as_admin(Method::GET, &format!("/api/payments?limit=1&cursor={cursor}"))).await;
    assert_eq!(rest["items"][0]["id"], mine);
    for (query, total) in [("order_id=1", 1), ("user_id=8", 1), ("status=succeeded", 2), ("status=failed", 0)]
    {
        let found = list(shop.app.as_admin(Method::GET, &format!("/api/payments?{query}"))).await;
        assert_eq!(found["total"], total, "{query}");
    }
    assert_eq!(status(shop.app.as_client(SHOPPER, Method::GET, "/api/payments?user_id=8")).await, 403);
    assert_eq!(status(shop.app.as_client(SHOPPER, Method::GET, "/api/payments?status=odd")).await, 422);
}
