//! Many at once.

use std::sync::Arc;

use config::testing::eventually;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{SHOPPER, Shop, payment, problem};

/// Sends as many requests at once as `count`; each is made by its number.
async fn at_once(
    shop: &Arc<Shop>,
    count: usize,
    request: impl Fn(&Shop, usize) -> reqwest::RequestBuilder,
) -> Vec<Response> {
    let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(request(shop, number).send())).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap().unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_paid_once_however_many_try() {
    let shop = Arc::new(Shop::open().await);
    let order = shop.order(1);
    let answers = at_once(&shop, 20, |shop, number| {
        shop.post("/api/payments")
            .header("idempotency-key", format!("key-{number}"))
            .json(&payment(order, &json!({})))
    })
    .await;
    let mut paid = 0;
    for answer in answers {
        if answer.status() == 201 {
            paid += 1;
        } else {
            let (status, code, _) = problem(answer).await;
            assert!(
                status == 409 && ["payment-in-progress", "order-paid"].contains(&code.as_str()),
                "{status} {code}"
            );
        }
    }
    assert_eq!(paid, 1);
    shop.ledger_is_right().await;
    assert_eq!(shop.count("SELECT COUNT(*) FROM simulator_charges").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_its_key_however_long_it_takes() {
    let settings = [("PROVIDER_TIMEOUT_SECONDS", "60"), ("SIMULATOR_SLOW_SECONDS", "16")];
    let shop = Shop::with(&settings).await;
    let slow = payment(shop.order(1), &json!({ "payment_token": "tok_slow" }));
    let pay = || shop.post("/api/payments").header("idempotency-key", "once").json(&slow).send();
    let first = tokio::spawn(pay());
    // It was renewed when the first lease was over.
    let renewed = "SELECT COUNT(*) FROM idempotency_keys WHERE lease_until > created_at + INTERVAL 13 SECOND";
    eventually("the lease is renewed again and again", || async {
        if shop.count(renewed).await == 1 { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await;
    assert_eq!(problem(pay().await.unwrap()).await.1, "idempotency-key-running");
    assert_eq!(first.await.unwrap().unwrap().status(), 201);
    assert_eq!(pay().await.unwrap().headers()["idempotent-replayed"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_one_payment() {
    let shop = Arc::new(Shop::open().await);
    let order = shop.order(1);
    let pay = |shop: &Shop, _| {
        shop.post("/api/payments").header("idempotency-key", "once").json(&payment(order, &json!({})))
    };
    let answers = at_once(&shop, 20, pay).await;
    let mut ids = std::collections::BTreeSet::new();
    for answer in answers {
        match answer.status().as_u16() {
            201 => {
                ids.insert(answer.json::<Value>().await.unwrap()["id"].as_u64().unwrap());
            }
            _ => assert_eq!(problem(answer).await.1, "idempotency-key-running"),
        }
    }
    let replay = pay(&shop, 0).send().await.unwrap();
    assert_eq!(replay.headers()["idempotent-replayed"], "true");
    ids.insert(replay.json::<Value>().await.unwrap()["id"].as_u64().unwrap());
    assert_eq!(ids.len(), 1);
    assert_eq!(shop.count("SELECT COUNT(*) FROM payments").await, 1);
    let other = shop
        .post("/api/payments")
        .header("idempotency-key", "once")
        .json(&payment(order, &json!({ "amount": 1 })));
    assert_eq!(problem(other.send().await.unwrap()).await.1, "idempotency-key-reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decline_is_replayed_and_an_outage_is_not() {
    let shop = Shop::open().await;
    let order = shop.order(1);
    let pay = async |key: &str, token: &str| {
        let request = shop.post("/api/payments").header("idempotency-key", key);
        request.json(&payment(order, &json!({ "payment_token": token }))).send().await.unwrap()
    };
    let first = problem(pay("declined", "tok_declined").await).await;
    let replay = pay("declined", "tok_declined").await;
    assert_eq!(replay.headers()["idempotent-replayed"], "true");
    let replay = problem(replay).await;
    assert_eq!((first.0, &first.2["payment_id"]), (replay.0, &replay.2["payment_id"]));
    for _ in 0..2 {
        let down = pay("down", "tok_down").await;
        assert_eq!(down.status(), 503);
        assert!(!down.headers().contains_key("idempotent-replayed"));
    }
    assert_eq!(shop.count("SELECT COUNT(*) FROM payments").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_never_exceed_the_payment_however_many_race() {
    let shop = Arc::new(Shop::open().await);
    let id = shop.paid(shop.order(1), json!({})).await["id"].clone();
    let path = format!("/api/payments/{id}/refund");
    let refunds = (0..50).map(|number| {
        let (shop, path) = (shop.clone(), path.clone());
        tokio::spawn(async move {
            // A machine under load may answer 503: then the same is asked again.
            eventually("a refund is answered", || async {
                let request =
                    shop.app.as_admin(Method::POST, &path).header("idempotency-key", format!("r-{number}"));
                let answer = request.json(&json!({ "amount": 100, "reason": "race" })).send().await.unwrap();
                if answer.status() == 201 {
                    return Ok(true);
                }
                let (status, code, _) = problem(answer).await;
                let is_final = [409, 422].contains(&status) && code != "idempotency-key-running";
                if is_final { Ok(false) } else { Err(code) }
            })
            .await
        })
    });
    let refunds: Vec<_> = refunds.collect();
    let mut refunded = 0;
    for refund in refunds {
        refunded += u32::from(refund.await.unwrap());
    }
    assert_eq!(refunded, 30);
    let payment = shop.becomes(&id, "refunded").await;
    assert_eq!(
        (&payment["refunded_amount"], payment["refunds"].as_array().unwrap().len()),
        (&json!(3000), 30)
    );
    assert_eq!(shop.count("SELECT CAST(SUM(amount) AS SIGNED) FROM simulator_refunds").await, 300_000);
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_one_refund_and_one_capture() {
    let shop = Arc::new(Shop::open().await);
    let id = shop.paid(shop.order(1), json!({ "capture": false })).await["id"].clone();
    for (verb, body) in
        [("capture", json!({ "amount": 2000 })), ("refund", json!({ "amount": 500, "reason": "once" }))]
    {
        let path = format!("/api/payments/{id}/{verb}");
        let request = |shop: &Shop, _| {
            shop.app.as_admin(Method::POST, &path).header("idempotency-key", "once").json(&body)
        };
        for answer in at_once(&shop, 20, request).await {
            if !answer.status().is_success() {
                assert_eq!(problem(answer).await.1, "idempotency-key-running");
            }
        }
        let replay = request(&shop, 0).send().await.unwrap();
        assert_eq!(replay.headers()["idempotent-replayed"], "true", "{verb}");
    }
    let payment = shop.get(&id).await;
    assert_eq!((&payment["captured_amount"], &payment["refunded_amount"]), (&json!(2000), &json!(500)));
    assert_eq!(payment["user_id"], SHOPPER);
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_comes_again_after_days_names_another_request() {
    let shop = Shop::open().await;
    let pay = |order: u64| {
        shop.post("/api/payments").header("idempotency-key", "mine").json(&payment(order, &json!({}))).send()
    };
    let first: Value = pay(shop.order(1)).await.unwrap().json().await.unwrap();
    // As maintenance leaves it behind.
    for statement in
        ["DELETE FROM idempotency_keys", "UPDATE operations SET created_at = created_at - INTERVAL 4 DAY"]
    {
        sqlx::query(statement).execute(&shop.db).await.unwrap();
    }
    let second = pay(shop.order(2)).await.unwrap();
    assert_eq!(second.status(), 201);
    let second: Value = second.json().await.unwrap();
    assert_eq!((&second["order_id"], &second["status"]), (&json!(2), &json!("succeeded")));
    assert_ne!(second["id"], first["id"]);
}
