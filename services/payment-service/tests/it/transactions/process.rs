//! How transactions come to their end.

use std::collections::HashMap;
use std::time::Duration;

use config::testing::{TestKafka, eventually};
use payment_service::Payments;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bank, created};

const DONE: &str = "SELECT COUNT(*) FROM transactions WHERE status IN ('completed', 'failed')";
const COUNTED: &str = "SELECT CAST(SUM(completed + failed) AS SIGNED) FROM transaction_minutes";

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_has_its_reason_and_is_told() {
    let bank = Bank::with(&[("TRANSACTION_SUCCESS_RATE", "0")]).await;
    let ends = TestKafka::new(&bank.env).listen("transaction-events").await;
    let failed = bank.ended(&bank.accepted(json!({})).await["transaction_id"]).await;
    assert_eq!((&failed["status"], &failed["completed_at"]), (&json!("failed"), &Value::Null));
    let known = ["insufficient_funds", "account_closed", "processing_error"];
    assert!(known.contains(&failed["error_code"].as_str().unwrap()), "{failed}");
    assert!(failed["error_message"].as_str().is_some_and(|message| message.ends_with('.')));
    let told = ends.find(|event| event.kind == "transaction_failed").await;
    for member in ["transaction_id", "error_code", "error_message"] {
        assert_eq!(told.data[member], failed[member], "{member}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_come_again_and_two_processors_change_nothing() {
    let bank = Bank::with(&[("TRANSACTION_SUCCESS_RATE", "0.5")]).await;
    let other = bank.env.start::<Payments>().await;
    let mut ends = HashMap::new();
    for n in 0..40 {
        let accepted = bank.accepted(json!({ "sender": format!("sender-{}", n % 5) })).await;
        bank.tell(&accepted, 1).await;
        ends.insert(accepted["transaction_id"].as_str().unwrap().to_owned(), accepted);
    }
    bank.becomes(DONE, 40).await;
    for (id, accepted) in &mut ends {
        *accepted = bank.transaction(&json!(id)).await;
    }
    let failed = ends.values().filter(|it| it["status"] == "failed").count();
    assert!((5..=35).contains(&failed), "about half of them: {failed}");
    for end in ends.values() {
        bank.tell(end, 1).await;
    }
    // A last one shows that all before it are through.
    for n in 0..5 {
        bank.ended(&bank.accepted(json!({ "sender": format!("sender-{n}") })).await["transaction_id"]).await;
    }
    for (id, end) in &ends {
        assert_eq!(&bank.transaction(&json!(id)).await, end);
    }
    assert_eq!(bank.count(COUNTED).await, 45, "each is counted once");
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_senders_transactions_end_in_their_order_while_others_go_on() {
    let bank = Bank::with(&[("TRANSACTION_DELAY_MS", "40"), ("TRANSACTION_PARALLELISM", "4")]).await;
    for n in 0..40 {
        bank.accepted(json!({ "sender": format!("sender-{}", n % 4) })).await;
    }
    bank.becomes(DONE, 40).await;
    let overtaken = bank.count(
        "SELECT COUNT(*) FROM transactions early JOIN transactions late ON early.sender = late.sender \
         AND early.transaction_id < late.transaction_id AND early.completed_at > late.completed_at",
    );
    assert_eq!(overtaken.await, 0);
    let together = bank.count(
        "SELECT COUNT(*) FROM (SELECT completed_at FROM transactions GROUP BY completed_at \
         HAVING COUNT(*) > 1) AS shared",
    );
    assert!(together.await > 0, "different senders are processed at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_is_processed_it_says_so_and_a_dead_process_is_replaced() {
    let settings = [
        ("TRANSACTION_DELAY_MS", "2000"),
        ("TRANSACTION_STUCK_SECONDS", "1"),
        ("TRANSACTION_LOST_SECONDS", "1"),
    ];
    let mut bank = Bank::with(&settings).await;
    let ids: Vec<Value> = {
        let mut ids = Vec::new();
        for n in 0..5 {
            ids.push(
                bank.accepted(json!({ "sender": format!("sender-{n}") })).await["transaction_id"].clone(),
            );
        }
        ids
    };
    eventually("the first is processed", || async {
        let status = bank.transaction(&ids[0]).await["status"].clone();
        if status == "processing" { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
    let app = std::mem::replace(&mut bank.app, bank.env.start::<Payments>().await);
    app.kill().await;
    for id in &ids {
        assert_eq!(bank.ended(id).await["status"], "completed");
    }
    assert_eq!(bank.count(COUNTED).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_message_is_lost_is_told_of_again() {
    let bank = Bank::with(&[("TRANSACTION_LOST_SECONDS", "1")]).await;
    let accepted = bank.accepted(json!({})).await;
    bank.ended(&accepted["transaction_id"]).await;
    // As if nobody had ever heard of it.
    sqlx::query("UPDATE transactions SET status = 'pending', completed_at = NULL")
        .execute(&bank.db)
        .await
        .unwrap();
    assert_eq!(bank.ended(&accepted["transaction_id"]).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_for_requests_only_leaves_the_work_to_a_processor() {
    let bank = Bank::with(&[("TRANSACTION_ROLE", "api")]).await;
    let id = bank.accepted(json!({})).await["transaction_id"].clone();
    bank.becomes("SELECT COUNT(*) FROM outbox", 0).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(bank.transaction(&id).await["status"], "pending");
    let Bank { env, app, db } = bank;
    let env = env.set("TRANSACTION_ROLE", "processor");
    let processor = env.start::<Payments>().await;
    let bank = Bank { env, app, db };
    assert_eq!(bank.ended(&id).await["status"], "completed");
    processor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_put_aside_and_blocks_nobody() {
    let bank = Bank::open().await;
    let kafka = TestKafka::new(&bank.env);
    let unknown = created(Uuid::now_v7(), 1, "user123");
    kafka.send(&unknown).await;
    let good = bank.accepted(json!({})).await;
    assert_eq!(bank.ended(&good["transaction_id"]).await["status"], "completed");
    let letter = kafka.dead_letter("payment-transactions", unknown.id).await;
    assert!(letter.reason.contains("there is no transaction"), "{}", letter.reason);
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_add_up() {
    let bank = Bank::with(&[("TRANSACTION_SUCCESS_RATE", "0.7")]).await;
    for n in 0..30 {
        let more = match n % 3 {
            0 => json!({ "amount": 10.01, "sender": format!("s{n}") }),
            1 => json!({ "amount": 20, "currency": "EUR", "sender": format!("s{n}") }),
            _ => json!({ "amount": 7, "currency": "VND", "sender": format!("s{n}") }),
        };
        bank.accepted(more).await;
    }
    bank.becomes(DONE, 30).await;
    let path = format!("{}/stats", super::PATH);
    let stats = |query: &str| {
        let request = bank.app.as_admin(reqwest::Method::GET, &format!("{path}{query}"));
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    let all = stats("").await;
    let items = all["items"].as_array().unwrap();
    let sum = |member: &str| items.iter().map(|item| item[member].as_u64().unwrap()).sum::<u64>();
    let failed = bank.count("SELECT COUNT(*) FROM transactions WHERE status = 'failed'").await;
    assert_eq!((sum("count"), sum("failures")), (30, failed.unsigned_abs()));
    let volume = bank.count(
        "SELECT CAST(SUM(amount) AS SIGNED) FROM transactions WHERE status = 'completed' AND currency = 'USD'",
    );
    let told: f64 =
        items.iter().filter(|it| it["currency"] == "USD").map(|it| it["volume"].as_f64().unwrap()).sum();
    assert_eq!((told * 100.0).round() as i64, volume.await);
    for item in items {
        assert!(
            item["p50_ms"].as_u64() <= item["p99_ms"].as_u64() && item["p99_ms"].as_u64() > Some(0),
            "{item}"
        );
    }
    let sepa = stats("?payment_type=SEPA&currency=EUR").await;
    let count = |stats: &Value| {
        stats["items"].as_array().unwrap().iter().map(|it| it["count"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((count(&sepa), count(&stats("?payment_type=SEPA&currency=USD").await)), (10, 0));
    assert_eq!(count(&stats("?from=2020-01-01T00:00:00Z&to=2020-01-01T05:00:00Z").await), 0);
    for wrong in [
        "?from=2020-01-01T00:00:00Z",
        "?from=2020-01-02T00:00:00Z&to=2020-01-01T00:00:00Z",
        "?payment_type=SHELLS",
        "?currency=XXQ",
        "?from=9999-12-31T23:59:59Z&to=9999-12-31T23:59:59Z",
    ] {
        assert_eq!(stats(wrong).await["status"], 422, "{wrong}");
    }
}
