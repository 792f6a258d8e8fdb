//! What the tests share.

use std::path::PathBuf;

use config::kafka::Envelope;
use config::testing::{TestApp, TestEnv, TestKafka, event, eventually};
use notification_service::Notification;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

/// Whose notifications they are.
pub const SHOPPER: u64 = 7;
/// Somebody else.
pub const STRANGER: u64 = 8;

/// The service, with what surrounds it.
pub struct Shop {
    pub app: TestApp,
    pub env: TestEnv,
    pub kafka: TestKafka,
    mail: TempDir,
}

impl Shop {
    pub async fn open() -> Self {
        Self::open_with(|env| env).await
    }

    /// With further settings and peers.
    pub async fn open_with(adapt: impl FnOnce(TestEnv) -> TestEnv) -> Self {
        let mail = tempfile::tempdir().unwrap();
        let env = TestEnv::new()
            .await
            .set("MAIL_DIR", mail.path().to_str().unwrap())
            .set("MAIL_FROM", "Test Shop <shop@shop.example>")
            .set("PUBLIC_URL", "https://shop.example/front")
            .set("DELIVERY_RETRY_SECONDS", "0.1");
        let env = adapt(env);
        let kafka = TestKafka::new(&env);
        Self { app: env.start::<Notification>().await, env, kafka, mail }
    }

    /// The `.eml` files.
    pub fn mails(&self) -> Vec<Mail> {
        let files = std::fs::read_dir(self.mail.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> =
            files.filter(|path| path.extension().is_some_and(|it| it == "eml")).collect();
        files.sort_by_key(|path| path.file_stem().and_then(|id| id.to_str()?.parse::<u64>().ok()));
        files.into_iter().map(|path| Mail::parse(&std::fs::read_to_string(path).unwrap())).collect()
    }

    /// The e-mail with this subject.
    pub async fn mail(&self, subject: &str) -> Mail {
        eventually(&format!("an e-mail {subject:?}"), || async {
            let mails = self.mails();
            let subjects: Vec<_> = mails.iter().map(|mail| mail.header("Subject").to_owned()).collect();
            mails
                .into_iter()
                .find(|mail| mail.header("Subject") == subject)
                .ok_or_else(|| format!("{subjects:?}"))
        })
        .await
    }

    pub async fn list(&self, user: u64) -> Value {
        get(&self.app, user, "/api/notifications?limit=100").await
    }

    /// The user's notification of this type.
    pub async fn notification(&self, user: u64, kind: &str) -> Value {
        eventually(&format!("a notification {kind}"), || async {
            let list = self.list(user).await;
            let items = list["items"].as_array().unwrap();
            items.iter().find(|item| item["type"] == kind).cloned().ok_or_else(|| list.to_string())
        })
        .await
    }

    pub async fn deliveries(&self, query: &str) -> Vec<Value> {
        let answer =
            self.app.as_admin(Method::GET, &format!("/api/notifications/deliveries?limit=100&{query}"));
        let page: Value = answer.send().await.unwrap().json().await.unwrap();
        page["items"].as_array().unwrap().clone()
    }

    /// The only delivery that the query finds, once it is as wanted.
    pub async fn delivery(&self, query: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("the delivery {query}"), || async {
            let found = self.deliveries(query).await;
            match found.as_slice() {
                [one] if wanted(one) => Ok(one.clone()),
                other => Err(format!("{other:?}")),
            }
        })
        .await
    }

    /// By an administrator.
    pub async fn post(&self, body: &Value) -> Response {
        self.app.as_admin(Method::POST, "/api/notifications").json(body).send().await.unwrap()
    }

    pub async fn posted(&self, user: u64, message: &str) -> Value {
        let answer = self.post(&json!({ "user_id": user, "type": "custom", "message": message })).await;
        assert_eq!(answer.status(), 201);
        answer.json().await.unwrap()
    }

    /// The shopper's contact, heard of by event.
    pub async fn introduce(&self, user: u64) {
        self.introduce_as(user, json!({})).await;
    }

