//! Notices of the provider, and the page where a customer confirms.

use config::testing::{TestKafka, eventually};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{SECRET, SHOPPER, Shop, problem};

impl Shop {
    async fn notify_as(&self, secret: &str, body: Vec<u8>) -> Response {
        self.notice("simulator", "Simulator-Signature", secret, body).await
    }

    /// Tells how the only charge ended.
    async fn notify(&self, event: &str, kind: &str) {
        let charge: Uuid =
            sqlx::query_scalar("SELECT charge_key FROM payments").fetch_one(&self.db).await.unwrap();
        let data = json!({ "charge": charge, "transaction_id": "sim_told", "code": "card_declined" });
        let body = json!({ "id": event, "type": kind, "data": data }).to_string();
        assert_eq!(self.notify_as(SECRET, body.into_bytes()).await.status(), 204);
    }

    /// The provider takes the money of a charge that had ended, and tells.
    async fn captured_after_all(&self, charge: Uuid) {
        sqlx::query(
            "UPDATE simulator_charges SET state = 'captured', captured = amount WHERE charge_key = ?",
        )
        .bind(charge)
        .execute(&self.db)
        .await
        .unwrap();
        let data = json!({ "charge": charge, "transaction_id": "sim_late" });
        let body = json!({ "id": "evt_1", "type": "charge.captured", "data": data }).to_string();
        assert_eq!(self.notify_as(SECRET, body.into_bytes()).await.status(), 204);
    }

    async fn challenged(&self, order: u64) -> (Value, String) {
        let payment = self.paid(order, json!({ "payment_token": "tok_action_required" })).await;
        assert_eq!(
            (&payment["status"], &payment["next_action"]["type"]),
            (&json!("requires_action"), &json!("redirect"))
        );
        let url = payment["next_action"]["url"].as_str().unwrap().to_owned();
        (payment["id"].clone(), url)
    }

