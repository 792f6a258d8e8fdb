//! What the tests share.

use config::testing::{SIGNING_KEY, TestApp, TestEnv, TestKafka, TestListener, refusal};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::MySqlPool;
use tempfile::TempDir;
use user_service::Users;
use uuid::Uuid;

pub const PASSWORD: &str = "password123";

/// The service with a schema of its own, and the key that the tests sign with too.
pub struct Shop {
    pub env: TestEnv,
    pub app: TestApp,
    pub db: MySqlPool,
    /// Where the shop's clients are, as failed logins from one place are counted in Redis.
    address: String,
    /// Gone when it is dropped.
    pub keys: TempDir,
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With further settings.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let keys = tempfile::tempdir().unwrap();
        std::fs::write(keys.path().join("test.pem"), SIGNING_KEY).unwrap();
        let env =
            TestEnv::new().await.set("JWT_KEYS_DIR", keys.path().to_str().unwrap()).set("BCRYPT_COST", "4");
        let env = settings.iter().fold(env, |env, (name, value)| env.set(name, *value));
        let app = env.start::<Users>().await;
        let db = MySqlPool::connect(env.get("DATABASE_URL")).await.unwrap();
        // Redis is shared by all tests: no two of them may know a user by the same id.
        let first = u64::from(rand::random::<u32>()) << 12 | 1;
        let statement = format!("ALTER TABLE users AUTO_INCREMENT = {first}");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&db).await.unwrap();
        Self { env, app, db, address: address(), keys }
    }

    pub async fn listen(&self) -> TestListener {
        TestKafka::new(&self.env).listen("user-events").await
    }

    /// Somebody new.
    pub async fn register(&self) -> Person {
        let name = unique();
        let answer = self.post("/api/users/register", &registration(&name)).await;
        let user = body(answer, 201).await;
        Person { id: user["id"].as_u64().unwrap(), email: user["email"].as_str().unwrap().to_owned(), name }
    }

    /// Somebody new, and their tokens.
    pub async fn sign_up(&self) -> (Person, Tokens) {
        let person = self.register().await;
        let tokens = self.log_in(&person.name).await;
        (person, tokens)
    }

    pub async fn try_log_in(&self, login: &str, password: &str) -> Response {
        self.log_in_from(&self.address, login, password).await
    }

    pub async fn log_in_from(&self, address: &str, login: &str, password: &str) -> Response {
        let request = self.app.request(Method::POST, "/api/users/login").header("X-Forwarded-For", address);
        request.json(&json!({ "username": login, "password": password })).send().await.unwrap()
    }

    pub async fn log_in_by_form(&self, fields: &[(&str, &str)]) -> Response {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.app.request(Method::POST, "/api/users/login").body(form);
        let request = request.header("X-Forwarded-For", &self.address);
        request
            .header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
            .send()
            .await
            .unwrap()
    }

    pub async fn log_in(&self, login: &str) -> Tokens {
        Tokens::of(&body(self.try_log_in(login, PASSWORD).await, 200).await)
    }

    pub async fn refresh(&self, token: &str) -> Response {
        self.post("/api/users/refresh_token", &json!({ "refresh_token": token })).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.app.request(Method::POST, path).json(body).send().await.unwrap()
    }

    /// With an access token.
    pub async fn call(&self, token: &str, method: Method, path: &str, body: Option<&Value>) -> Response {
        let request = self.app.request(method, path).bearer_auth(token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        request.send().await.unwrap()
    }

    pub async fn me(&self, token: &str) -> Response {
        self.call(token, Method::GET, "/api/users/me", None).await
    }

    /// By an administrator.
    pub async fn administer(&self, path: &str, body: &Value) -> Response {
        self.app.as_admin(Method::PUT, path).json(body).send().await.unwrap()
    }
}

pub struct Person {
    pub id: u64,
    pub email: String,
    pub name: String,
}

#[derive(Clone)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

impl Tokens {
    pub fn of(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

/// A username that no other test has.
pub fn unique() -> String {
    format!("u{}", Uuid::new_v4().simple())
}

/// An address that no other test has.
pub fn address() -> String {
    std::net::Ipv6Addr::from_bits(rand::random()).to_string()
}

pub fn registration(name: &str) -> Value {
    json!({ "email": format!("{name}@example.com"), "username": name, "password": PASSWORD, "full_name": "Ann Example" })
}

/// The answer's body, if it has this status.
pub async fn body(answer: Response, status: u16) -> Value {
    let found = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(found.as_u16(), status, "{text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// The problem's code, if the answer has this status.
pub async fn code(answer: Response, status: u16) -> String {
    let (found, problem) = refusal(answer).await;
    assert_eq!(found, status, "{problem}");
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// How many of the answers have each status, as `(status, count)` in order.
pub fn tally(answers: &[StatusCode]) -> Vec<(u16, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    answers.iter().for_each(|status| *counts.entry(status.as_u16()).or_default() += 1);
    counts.into_iter().collect()
}
