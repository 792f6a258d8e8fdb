//! Crashes, timeouts, silence.

use std::sync::Arc;

use config::testing::{TestKafka, eventually};
use payment_service::Payments;
use serde_json::{Value, json};

use crate::support::{Shop, payment, problem};

const CHARGES: &str = "SELECT COUNT(*) FROM simulator_charges WHERE captured > 0";

/// Kills the service after the provider has taken the money, before that is committed.
async fn killed_while_paying() -> Shop {
    let mut shop = Shop::with(&[("PROVIDER_TIMEOUT_SECONDS", "2"), ("SIMULATOR_SLOW_SECONDS", "600")]).await;
    let order = shop.order(1);
    let slow = json!({ "payment_token": "tok_slow" });
    let paying =
        shop.post("/api/payments").header("idempotency-key", "once").json(&payment(order, &slow)).send();
    let client = tokio::spawn(paying);
    eventually("the provider is charging", || async {
        if shop.count(CHARGES).await == 1 { Ok(()) } else { Err("no charge".to_owned()) }
    })
    .await;
    let app = std::mem::replace(&mut shop.app, shop.env.start::<Payments>().await);
    app.kill().await;
    assert!(client.await.unwrap().is_err(), "the client got no answer");
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_process_died_is_found_to_have_succeeded_once() {
    let shop = killed_while_paying().await;
    let paid = shop.becomes(&json!(1), "succeeded").await;
    assert!(
        shop.count("SELECT MAX(CAST(attempts AS SIGNED)) FROM operations").await >= 1,
        "the job found it"
    );
    assert_eq!(shop.count(CHARGES).await, 1);
    // The client comes again when the dead request's lease is over.
    sqlx::query("UPDATE idempotency_keys SET lease_until = '2000-01-01' WHERE status IS NULL")
        .execute(&shop.db)
        .await
        .unwrap();
    let request = shop.post("/api/payments").header("idempotency-key", "once");
    let again = request.json(&payment(1, &json!({ "payment_token": "tok_slow" }))).send().await.unwrap();
    assert_eq!(again.status(), 201);
    let again: Value = again.json().await.unwrap();
    assert_eq!((&again["id"], &again["status"]), (&paid["id"], &json!("succeeded")));
    assert_eq!(shop.count("SELECT COUNT(*) FROM payments").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_the_provider_never_heard_of_fails_for_good() {
    let shop = killed_while_paying().await;
    sqlx::query("DELETE FROM simulator_charges").execute(&shop.db).await.unwrap();
    let failed = shop.becomes(&json!(1), "failed").await;
    assert_eq!(failed["failure"]["code"], "abandoned");
    assert_eq!(shop.count(CHARGES).await, 0);
    assert_eq!(shop.paid(1, json!({})).await["status"], "succeeded", "another may take its place");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_too_long_is_looked_into() {
    let shop = Shop::with(&[("PROVIDER_TIMEOUT_SECONDS", "0.3"), ("SIMULATOR_SLOW_SECONDS", "600")]).await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    let order = shop.order(1);
    let payment = shop.paid(order, json!({ "payment_token": "tok_slow" })).await;
    assert_eq!(payment["status"], "processing");
    assert_eq!(problem(shop.pay(order, json!({})).await).await.0, 409);
    shop.becomes(&payment["id"], "succeeded").await;
    let event = events.find(|event| event.kind == "payment_processed").await;
    assert_eq!(event.data["payment_id"], payment["id"]);
    assert_eq!(shop.count(CHARGES).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_hangs_is_finished_later_and_once() {
    let shop = Arc::new(Shop::with(&[("PROVIDER_TIMEOUT_SECONDS", "0.5")]).await);
    let id = shop.paid(shop.order(1), json!({})).await["id"].clone();
    let mut busy = shop.db.begin().await.unwrap();
    sqlx::query("SELECT * FROM simulator_charges FOR UPDATE").fetch_all(&mut *busy).await.unwrap();
    let refund = shop.admin(&format!("/api/payments/{id}/refund"), json!({ "reason": "broken" })).await;
    assert_eq!(refund.status(), 201);
    assert_eq!(refund.json::<Value>().await.unwrap()["status"], "pending");
    busy.rollback().await.unwrap();
    let payment = shop.becomes(&id, "refunded").await;
    assert_eq!(payment["refunds"][0]["status"], "succeeded");
    assert_eq!(shop.count("SELECT COUNT(*) FROM simulator_refunds").await, 1);
    shop.ledger_is_right().await;
}