    async fn decide(&self, url: &str, decision: &str) -> Value {
        let answer =
            self.app.request(Method::POST, &format!("{url}?decision={decision}")).send().await.unwrap();
        answer.json().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_signed_notices_are_believed() {
    let shop = Shop::open().await;
    let id = shop.challenged(shop.order(1)).await.0;
    let charge: Uuid =
        sqlx::query_scalar("SELECT charge_key FROM payments").fetch_one(&shop.db).await.unwrap();
    let data = json!({ "charge": charge, "transaction_id": "sim_forged" });
    let body = json!({ "id": "evt_1", "type": "charge.captured", "data": data }).to_string().into_bytes();
    assert_eq!(shop.notify_as("guessed", body.clone()).await.status(), 401);
    let unsigned = shop.app.request(Method::POST, "/api/payments/webhooks/simulator").body(body.clone());
    assert_eq!(problem(unsigned.send().await.unwrap()).await.1, "webhook-signature-invalid");
    let elsewhere = shop.app.request(Method::POST, "/api/payments/webhooks/nobody").body(body);
    assert_eq!(elsewhere.send().await.unwrap().status(), 404);
    assert_eq!(shop.notify_as(SECRET, b"[]".to_vec()).await.status(), 400);
    assert_eq!(shop.notify_as(SECRET, vec![b' '; 70_000]).await.status(), 413);
    for (kind, charge) in [("payout.paid", charge), ("charge.captured", Uuid::now_v7())] {
        let data = json!({ "charge": charge, "transaction_id": "sim_other" });
        let other = json!({ "id": "evt_2", "type": kind, "data": data }).to_string();
        assert_eq!(shop.notify_as(SECRET, other.into_bytes()).await.status(), 204);
    }
    assert_eq!(shop.get(&id).await["status"], "requires_action");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_confirms_or_refuses_and_the_first_word_counts() {
    let shop = Shop::open().await;
    let (yes, yes_url) = shop.challenged(shop.order(1)).await;
    let (no, no_url) = shop.challenged(shop.order(2)).await;
    let page = shop.app.request(Method::GET, &yes_url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("3000") && page.contains("Approve"), "{page}");
    for _ in 0..2 {
        assert_eq!(shop.decide(&yes_url, "approve").await["approved"], true);
        assert_eq!(shop.decide(&no_url, "deny").await["approved"], false);
    }
    assert_eq!(shop.decide(&no_url, "approve").await["approved"], false);
    assert_eq!(shop.get(&yes).await["status"], "succeeded");
    assert_eq!(shop.get(&no).await["failure"]["code"], "authentication_failed");
    for nowhere in ["nothing", "%C3%A1"] {
        let nowhere = format!("/api/payments/simulator/challenge/{nowhere}");
        assert_eq!(shop.app.request(Method::GET, &nowhere).send().await.unwrap().status(), 404);
    }
    assert_eq!(shop.decide(&yes_url, "perhaps").await["status"], 422);
    assert_eq!(shop.paid(2, json!({})).await["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_may_walk_away_or_forget() {
    let shop = Shop::with(&[("CONFIRMATION_SECONDS", "1")]).await;
    let (forgotten, url) = shop.challenged(shop.order(1)).await;
    assert_eq!(shop.becomes(&forgotten, "failed").await["failure"]["code"], "abandoned");
    assert_eq!(shop.decide(&url, "approve").await["approved"], false, "it is too late");
    let shop = Shop::open().await;
    let (left, _) = shop.challenged(shop.order(1)).await;
    let void = format!("/api/payments/{left}/void");
    let theirs = shop.app.as_client(SHOPPER + 1, Method::POST, &void).send().await.unwrap();
    assert_eq!(theirs.status(), 403);
    let voided: Value = shop.post(&void).send().await.unwrap().json().await.unwrap();
    assert_eq!(voided["status"], "failed");
    assert_eq!(shop.paid(1, json!({})).await["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_may_come_before_the_answer_and_twice() {
    let shop = std::sync::Arc::new(Shop::with(&[("SIMULATOR_SLOW_SECONDS", "2")]).await);
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    let order = shop.order(1);
    let paying = {
        let shop = shop.clone();
        tokio::spawn(async move { shop.paid(order, json!({ "payment_token": "tok_slow" })).await })
    };
    eventually("the provider is charging", || async {
        match shop.count("SELECT COUNT(*) FROM simulator_charges").await {
            1 => Ok(()),
            _ => Err("no charge".to_owned()),
        }
    })
    .await;
    for _ in 0..3 {
        shop.notify("evt_1", "charge.captured").await;
    }
    assert!(!paying.is_finished(), "the notice came first");
    assert_eq!(shop.get(&json!(1)).await["status"], "succeeded");
    assert_eq!(paying.await.unwrap()["status"], "succeeded");
    shop.notify("evt_2", "charge.declined").await;
    assert_eq!(shop.get(&json!(1)).await["status"], "succeeded", "old news");
    let refund = json!({ "reason": "to hear what was said before" });
    assert_eq!(shop.admin("/api/payments/1/refund", refund).await.status(), 201);
    let told = std::sync::atomic::AtomicU32::new(0);
    let count = |event: &config::kafka::Envelope| {
        told.fetch_add(u32::from(event.kind == "payment_processed"), std::sync::atomic::Ordering::Relaxed);
        event.kind == "payment_refunded"
    };
    events.find(count).await;
    assert_eq!(told.into_inner(), 1, "the others hear of it once");
    let fees = "SELECT CAST(SUM(amount) AS SIGNED) FROM ledger_entries WHERE book = 'fees'";
    assert_eq!(shop.count(fees).await, 3000, "the answer brought what the notice didn't tell");
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_comes_back_is_undone_once_and_can_be_made_again() {
    let shop = Shop::open().await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    let payment = shop.paid(shop.order(1), json!({})).await;
    let path = format!("/api/payments/{}/refund", payment["id"]);
    assert_eq!(shop.admin(&path, json!({ "amount": 1000, "reason": "broken" })).await.status(), 201);
    assert_eq!(shop.admin(&path, json!({ "reason": "the rest" })).await.status(), 201);
    let (key, charge): (Uuid, Uuid) =
        sqlx::query_as("SELECT provider_key, charge_key FROM operations WHERE reason = 'the rest'")
            .fetch_one(&shop.db)
            .await
            .unwrap();
    let told = async |event: &str, refund: Uuid| {
        let body =
            json!({ "id": event, "type": "refund.failed", "data": { "charge": charge, "refund": refund } });
        assert_eq!(shop.notify_as(SECRET, body.to_string().into_bytes()).await.status(), 204);
    };
    told("evt_other", charge).await;
    told("evt_unknown", Uuid::now_v7()).await;
    assert_eq!(shop.get(&payment["id"]).await["status"], "refunded");
    for event in ["evt_1", "evt_1", "evt_2"] {
        told(event, key).await;
    }
    let now = shop.get(&payment["id"]).await;
    assert_eq!((&now["status"], &now["refunded_amount"]), (&json!("partially_refunded"), &json!(1000)));
    assert_eq!(now["refunds"][1]["status"], "failed");
    shop.ledger_is_right().await;
    assert_eq!(shop.admin(&path, json!({ "reason": "another way" })).await.status(), 201);
    let failed = events.find(|event| event.kind == "refund_failed").await;
    assert_eq!((&failed.data["refund_amount"], &failed.data["was_refunded"]), (&json!(2000), &json!(true)));
    assert_eq!(
        (&failed.data["refunded_total"], &failed.data["refund_id"]),
        (&json!(1000), &now["refunds"][1]["id"])
    );
    let again =
        events.find(|event| event.kind != "payment_refunded" || event.data["reason"] == "another way").await;
    assert_eq!((again.kind.as_str(), &again.data["fully_refunded"]), ("payment_refunded", &json!(true)));
    let given = shop.count("SELECT CAST(refunded AS SIGNED) FROM simulator_charges").await;
    assert_eq!(given, 300_000, "the provider, too, counts what came back once");
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_arrives_for_a_dead_order_goes_back() {
    let shop = Shop::open().await;
    let (id, _) = shop.challenged(shop.order(1)).await;
    shop.cancel(1).await;
    shop.becomes(&id, "failed").await;
    // The provider took it all the same, and tells late.
    sqlx::query("UPDATE simulator_charges SET state = 'captured', captured = amount")
        .execute(&shop.db)
        .await
        .unwrap();
    shop.notify("evt_late", "charge.captured").await;
    shop.notify("evt_late", "charge.captured").await;
    let refunded = shop.becomes(&id, "refunded").await;
    assert_eq!(refunded["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(shop.count("SELECT CAST(refunded AS SIGNED) FROM simulator_charges").await, 300_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_arrives_after_another_payment_goes_back() {
    let shop = Shop::open().await;
    let order = shop.order(1);
    let (late, _) = shop.challenged(order).await;
    let charge: Uuid =
        sqlx::query_scalar("SELECT charge_key FROM payments").fetch_one(&shop.db).await.unwrap();
    let void = format!("/api/payments/{late}/void");
    assert_eq!(shop.post(&void).send().await.unwrap().status(), 200);
    let paid = shop.paid(order, json!({})).await;
    shop.captured_after_all(charge).await;
    let refunded = shop.becomes(&late, "refunded").await;
    assert_eq!(refunded["refunds"][0]["reason"], "duplicate_payment");
    assert_eq!(shop.get(&paid["id"]).await["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_hears_nothing_of_money_that_goes_back_while_another_payment_is_under_way() {
    let shop = Shop::open().await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    let order = shop.order(1);
    let (late, _) = shop.challenged(order).await;
    let charge: Uuid =
        sqlx::query_scalar("SELECT charge_key FROM payments").fetch_one(&shop.db).await.unwrap();
    assert_eq!(shop.post(&format!("/api/payments/{late}/void")).send().await.unwrap().status(), 200);
    let (_, url) = shop.challenged(order).await;
    shop.captured_after_all(charge).await;
    shop.becomes(&late, "refunded").await;
    shop.decide(&url, "approve").await;
    let mut told = Vec::new();
    while told.last().is_none_or(|kind| kind != "payment_processed") {
        told.push(events.find(|event| event.key == "1").await.kind);
    }
    assert_eq!(told, ["payment_failed", "payment_refunded", "payment_processed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_aside_for_too_long_is_not_set_aside_any_more() {
    let shop = Shop::open().await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    let order = shop.order(1);
    let held = shop.paid(order, json!({ "capture": false })).await;
    for _ in 0..2 {
        shop.notify("evt_1", "charge.lapsed").await;
    }
    assert_eq!(shop.get(&held["id"]).await["status"], "voided");
    let told = events.find(|event| event.kind != "payment_authorized").await;
    assert_eq!((told.kind.as_str(), &told.data["payment_id"]), ("payment_voided", &held["id"]));
    shop.ledger_is_right().await;
    assert_eq!(shop.paid(order, json!({})).await["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_that_a_parcel_brings_is_no_providers_to_give_up() {
    let shop = Shop::open().await;
    let cash = shop.paid(shop.order(1), json!({ "payment_method": "cod" })).await;
    shop.notify("evt_1", "charge.lapsed").await;
    assert_eq!(shop.get(&cash["id"]).await["status"], "authorized", "the parcel may be on its way");
    let brought = shop.admin(&format!("/api/payments/{}/capture", cash["id"]), json!({})).await;
    assert_eq!(brought.json::<Value>().await.unwrap()["status"], "succeeded");
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_are_forgotten_when_nobody_repeats_them_any_more() {
    let mut shop = Shop::open().await;
    sqlx::query(
        "INSERT INTO webhook_events (provider, event_id, received_at) VALUES \
         ('stripe', 'evt_old', UTC_TIMESTAMP(6) - INTERVAL 31 DAY), \
         ('stripe', 'evt_new', UTC_TIMESTAMP(6) - INTERVAL 29 DAY)",
    )
    .execute(&shop.db)
    .await
    .unwrap();
    // Whoever starts looks for old ones first.
    shop.restart(&[]).await;
    eventually("the old one is forgotten", || async {
        let left: Vec<String> =
            sqlx::query_scalar("SELECT event_id FROM webhook_events").fetch_all(&shop.db).await.unwrap();
        if left == ["evt_new"] { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
}
