//! Card numbers are nowhere but with the provider.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::json;

use crate::support::{Shop, payment};

/// All that the tests' services log, from when it is first asked for.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

pub fn log() -> Log {
    static LOG: LazyLock<Log> = LazyLock::new(|| {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG);
        subscriber.with_writer(move || writer.clone()).try_init().unwrap();
        log
    });
    LOG.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_is_neither_stored_nor_logged() {
    let log = log();
    let shop = Shop::open().await;
    for (order, number) in [(1, "4000056655665556"), (2, "4000000000000002"), (3, "4000002500003155")] {
        shop.order(order);
        let card = json!({ "number": number, "exp_month": 12, "exp_year": 2090, "cvc": "739" });
        let request = shop.post("/api/payments").header("idempotency-key", "secret");
        request.json(&payment(order, &json!({ "card": card }))).send().await.unwrap();
        // The wrong shape, with a good number in it.
        let card =
            json!({ "number": number.parse::<u64>().unwrap(), "exp_month": 12, "exp_year": "x", "cvc": 739 });
        let refused = shop.pay(order, json!({ "card": card })).await;
        assert_eq!(refused.status(), 422);
        assert!(!refused.text().await.unwrap().contains(&number[..12]));
    }
    // Before the search itself is logged.
    let log = log.text();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()",
    )
    .fetch_all(&shop.db)
    .await
    .unwrap();
    assert!(tables.len() > 8);
    for table in tables {
        let columns: Vec<String> = sqlx::query_scalar(
            "SELECT CAST(column_name AS CHAR) FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = ?",
        )
        .bind(&table)
        .fetch_all(&shop.db)
        .await
        .unwrap();
        let all = columns.iter().map(|column| format!("COALESCE(CAST(`{column}` AS CHAR), '')"));
        let row = all.collect::<Vec<_>>().join(", ");
        let select = format!(
            "SELECT COUNT(*) FROM `{table}` WHERE CONCAT_WS('|', {row}) REGEXP '4000056655665556|40000000000000|400000250000'"
        );
        let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(select)).fetch_one(&shop.db).await.unwrap();
        assert_eq!(found, 0, "{table}");
    }
    assert!(log.contains("payment 1 of order 1"), "the log was caught");
    for secret in ["4000056655665556", "400000000000", "400000250000", "739\""] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
