//! Customers who ask their bank for the money back.

use config::database::{Db, MySqlSettings};
use config::service::Service as _;
use config::settings::{Env, Settings as _};
use config::testing::{TestEnv, TestKafka, eventually, wrong_fields};
use payment_service::Payments;
use payment_service::application::LedgerReader as _;
use payment_service::domain::verify;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::migrate::Migrator;

use crate::support::{SHOPPER, Shop, problem, refunded};

impl Shop {
    /// The simulated provider tells of a dispute over a payment.
    pub async fn disputed(&self, event: &str, kind: &str, payment: &Value, amount: f64) {
        // Whoever has no look into the database knows the charge by this.
        let transaction = self.get(payment).await["transaction_id"].clone();
        let dispute = json!({
            "id": format!("dp_{payment}"), "reason": "product_not_received", "amount": amount, "currency": "USD",
            "fee": 15, "evidence_due_at": "2030-01-02T03:04:05Z",
        });
        let data = json!({ "transaction_id": transaction, "dispute": dispute });
        let body = json!({ "id": event, "type": kind, "data": data }).to_string();
        assert_eq!(self.simulator_tells(body.into_bytes()).await, 204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_takes_its_money_until_it_is_won() {
    let shop = Shop::open().await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    let id = shop.paid(shop.order(1), json!({})).await["id"].clone();
    for _ in 0..2 {
        shop.disputed("evt_1", "dispute.opened", &id, 1000.5).await;
    }
    let opened = events.find(|event| event.kind == "dispute_opened").await;
    assert_eq!((&opened.data["payment_id"], &opened.data["disputed_amount"]), (&id, &json!(1000.5)));
    assert_eq!((opened.key.as_str(), &opened.data["status"]), ("1", &json!("opened")));
    assert_eq!(shop.get(&id).await["disputed_amount"], 1000.5);
    let refund = |amount: f64| json!({ "amount": amount, "reason": "and once more" });
    let path = format!("/api/payments/{id}/refund");
    let too_much = problem(shop.admin(&path, refund(1999.51)).await).await;
    assert_eq!((too_much.0, &too_much.2["amount_left"]), (422, &json!(1999.5)), "it went back once");
    shop.disputed("evt_2", "dispute.evidence_due", &id, 1000.5).await;
    let updated = events.find(|event| event.kind == "dispute_updated").await;
    assert_eq!(
        (&updated.data["status"], &updated.data["previous_status"], &updated.data["evidence_due_at"]),
        (&json!("evidence_due"), &json!("opened"), &json!("2030-01-02T03:04:05Z"))
    );
    let dispute = shop.read(&format!("/api/payments/disputes?payment_id={id}")).await["items"][0].clone();
    let evidence = format!("/api/payments/disputes/{}/evidence", dispute["id"]);
    let sent = shop.admin(&evidence, json!({ "text": "It was delivered, and signed for." })).await;
    let sent: Value = sent.json().await.unwrap();
    assert_eq!(sent["status"], "evidence_submitted");
    assert!(sent["evidence_submitted_at"].is_string());
    let again = problem(shop.admin(&evidence, json!({ "text": "And another thing." })).await).await;
    assert_eq!((again.0, again.1.as_str()), (409, "illegal-dispute-state"));
    shop.disputed("evt_3", "dispute.won", &id, 1000.5).await;
    shop.disputed("evt_4", "dispute.lost", &id, 1000.5).await;
    let won = shop.read(&format!("/api/payments/disputes/{}", dispute["id"])).await;
    assert_eq!(won["status"], "won", "the first verdict counts");
    assert_eq!(shop.admin(&path, refund(3000.0)).await.status(), 201, "the money is ours again");
    let movements = shop.read(&format!("/api/payments/{id}/ledger")).await;
    let movements: Vec<&str> =
        movements["entries"].as_array().unwrap().iter().map(|it| it["movement"].as_str().unwrap()).collect();
    for movement in ["authorization", "capture", "fee", "chargeback", "chargeback_reversal", "refund"] {
        assert!(movements.contains(&movement), "{movement} of {movements:?}");
    }
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_of_a_dispute_come_in_any_order() {
    let shop = Shop::open().await;
    let id = shop.paid(shop.order(1), json!({})).await["id"].clone();
    for (number, kind) in ["lost", "opened", "under_review", "evidence_due"].into_iter().enumerate() {
        shop.disputed(&format!("evt_{number}"), &format!("dispute.{kind}"), &id, 3000.0).await;
    }
    let disputes = shop.read("/api/payments/disputes").await;
    assert_eq!((&disputes["total"], &disputes["items"][0]["status"]), (&json!(1), &json!("lost")));
    let chargebacks = "SELECT COUNT(*) FROM ledger_entries WHERE movement = 'chargeback'";
    assert_eq!(shop.count(chargebacks).await, 2, "one, of two sides");
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_orders_money_goes_back_once_and_by_one_way() {
    let shop = Shop::open().await;
    let id = shop.paid(shop.order(1), json!({})).await["id"].clone();
    shop.disputed("evt_1", "dispute.opened", &id, 2000.0).await;
    shop.cancel(1).await;
    let refunded = shop.becomes(&id, "partially_refunded").await;
    assert_eq!(refunded["refunded_amount"], 1000, "the bank has taken the rest");
    shop.disputed("evt_2", "dispute.won", &id, 2000.0).await;
    let refunded = shop.becomes(&id, "refunded").await;
    assert_eq!(refunded["refunds"].as_array().unwrap().len(), 2);
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refunded_orders_money_goes_back_when_its_dispute_is_won() {
    let shop = Shop::open().await;
    let id = shop.paid(shop.order(1), json!({})).await["id"].clone();
    shop.disputed("evt_1", "dispute.opened", &id, 3000.0).await;
    TestKafka::new(&shop.env).send(&refunded(1, true)).await;
    eventually("the order is known to be refunded", || async {
        let known = shop.count("SELECT COUNT(*) FROM order_accounts WHERE refunded_at IS NOT NULL").await;
        if known == 1 { Ok(()) } else { Err("unknown".to_owned()) }
    })
    .await;
    assert_eq!(shop.get(&id).await["refunds"], json!([]), "the bank has the money");
    shop.disputed("evt_2", "dispute.won", &id, 3000.0).await;
    let back = shop.becomes(&id, "refunded").await;
    assert_eq!(back["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(back["refunds"][0]["reason"], "order_refunded");
    let (status, code, _) = problem(shop.pay(1, json!({})).await).await;
    assert_eq!((status, code.as_str()), (409, "order-paid"), "even where order-service is behind");
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disputes_and_the_ledger_are_for_administrators() {
    let shop = Shop::open().await;
    let id = shop.paid(shop.order(1), json!({})).await["id"].clone();
    let ledger = format!("/api/payments/{id}/ledger");
    let paths =
        [ledger.as_str(), "/api/payments/ledger/check", "/api/payments/disputes", "/api/payments/disputes/1"];
    for path in paths {
        assert_eq!(shop.app.request(Method::GET, path).send().await.unwrap().status(), 401, "{path}");
        let theirs = shop.app.as_client(SHOPPER, Method::GET, path).send().await.unwrap();
        assert_eq!(theirs.status(), 403, "{path}");
    }
    for (path, code) in [
        ("/api/payments/999/ledger", "payment-not-found"),
        ("/api/payments/disputes/999", "dispute-not-found"),
        ("/api/payments/ledger/check?limit=0", "invalid-fields"),
        ("/api/payments/ledger/check?limit=10001", "invalid-fields"),
        ("/api/payments/disputes?status=settled", "invalid-fields"),
    ] {
        let answer = shop.app.as_admin(Method::GET, path).send().await.unwrap();
        assert_eq!(problem(answer).await.1, code, "{path}");
    }
    let evidence = json!({ "text": " ", "tracking_number": "x".repeat(101) });
    let (status, _, body) = problem(shop.admin("/api/payments/disputes/1/evidence", evidence).await).await;
    assert_eq!((status, wrong_fields(&body)), (422, vec!["text", "tracking_number"]), "{body}");
    let evidence = json!({ "text": "It was delivered." });
    assert_eq!(shop.admin("/api/payments/disputes/1/evidence", evidence).await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_tampered_with_is_found_out() {
    let shop = Shop::open().await;
    for order in 1..=5 {
        shop.paid(shop.order(order), json!({})).await;
    }
    shop.ledger_is_right().await;
    let part = shop.read("/api/payments/ledger/check?limit=2&after=1").await;
    assert_eq!((&part["checked"], &part["next_after"]), (&json!(2), &json!(3)));
    sqlx::query(
        "UPDATE ledger_entries SET amount = amount - 1 WHERE payment_id = 2 AND book = 'provider' LIMIT 1",
    )
    .execute(&shop.db)
    .await
    .unwrap();
    sqlx::query("DELETE FROM ledger_entries WHERE payment_id = 4 AND movement = 'capture'")
        .execute(&shop.db)
        .await
        .unwrap();
    let check = shop.read("/api/payments/ledger/check").await;
    assert_eq!(
        (&check["balanced"], &check["checked"], &check["next_after"]),
        (&json!(false), &json!(5), &Value::Null)
    );
    let found = check["findings"].as_array().unwrap();
    let one_sided =
        json!({ "payment_id": 2, "book": null, "expected": 0, "found": -0.01, "currency": "USD" });
    assert!(found.contains(&one_sided), "{check}");
    let missing =
        json!({ "payment_id": 4, "book": "merchant", "expected": -3000, "found": 0, "currency": "USD" });
    assert!(found.contains(&missing), "{check}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moved_before_there_was_a_ledger_stands_in_it() {
    let env = TestEnv::new().await;
    let mut settings: Env =
        [("DATABASE_URL".to_owned(), env.get("DATABASE_URL").to_owned())].into_iter().collect();
    let settings = MySqlSettings::read(&mut settings).unwrap();
    let db = Db::connect("payment-service", &settings).await.unwrap();
    let all = Payments::migrations();
    let before = all.iter().filter(|migration| migration.version < 1102).cloned().collect();
    db.migrate(Migrator::with_migrations(before)).await.unwrap();
    for (status, captured, refunded) in [
        ("succeeded", 3000, 0),
        ("succeeded", 1000, 0),
        ("partially_refunded", 3000, 500),
        ("refunded", 3000, 3000),
        ("authorized", 0, 0),
        ("voided", 0, 0),
        ("failed", 0, 0),
    ] {
        sqlx::query(
            "INSERT INTO payments (order_id, user_id, charge_key, method, status, currency, amount, captured, refunded, \
             created_at, updated_at) VALUES (1, 7, ?, 'credit_card', ?, 'USD', 3000, ?, ?, NOW(6), NOW(6))",
        )
        .bind(uuid::Uuid::now_v7())
        .bind(status)
        .bind(captured)
        .bind(refunded)
        .execute(db.pool())
        .await
        .unwrap();
    }
    db.migrate(all).await.unwrap();
    let books = db.books(0, 100).await.unwrap();
    assert_eq!(books.len(), 7);
    for (payment, entries) in books {
        assert_eq!(verify(&payment, &entries), [], "{payment:?}");
    }
}
