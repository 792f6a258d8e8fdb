//! Card numbers are nowhere but with the provider: not in logs, events, answers, or any column.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use config::testing::{TestKafka, TestListener};
use serde_json::{Value, json};

use crate::support::{Shop, payment};

/// What becomes of a payment with each, and beside them one of the other brands.
const NUMBERS: [&str; 11] = [
    "4000056655665556",
    "5200828282828210",
    "378282246310005",
    "4000000000000002",
    "4000000000009995",
    "4000000000000069",
    "4000000000000127",
    "4100000000000019",
    "4000000000000119",
    "4000002500003155",
    "6011000990139424",
];
const CVC: &str = "8317";

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

/// All but the last four digits, or the code where it stands as one.
fn tells(text: &str) -> Option<&'static str> {
    let told = |number: &&&str| text.contains(&number[..number.len() - 4]);
    let code = [format!("{CVC}\""), format!("cvc={CVC}"), format!("cvc: {CVC}")];
    let of_code = || code.iter().any(|code| text.contains(code.as_str())).then_some(CVC);
    NUMBERS.iter().find(told).copied().or_else(of_code)
}

fn card(number: &str) -> Value {
    json!({ "number": number, "exp_month": 12, "exp_year": 2090, "cvc": CVC })
}

impl Shop {
    /// Answers a text in which no card is told.
    async fn hushed(&self, request: reqwest::RequestBuilder) -> String {
        let text = request.send().await.unwrap().text().await.unwrap();
        assert_eq!(tells(&text), None, "{text}");
        text
    }

    async fn pay_hushed(&self, order: u64, more: Value) -> Value {
        let request = self.post("/api/payments").header("idempotency-key", format!("secret-{order}"));
        let text = self.hushed(request.json(&payment(order, &more))).await;
        serde_json::from_str(&text).unwrap()
    }

    async fn act_hushed(&self, path: &str, body: Value) {
        let request = self.app.as_admin(reqwest::Method::POST, path).json(&body);
        self.hushed(request).await;
    }

    /// Every way that a payment with a card can go.
    async fn go_every_way(&self) {
        for (order, number) in (1..).zip(NUMBERS) {
            let paid = self.pay_hushed(self.order(order), json!({ "card": card(number) })).await;
            self.pay_hushed(order, json!({ "card": card(number) })).await;
            // The wrong shape, with a good number in it.
            let bent = json!({ "number": number.parse::<u64>().unwrap(), "exp_month": 12, "exp_year": "x", "cvc": 8317 });
            let refused = self.pay(order, json!({ "card": bent })).await;
            assert_eq!(refused.status(), 422);
            assert_eq!(tells(&refused.text().await.unwrap()), None);
            // And in the place of a token.
            self.pay_hushed(order + 50, json!({ "payment_token": number })).await;
            if let Some(url) = paid["next_action"]["url"].as_str() {
                let decision = format!("{url}?decision=approve");
                self.hushed(self.app.request(reqwest::Method::POST, &decision)).await;
            }
            let refund = json!({ "amount": 10, "reason": "one is broken" });
            self.act_hushed(&format!("/api/payments/{}/refund", paid["id"]), refund).await;
        }
        for (order, verb) in [(101, "capture"), (102, "void")] {
            let held = json!({ "card": card(NUMBERS[0]), "capture": false });
            let held = self.pay_hushed(self.order(order), held).await;
            self.act_hushed(&format!("/api/payments/{}/{verb}", held["id"]), json!({})).await;
        }
        self.disputed("evt_1", "dispute.opened", &json!(1), 100.0).await;
        self.act_hushed("/api/payments/disputes/1/evidence", json!({ "text": "It was delivered." })).await;
        self.cancel(1).await;
        self.becomes(&json!(1), "partially_refunded").await;
    }
}

/// Everything that is told up to the undoing of the first order.
async fn heard(events: &TestListener) -> String {
    let all = Mutex::new(String::new());
    let last = |event: &config::kafka::Envelope| {
        all.lock().unwrap().push_str(&format!("{} {}\n", event.kind, event.data));
        event.kind == "payment_refunded" && event.data["reason"] == "order_cancelled"
    };
    events.find(last).await;
    all.into_inner().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_is_neither_stored_nor_logged_nor_told() {
    let log = log();
    // One partition, so that what is heard last is heard last.
    let shop = Shop::with(&[("KAFKA_PARTITIONS", "1")]).await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    shop.go_every_way().await;
    // Nobody is there: the provider gives no answer, and the card isn't kept for another try. And Stripe takes none.
    let away = Shop::with(&[("PROVIDER_TIMEOUT_SECONDS", "0.0001")]).await;
    away.pay_hushed(away.order(1), json!({ "card": card(NUMBERS[0]) })).await;
    let stripe = Shop::with_stripe("http://127.0.0.1:9", &[]).await;
    stripe.pay_hushed(stripe.order(1), json!({ "card": card(NUMBERS[0]) })).await;
    // Before the search itself is logged.
    let log = log.text();
    assert!(log.contains("payment 1 of order 1"), "the log was caught");
    for line in log.lines() {
        assert_eq!(tells(line), None, "{line}");
    }
    let heard = heard(&events).await;
    for kind in ["payment_processed", "payment_failed", "payment_refunded", "dispute_opened"] {
        assert!(heard.contains(kind), "{heard}");
    }
    assert_eq!(tells(&heard), None);
    for shop in [&shop, &away, &stripe] {
        shop.keeps_no_card().await;
    }
}

impl Shop {
    /// Looks into every column of every table.
    async fn keeps_no_card(&self) {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()",
        )
        .fetch_all(&self.db)
        .await
        .unwrap();
        assert!(tables.len() > 11);
        let numbers: Vec<&str> = NUMBERS.iter().map(|number| &number[..number.len() - 4]).collect();
        let secrets = format!("{}|{CVC}\"", numbers.join("|"));
        for table in tables {
            let columns: Vec<String> = sqlx::query_scalar(
                "SELECT CAST(column_name AS CHAR) FROM information_schema.columns \
                 WHERE table_schema = DATABASE() AND table_name = ?",
            )
            .bind(&table)
            .fetch_all(&self.db)
            .await
            .unwrap();
            let all = columns.iter().map(|column| format!("COALESCE(CAST(`{column}` AS CHAR), '')"));
            let row = all.collect::<Vec<_>>().join(", ");
            let select =
                format!("SELECT COUNT(*) FROM `{table}` WHERE CONCAT_WS('|', {row}) REGEXP '{secrets}'");
            let found: i64 =
                sqlx::query_scalar(sqlx::AssertSqlSafe(select)).fetch_one(&self.db).await.unwrap();
            assert_eq!(found, 0, "{table}");
        }
    }
}
