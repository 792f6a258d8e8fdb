//! Transactions: accepted, processed, asked for, and never lost.

mod accept;
mod failed;
mod lists;
mod outage;
mod process;
mod secrets;

use config::kafka::Envelope;
use config::testing::{TestApp, TestEnv, TestKafka, event, eventually};
use payment_service::Payments;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sqlx::MySqlPool;
use uuid::Uuid;

pub const PATH: &str = "/api/v1/transactions";
/// Whose transactions these are.
pub const USER: u64 = 7;

/// The service, for transactions only.
pub struct Bank {
    pub env: TestEnv,
    pub app: TestApp,
    pub db: MySqlPool,
}

impl Bank {
    pub async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With these settings; all transactions succeed unless they say otherwise.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let env = TestEnv::new().await.set("TRANSACTION_SUCCESS_RATE", "1");
        let env = settings.iter().fold(env, |env, (name, value)| env.set(name, *value));
        let app = env.start::<Payments>().await;
        let db = MySqlPool::connect(env.get("DATABASE_URL")).await.unwrap();
        Self { env, app, db }
    }

    pub async fn post(&self, body: &Value) -> Response {
        self.app.as_client(USER, Method::POST, PATH).json(body).send().await.unwrap()
    }

    /// One that is accepted: of 100 dollars, with these further or other members.
    pub async fn accepted(&self, more: Value) -> Value {
        let answer = self.post(&transfer(more)).await;
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 201, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.app.as_client(USER, Method::GET, path).send().await.unwrap()
    }

    pub async fn transaction(&self, id: &Value) -> Value {
        let answer = self.get(&format!("{PATH}/{}", id.as_str().unwrap())).await;
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    /// Waits until it has ended.
    pub async fn ended(&self, id: &Value) -> Value {
        eventually("an end", || async {
            let now = self.transaction(id).await;
            if now["status"] == "completed" || now["status"] == "failed" {
                Ok(now)
            } else {
                Err(now.to_string())
            }
        })
        .await
    }

    pub async fn count(&self, select: &'static str) -> i64 {
        sqlx::query_scalar(select).fetch_one(&self.db).await.unwrap()
    }

    /// Waits until a query that counts gives this.
    pub async fn becomes(&self, select: &'static str, wanted: i64) {
        eventually(select, || async {
            let count = self.count(select).await;
            if count == wanted { Ok(()) } else { Err(count.to_string()) }
        })
        .await;
    }

    /// Tells the processor of a transaction as the service itself does.
    pub async fn tell(&self, transaction: &Value, attempt: u32) {
        let sender = transaction["sender"].as_str().unwrap();
        let id = transaction["transaction_id"].as_str().unwrap().parse().unwrap();
        TestKafka::new(&self.env).send(&created(id, attempt, sender)).await;
    }
}

pub fn transfer(more: Value) -> Value {
    let mut body = json!({ "sender": "user123", "receiver": "user456", "amount": 100, "currency": "USD" });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

pub fn created(transaction: Uuid, attempt: u32, sender: &str) -> Envelope {
    let data = json!({ "transaction_id": transaction, "attempt": attempt, "sender": sender });
    event("payment-transactions", "transaction_created", sender, data)
}
