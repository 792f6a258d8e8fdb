//! What operators do with failed work.

use config::settings::Env;
use config::testing::TestKafka;
use payment_service::{FailedPayments, Payments, Replayed};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Bank, created};

async fn tool(bank: &Bank) -> FailedPayments {
    // An empty value is none.
    let names = ["DATABASE_URL", "KAFKA_BROKERS", "KAFKA_PREFIX", "TRANSACTION_LOST_SECONDS"];
    let pairs = names.map(|name| (name.to_owned(), bank.env.get(name).to_owned()));
    FailedPayments::connect(&mut Env::from_iter(pairs)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_for_trouble_of_ours_is_exported_and_replayed_once() {
    let mut bank = Bank::with(&[("TRANSACTION_SUCCESS_RATE", "0")]).await;
    for n in 0..30 {
        bank.accepted(json!({ "sender": format!("sender-{n}") })).await;
    }
    bank.becomes("SELECT COUNT(*) FROM transactions WHERE status = 'failed'", 30).await;
    let trouble = "SELECT COUNT(*) FROM transactions WHERE error_code = 'processing_error'";
    let troubled = usize::try_from(bank.count(trouble).await).unwrap();
    assert!((1..30).contains(&troubled), "{troubled}");
    let kafka = TestKafka::new(&bank.env);
    let poison = created(Uuid::now_v7(), 1, "poison");
    kafka.send(&poison).await;
    kafka.dead_letter("payment-transactions", poison.id).await;
    let folder = tempfile::tempdir().unwrap();
    let operator = tool(&bank).await;
    assert_eq!(operator.export(folder.path()).await.unwrap(), troubled + 1);
    assert_eq!(operator.export(folder.path()).await.unwrap(), 0, "they are there already");
    let files: Vec<Value> = std::fs::read_dir(folder.path())
        .unwrap()
        .filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok())
        .map(|text| serde_json::from_str(&text).unwrap())
        .collect();
    let transaction = files.iter().find(|file| file["kind"] == "transaction").unwrap();
    assert_eq!(
        (&transaction["error_code"], &transaction["attempt"]),
        (&json!("processing_error"), &json!(1))
    );
    let letter = files.iter().find(|file| file["kind"] == "dead_letter").unwrap();
    assert!(letter["reason"].as_str().unwrap().contains("there is no transaction"));
    let copies = tempfile::tempdir().unwrap();
    operator.export(copies.path()).await.unwrap();
    // Better times.
    let env = bank.env.set("TRANSACTION_SUCCESS_RATE", "1");
    bank.app.stop().await;
    bank = Bank { app: env.start::<Payments>().await, env, db: bank.db };
    let replayed = operator.replay(folder.path()).await.unwrap();
    assert_eq!(replayed, Replayed { again: troubled + 1, past: 0 });
    bank.becomes(
        "SELECT COUNT(*) FROM transactions WHERE status = 'completed' AND attempt = 2 AND error_code IS NULL",
        troubled as i64,
    )
    .await;
    assert_eq!(operator.replay(folder.path()).await.unwrap(), Replayed::default(), "the files are put aside");
    assert_eq!(operator.replay(copies.path()).await.unwrap().past, troubled, "a file is good for one replay");
    assert_eq!(
        bank.count("SELECT COUNT(*) FROM transactions WHERE status = 'failed'").await,
        30 - troubled as i64
    );
    let done = transaction["transaction_id"].clone();
    bank.tell(&json!({ "sender": transaction["sender"], "transaction_id": done }), 1).await;
    let last = bank.accepted(json!({ "sender": transaction["sender"] })).await;
    bank.ended(&last["transaction_id"]).await;
    assert_eq!(
        bank.transaction(&done).await["status"],
        "completed",
        "the first attempt's message is old news"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_replayed_has_as_long_as_the_service_says() {
    let settings = [("TRANSACTION_SUCCESS_RATE", "0"), ("TRANSACTION_LOST_SECONDS", "86400")];
    let bank = Bank::with(&settings).await;
    bank.ended(&bank.accepted(json!({})).await["transaction_id"]).await;
    sqlx::query("UPDATE transactions SET error_code = 'processing_error'").execute(&bank.db).await.unwrap();
    let (operator, folder) = (tool(&bank).await, tempfile::tempdir().unwrap());
    assert_eq!(operator.export(folder.path()).await.unwrap(), 1);
    let Bank { app, db, .. } = bank;
    app.stop().await;
    assert_eq!(operator.replay(folder.path()).await.unwrap(), Replayed { again: 1, past: 0 });
    let late = "SELECT COUNT(*) FROM transactions WHERE status = 'pending' \
                AND due_at > updated_at + INTERVAL 23 HOUR";
    let late: i64 = sqlx::query_scalar(late).fetch_one(&db).await.unwrap();
    assert_eq!(late, 1);
}
