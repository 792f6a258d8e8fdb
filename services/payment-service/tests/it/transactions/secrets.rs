//! Numbers of cards and accounts are nowhere: not in the database with its outbox, not in events, errors or logs.

use config::testing::TestKafka;
use serde_json::json;
use sqlx::AssertSqlSafe;

use super::{Bank, PATH, USER, transfer};
use crate::secrets::log;

const CARD: &str = "5555555555554444";
const SENDER: &str = "DE89370400440532013000";
const RECEIVER: &str = "GB33BUKB20201555555555";
const ACCOUNT: &str = "98765432101234";
/// What must not be found anywhere: more than the ends of them.
const SECRETS: [&str; 4] = ["55555555554444", "370400440532", "BUKB20201555", "98765432101"];

#[tokio::test(flavor = "multi_thread")]
async fn no_card_number_and_no_full_iban_is_kept_or_told() {
    let log = log();
    let bank = Bank::with(&[("TRANSACTION_SUCCESS_RATE", "0.5")]).await;
    let listener = TestKafka::new(&bank.env).listen("payment-transactions").await;
    let card = json!({ "number": CARD, "exp_month": 12, "exp_year": 2090 });
    let spaced = "GB33 BUKB 2020 1555 5555 55";
    for n in 0..4 {
        for more in [
            json!({ "payment_type": "CARD", "card": card }),
            json!({ "sender": SENDER, "receiver": spaced, "currency": "EUR", "iban": RECEIVER }),
            json!({ "payment_type": "WIRE", "iban": spaced, "bic": "BUKBGB22" }),
            json!({ "payment_type": "ACH", "routing_number": "021000021", "account_number": ACCOUNT }),
        ] {
            let request = bank.app.as_client(USER, reqwest::Method::POST, PATH);
            let answer = request
                .header("idempotency-key", format!("{n}-{more}").len().to_string() + &n.to_string())
                .json(&transfer(more))
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 201);
            clean(&answer.text().await.unwrap());
        }
        for wrong in [
            json!({ "payment_type": "CARD", "card": { "number": CARD, "exp_month": 0, "exp_year": "x", "cvc": 1 } }),
            json!({ "payment_type": "CARD", "card": { "number": CARD.parse::<u64>().unwrap(), "exp_month": 1 } }),
            json!({ "reference": format!("{CARD} or {spaced}") }),
            json!({ "sender": CARD, "receiver": format!("x:{RECEIVER}") }),
            json!({ "iban": SENDER, "account_number": format!("{ACCOUNT}0000") }),
        ] {
            let answer = bank.post(&transfer(wrong)).await;
            assert_eq!(answer.status(), 422);
            clean(&answer.text().await.unwrap());
        }
        let list = bank.get(&format!("{PATH}?sender={SENDER}")).await;
        assert_eq!(list.status(), 200);
        clean(&list.text().await.unwrap());
    }
    for _ in 0..16 {
        let event = listener.find(|_| true).await;
        clean(&format!("{event:?}"));
    }
    bank.becomes("SELECT COUNT(*) FROM transactions WHERE status IN ('completed', 'failed')", 16).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()",
    )
    .fetch_all(&bank.db)
    .await
    .unwrap();
    assert!(tables.iter().any(|table| table == "transactions"));
    for table in tables {
        let columns: Vec<String> = sqlx::query_scalar(
            "SELECT CAST(column_name AS CHAR) FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = ?",
        )
        .bind(&table)
        .fetch_all(&bank.db)
        .await
        .unwrap();
        let all = columns.iter().map(|column| format!("COALESCE(CAST(`{column}` AS CHAR), '')"));
        let row = all.collect::<Vec<_>>().join(", ");
        let rows = format!("SELECT CONCAT_WS('|', {row}) FROM `{table}`");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&bank.db).await.unwrap();
        rows.iter().for_each(|row| clean(row));
    }
    let log = log.text();
    assert!(log.contains("payment-transactions"), "the log was caught");
    log.lines().for_each(clean);
}

fn clean(text: &str) {
    let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    for secret in SECRETS {
        assert!(!bare.contains(secret), "{text}");
    }
}
