//! What the tests share: the service, and an order-service that we play.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use config::clock::{Clock as _, SystemClock};
use config::kafka::Envelope;
use config::testing::{TestApp, TestEnv, TestKafka, event, eventually, refusal};
use hmac::{Hmac, Mac as _};
use payment_service::Payments;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::Sha256;
use sqlx::MySqlPool;
use wiremock::matchers::{header, method, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Whose orders these are.
pub const SHOPPER: u64 = 7;
/// What our notices are signed with.
pub const SECRET: &str = "whsec_of_the_tests";
/// And Stripe's.
pub const STRIPE_SECRET: &str = "whsec_of_stripe";

/// The settings of a service that is paid through Stripe, which is there.
pub fn stripe_settings(url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("PAYMENT_PROVIDER", "stripe".to_owned()),
        ("STRIPE_API_BASE", url.to_owned()),
        ("STRIPE_SECRET_KEY", "sk_test_of_the_tests".to_owned()),
        ("STRIPE_WEBHOOK_SECRETS", format!("whsec_before,{STRIPE_SECRET}")),
    ]
}

/// Orders by their id, as order-service shows them.
#[derive(Clone, Default)]
struct Orders(Arc<Mutex<HashMap<u64, Value>>>);

impl Respond for Orders {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let id = request.url.path().rsplit('/').next().and_then(|id| id.parse::<u64>().ok());
        match id.and_then(|id| self.0.lock().unwrap().get(&id).cloned()) {
            Some(order) => ResponseTemplate::new(200).set_body_json(order),
            None => ResponseTemplate::new(404),
        }
    }
}