    /// The user's contact, heard of for the first time; `more` beside what all events of users have.
    pub async fn introduce_as(&self, user: u64, more: Value) {
        self.kafka.send(&user_event("user_updated", user, more)).await;
        let pool = self.pool().await;
        eventually("the contact", || async {
            let known: Option<u64> = sqlx::query_scalar("SELECT user_id FROM contacts WHERE user_id = ?")
                .bind(user)
                .fetch_optional(&pool)
                .await
                .map_err(|error| error.to_string())?;
            known.ok_or_else(|| "unknown".to_owned())
        })
        .await;
    }

    /// The service's own database, to look at what no API shows.
    pub async fn pool(&self) -> sqlx::MySqlPool {
        sqlx::MySqlPool::connect(self.env.get("DATABASE_URL")).await.unwrap()
    }
}

/// An e-mail, taken apart as far as the tests need it.
#[derive(Debug, Clone)]
pub struct Mail {
    headers: Vec<(String, String)>,
    pub text: String,
    pub html: String,
}

impl Mail {
    pub fn parse(raw: &str) -> Self {
        let (head, body) = raw.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ");
        let headers =
            head.lines().filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_owned(), v.to_owned()));
        let parts: Vec<String> = body.split("Content-Type: text/").skip(1).map(decode_part).collect();
        let [text, html] = parts.try_into().expect("a plain and an HTML part");
        Self { headers: headers.collect(), text, html }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

fn decode_part(part: &str) -> String {
    let (head, body) = part.split_once("\r\n\r\n").unwrap();
    let body = body.split("\r\n--").next().unwrap();
    match head.contains("quoted-printable") {
        true => unquote(&body.replace("=\r\n", "")),
        false => body.to_owned(),
    }
}

fn unquote(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'=', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

pub async fn get(app: &TestApp, user: u64, path: &str) -> Value {
    let answer = app.as_client(user, Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// What user-service says; `more` beside what all its events have.
pub fn user_event(kind: &str, user: u64, more: Value) -> Envelope {
    let mut data = json!({
        "user_id": user, "email": format!("user{user}@example.com"), "username": format!("user{user}"),
        "full_name": "Ana <b>Đặng</b>", "role": "client", "is_active": true,
    });
    merge(&mut data, more);
    event("user-events", kind, user, data)
}

/// What order-service says about an order of the shopper.
pub fn order_event(kind: &str, order: u64, status: &str, more: Value) -> Envelope {
    let mut data = json!({
        "order_id": order, "user_id": SHOPPER, "status": status,
        "items": [
            { "product_id": "507f1f77bcf86cd799439011", "product_name": "Laptop <script>", "quantity": 2, "price": 1499.99, "weight_grams": 1800 },
            { "product_id": "507f1f77bcf86cd799439012", "product_name": "Chuột", "quantity": 1, "price": 9.5, "weight_grams": 100 },
        ],
        "subtotal": 3009.48, "discount": 0, "tax": 240.76, "shipping": 0, "total_amount": 3250.24, "currency": "USD",
        "shipping_address": "123 Main St, City", "shipping_method": "standard", "weight_grams": 3700,
        "reservation_id": Uuid::now_v7(), "promotion_code": null, "version": 1,
    });
    merge(&mut data, more);
    event("order-events", kind, order, data)
}

pub fn shipping_event(kind: &str, order: u64, status: &str) -> Envelope {
    let data = json!({
        "shipment_id": 5, "order_id": order, "user_id": SHOPPER, "tracking_number": "SHOP0005", "carrier": "Shop Post",
        "method": "standard", "status": status, "estimated_delivery": "2026-12-01T00:00:00Z",
    });
    event("shipping-events", kind, order, data)
}

/// Puts `more`'s members into an event's data.
pub fn merge(data: &mut Value, more: Value) {
    if let Value::Object(members) = more {
        for (name, value) in members {
            data[name] = value;
        }
    }
}
