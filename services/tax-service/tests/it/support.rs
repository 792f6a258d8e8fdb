//! What the tests share.

use chrono::{Days, NaiveDate};
use config::clock::{Clock as _, SystemClock};
use config::testing::{TestApp, TestEnv};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tax_service::Tax;

pub const RATES: &str = "/api/tax/rates";
pub const EXEMPTIONS: &str = "/api/tax/exemptions";
pub const SHOPPER: u64 = 7;

pub async fn start() -> TestApp {
    TestEnv::new().await.start::<Tax>().await
}

/// The day so many days from today.
pub fn in_days(days: u64) -> NaiveDate {
    SystemClock.now().date_naive() + Days::new(days)
}

pub async fn post(app: &TestApp, path: &str, body: &Value) -> Response {
    app.as_admin(Method::POST, path).json(body).send().await.unwrap()
}

/// Adds a record that can be added.
pub async fn added(app: &TestApp, path: &str, body: &Value) -> Value {
    let answer = post(app, path, body).await;
    let (status, answer) = (answer.status(), answer.json::<Value>().await.unwrap());
    assert_eq!(status, 201, "{body}: {answer}");
    answer
}

/// The rates of Germany, Québec's on top of Canada's, and Ontario's instead of them.
pub async fn add_rates(app: &TestApp) {
    for rate in [
        json!({ "country": "DE", "name": "VAT", "percent": 19, "applies_to_shipping": true }),
        json!({ "country": "Germany", "product_type": "Books", "name": "VAT", "percent": 7 }),
        json!({ "country": "CA", "name": "GST", "percent": 5, "applies_to_shipping": true }),
        json!({ "country": "CA", "state": "QC", "name": "QST", "percent": 9.975 }),
        json!({ "country": "CA", "state": "ON", "name": "HST", "percent": 13, "replaces_country": true }),
        json!({ "location": "US-CA", "name": "California sales tax", "tax_percent": 7.25 }),
    ] {
        added(app, RATES, &rate).await;
    }
}

pub async fn get(app: &TestApp, path: &str) -> Value {
    let answer = app.as_admin(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

pub async fn ask_quote(app: &TestApp, body: &Value) -> Response {
    app.as_service(Method::POST, "/internal/tax/quote").json(body).send().await.unwrap()
}

pub async fn quote(app: &TestApp, body: &Value) -> Value {
    let answer = ask_quote(app, body).await;
    let (status, answer) = (answer.status(), answer.json::<Value>().await.unwrap());
    assert_eq!(status, 200, "{answer}");
    answer
}

/// What a guest has to pay in tax for 100 euros.
pub async fn tax_of_100(app: &TestApp, query: &str) -> f64 {
    let path = format!("/api/tax/calculate?amount=100&currency=EUR&{query}");
    let answer = app.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{query}");
    let answer: Value = answer.json().await.unwrap();
    answer["tax_amount"].as_f64().unwrap()
}