/// The service with its surroundings.
pub struct Shop {
    pub env: TestEnv,
    pub app: TestApp,
    pub db: MySqlPool,
    orders: Orders,
    _order_service: MockServer,
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With these settings.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let (orders, order_service) = (Orders::default(), MockServer::start().await);
        Mock::given(method("GET"))
            .and(path_regex(r"^/internal/orders/\d+$"))
            .and(header("x-service-token", config::testing::SERVICE_TOKEN_VALUE))
            .respond_with(orders.clone())
            .mount(&order_service)
            .await;
        let env = TestEnv::new().await.peer("order-service", &order_service.uri());
        let env = env.set("SIMULATOR_WEBHOOK_SECRETS", format!("other,{SECRET}"));
        let env = settings.iter().fold(env, |env, (name, value)| env.set(name, *value));
        let app = env.start::<Payments>().await;
        let db = MySqlPool::connect(env.get("DATABASE_URL")).await.unwrap();
        Self { env, app, db, orders, _order_service: order_service }
    }

    /// With Stripe for its provider.
    pub async fn with_stripe(url: &str, settings: &[(&str, &str)]) -> Self {
        let stripe = stripe_settings(url);
        let stripe = stripe.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = stripe.chain(settings.iter().copied()).collect();
        Self::with(&all).await
    }

    /// The same service with these settings beside its own.
    pub async fn restart(&mut self, settings: &[(&'static str, String)]) {
        let env = std::mem::replace(&mut self.env, TestEnv::new().await);
        self.env = settings.iter().fold(env, |env, (name, value)| env.set(name, value.as_str()));
        let app = std::mem::replace(&mut self.app, self.env.start::<Payments>().await);
        app.stop().await;
    }

    /// A signed notice of a provider.
    pub async fn notice(&self, provider: &str, header: &str, secret: &str, body: Vec<u8>) -> Response {
        let path = format!("/api/payments/webhooks/{provider}");
        let request = self.app.request(Method::POST, &path).header(header, signature(secret, &body));
        request.header("content-type", "application/json").body(body).send().await.unwrap()
    }

    pub async fn simulator_tells(&self, body: Vec<u8>) -> u16 {
        self.notice("simulator", "Simulator-Signature", SECRET, body).await.status().as_u16()
    }

    pub async fn stripe_tells(&self, secret: &str, event: &str, kind: &str, object: &Value) -> u16 {
        let body = json!({ "id": event, "object": "event", "type": kind, "data": { "object": object } });
        let body = body.to_string().into_bytes();
        self.notice("stripe", "Stripe-Signature", secret, body).await.status().as_u16()
    }

    /// What an administrator sees there.
    pub async fn read(&self, path: &str) -> Value {
        let answer = self.app.as_admin(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Every payment agrees with its entries.
    pub async fn ledger_is_right(&self) {
        let check = self.app.as_admin(Method::GET, "/api/payments/ledger/check").send().await.unwrap();
        let check: Value = check.json().await.unwrap();
        assert_eq!((&check["balanced"], &check["findings"]), (&json!(true), &json!([])), "{check}");
        assert_eq!(check["checked"], self.count("SELECT COUNT(*) FROM payments").await);
    }

    /// An order of the shopper over 3000 dollars.
    pub fn order(&self, id: u64) -> u64 {
        self.order_as(id, |_| {})
    }

    pub fn order_as(&self, id: u64, change: impl FnOnce(&mut Value)) -> u64 {
        let mut order = json!({
            "id": id, "user_id": SHOPPER, "status": "pending", "total_amount": 3000, "currency": "USD",
            "payable": true, "version": 1,
        });
        change(&mut order);
        self.orders.0.lock().unwrap().insert(id, order);
        id
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.app.as_client(SHOPPER, Method::POST, path)
    }

    /// Pays an order of [`order`](Self::order) with these further members.
    pub async fn pay(&self, order: u64, more: Value) -> Response {
        self.post("/api/payments/").json(&payment(order, &more)).send().await.unwrap()
    }

    /// Pays, and expects that it goes well so far.
    pub async fn paid(&self, order: u64, more: Value) -> Value {
        let answer = self.pay(order, more).await;
        assert_eq!(answer.status(), 201);
        answer.json().await.unwrap()
    }

    pub async fn admin(&self, path: &str, body: Value) -> Response {
        self.app.as_admin(Method::POST, path).json(&body).send().await.unwrap()
    }

    pub async fn get(&self, id: &Value) -> Value {
        let answer = self.app.as_admin(Method::GET, &format!("/api/payments/{id}")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    /// Waits for the payment to be so.
    pub async fn becomes(&self, id: &Value, status: &str) -> Value {
        eventually(status, || async {
            let payment = self.get(id).await;
            if payment["status"] == status { Ok(payment) } else { Err(payment.to_string()) }
        })
        .await
    }

    /// A number out of the service's schema.
    pub async fn count(&self, select: &'static str) -> i64 {
        sqlx::query_scalar(select).fetch_one(&self.db).await.unwrap()
    }

    /// Tells that an order was cancelled, three times over.
    pub async fn cancel(&self, order: u64) {
        let (kafka, event) = (TestKafka::new(&self.env), cancelled(order));
        for _ in 0..3 {
            kafka.send(&event).await;
        }
    }
}

fn signature(secret: &str, body: &[u8]) -> String {
    let time: DateTime<Utc> = SystemClock.now();
    let time = time.timestamp();
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let mac = mac.chain_update(time.to_string()).chain_update(".").chain_update(body);
    format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
}

pub fn payment(order: u64, more: &Value) -> Value {
    let mut body = json!({ "order_id": order, "amount": 3000, "payment_method": "credit_card" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// The status, the code and the problem document of a refusal.
pub async fn problem(answer: Response) -> (u16, String, Value) {
    let (status, problem) = refusal(answer).await;
    let code = problem["code"].as_str().unwrap_or_default().to_owned();
    (status, code, problem)
}

/// order-service's event with these members.
pub fn of_order(kind: &str, order: u64, more: &Value) -> Envelope {
    let mut data = json!({ "order_id": order, "user_id": SHOPPER, "currency": "USD" });
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event("order-events", kind, order, data)
}

pub fn cancelled(order: u64) -> Envelope {
    of_order("order_cancelled", order, &json!({ "status": "cancelled", "reason": "customer" }))
}

/// An order that is `refunded`; `due`: because an administrator wants it so.
pub fn refunded(order: u64, due: bool) -> Envelope {
    of_order("order_status_updated", order, &json!({ "status": "refunded", "refund_due": due }))
}

/// The event with what order-service says of the order's money.
pub fn with_money(mut event: Envelope, paid: u32, refunded: u32) -> Envelope {
    event.data["paid_amount"] = json!(paid);
    event.data["refunded_amount"] = json!(refunded);
    event
}
