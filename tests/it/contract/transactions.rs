//! Transactions: made, asked for, counted.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use system_tests::{Shop, Shopper, eventually};

use super::{answered, each, has, is_time, refused, unique, whole, wrong_fields};

const PATH: &str = "/api/v1/transactions";

fn make(shopper: &Shopper, body: &Value) -> RequestBuilder {
    shopper.request(Method::POST, PATH).json(body)
}

async fn ended(shopper: &Shopper, id: &Value) -> Value {
    eventually("the transaction ends", || async {
        let now = shopper.get(&format!("{PATH}/{}", id.as_str().unwrap())).await;
        if now["status"] == "completed" || now["status"] == "failed" { Ok(now) } else { Err(now.to_string()) }
    })
    .await
}

#[tokio::test]
async fn a_transaction_is_pending_and_then_comes_to_its_end() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let sender = unique("sender");
    let body = json!({ "sender": sender, "receiver": "user456", "amount": 100.5, "currency": "USD", "reference": "rent" });
    let made = answered(make(&shopper, &body), 201).await;
    has(&made, &body);
    has(
        &made,
        &json!({ "status": "pending", "payment_type": "ACH", "user_id": shopper.id, "error_message": null }),
    );
    is_time(&made["created_at"]);
    let id = &made["transaction_id"];
    let end = ended(&shopper, id).await;
    has(&end, &body);
    assert_eq!(end["status"] == "failed", end["error_message"].is_string(), "{end}");
    assert_eq!(end["status"] == "completed", end["completed_at"].is_string(), "{end}");
    let list = shopper
        .get(&format!("{PATH}?sender={sender}&payment_type=ACH&status={}", end["status"].as_str().unwrap()))
        .await;
    assert_eq!(
        (each(&list, "transaction_id"), &list["total"], &list["next_cursor"]),
        (vec![id], &json!(1), &Value::Null)
    );
    let path = format!("{PATH}/{}", id.as_str().unwrap());
    refused(shop.shopper().await.request(Method::GET, &path), 403, "not-yours").await;
    refused(shop.get(&path), 401, "token-missing").await;
    refused(
        shopper.request(Method::GET, &format!("{PATH}/00000000-0000-7000-8000-000000000000")),
        404,
        "transaction-not-found",
    )
    .await;
    let by_admin =
        answered(shop.admin(Method::GET, &format!("{PATH}?user_id={}&limit=1", shopper.id)), 200).await;
    assert_eq!(each(&by_admin, "transaction_id"), [id]);
}

#[tokio::test]
async fn every_scheme_is_taken_with_its_currency_and_no_other() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let body = |payment_type: &str, currency: &str| json!({ "sender": "user123", "receiver": "user456", "amount": 12, "currency": currency, "payment_type": payment_type });
    for (payment_type, currency) in [
        ("ACH", "USD"),
        ("WIRE", "VND"),
        ("RTP", "USD"),
        ("SEPA", "EUR"),
        ("CARD", "USD"),
        ("DIRECT_DEBIT", "EUR"),
        ("CHECK", "USD"),
    ] {
        let made = answered(make(&shopper, &body(payment_type, currency)), 201).await;
        has(&made, &json!({ "payment_type": payment_type, "currency": currency, "status": "pending" }));
    }
    assert_eq!(wrong_fields(make(&shopper, &body("SEPA", "USD"))).await, ["currency"]);
    assert_eq!(wrong_fields(make(&shopper, &body("SHELLS", "USD"))).await, ["payment_type"]);
    let wrong = json!({ "sender": "", "receiver": "a b", "amount": 1.005, "currency": "USD" });
    assert_eq!(wrong_fields(make(&shopper, &wrong)).await, ["amount", "receiver", "sender"]);
    let cards = json!({ "sender": "a", "receiver": "b", "amount": 1, "currency": "USD", "payment_type": "CARD",
        "card": { "number": "4242424242424242", "exp_month": 12, "exp_year": 2099, "cvc": "937" } });
    assert_eq!(wrong_fields(make(&shopper, &cards)).await, ["card.cvc"]);
}

#[tokio::test]
async fn of_account_and_card_numbers_only_the_ends_are_kept() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let body = json!({ "sender": "DE89 3704 0044 0532 0130 00", "receiver": "bob", "amount": 1, "currency": "EUR",
        "iban": "NL91ABNA0417164300", "bic": "ABNANL2A" });
    let made = answered(make(&shopper, &body), 201).await;
    has(&made, &json!({ "sender": "DE****************3000", "payment_type": "SEPA" }));
    has(&made["details"], &json!({ "iban": "NL************4300", "bic": "ABNANL2A" }));
    let card = json!({ "sender": "alice", "receiver": "bob", "amount": 1, "currency": "USD", "payment_type": "CARD",
        "card": { "number": "4242424242424242", "exp_month": 12, "exp_year": 2099 } });
    let made = answered(make(&shopper, &card), 201).await;
    has(&made["details"], &json!({ "card_brand": "visa", "card_last4": "4242" }));
    assert!(!made.to_string().contains("42424242"), "{made}");
}

#[tokio::test]
async fn under_one_key_there_is_one_transaction() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let body = json!({ "sender": "alice", "receiver": "bob", "amount": 5, "currency": "USD" });
    let key = unique("key");
    let first = answered(make(&shopper, &body).header("Idempotency-Key", &key), 201).await;
    let (headers, again) = whole(make(&shopper, &body).header("Idempotency-Key", &key), 201).await;
    assert_eq!((headers["idempotent-replayed"].to_str().unwrap(), &again), ("true", &first));
    let other = json!({ "sender": "alice", "receiver": "bob", "amount": 6, "currency": "USD" });
    refused(make(&shopper, &other).header("Idempotency-Key", &key), 422, "idempotency-key-reused").await;
    assert_eq!(shopper.get(PATH).await["total"], 1);
}

#[tokio::test]
async fn administrators_see_what_went_through() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let body = json!({ "sender": "alice", "receiver": "bob", "amount": 5, "currency": "KWD" });
    let made = answered(make(&shopper, &body), 201).await;
    ended(&shopper, &made["transaction_id"]).await;
    let path = format!("{PATH}/stats?currency=KWD&payment_type=WIRE");
    let stats = answered(shop.admin(Method::GET, &path), 200).await;
    let minute = &stats["items"][0];
    is_time(&minute["minute"]);
    has(minute, &json!({ "currency": "KWD", "payment_type": "WIRE" }));
    assert!(
        minute["count"].as_u64() >= Some(1) && minute["p99_ms"].as_u64() >= minute["p50_ms"].as_u64(),
        "{stats}"
    );
    refused(shopper.request(Method::GET, &path), 403, "not-admin").await;
    let long = format!("{PATH}/stats?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:01Z");
    assert_eq!(wrong_fields(shop.admin(Method::GET, &long)).await, ["to"]);
}
