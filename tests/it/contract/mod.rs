//! What the shop promises those who call it: endpoint by endpoint, through the gateway only.
//!
//! Races, redeliveries, forged tokens and failures of servers have tests of their own beside this folder, and so have
//! order, payment and refund under one idempotency key. The gateway's limits are tested with the gateway, and what
//! notices of providers do to payments with payment-service.

mod demo;
mod discovery;
mod disputes;
mod everywhere;
mod favourites;
mod inventory;
mod lists;
mod notifications;
mod orders;
mod payments;
mod products;
mod promotions;
mod ratings;
mod returns;
mod search;
mod shipping;
mod taxes;
mod transactions;
mod users;

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use system_tests::{Shop, Shopper, eventually};
use uuid::Uuid;

/// A name that no other test has.
fn unique(prefix: &str) -> String {
    format!("{prefix}{}", &Uuid::new_v4().simple().to_string()[..16])
}

/// Sends, and again a second later when the gateway says that so many requests are too many: with the limits of every
/// day, all these tests together are.
async fn send(request: RequestBuilder) -> Response {
    for _ in 0..30 {
        let again = request.try_clone().expect("the body can be sent again");
        let answer = again.send().await.unwrap();
        if answer.status() != StatusCode::TOO_MANY_REQUESTS {
            return answer;
        }
        assert!(answer.headers().contains_key(RETRY_AFTER), "429 says when to come back");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("still too many requests");
}

/// The headers and the body of an answer that must have this status; nothing is `null`.
async fn whole(request: RequestBuilder, status: u16) -> (HeaderMap, Value) {
    let answer = send(request).await;
    let (got, headers, path) = (answer.status(), answer.headers().clone(), answer.url().path().to_owned());
    let text = answer.text().await.unwrap();
    assert_eq!(got, status, "{path}: {text}");
    let body = match text.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}: {text}")),
    };
    (headers, body)
}

/// The body of an answer that must have this status.
async fn answered(request: RequestBuilder, status: u16) -> Value {
    whole(request, status).await.1
}

/// A refusal as problem+json, complete, with this status and code.
async fn refused(request: RequestBuilder, status: u16, code: &str) -> Value {
    let (headers, problem) = whole(request, status).await;
    assert_eq!(headers["content-type"], "application/problem+json", "{problem}");
    assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{problem}");
    for member in ["type", "title", "detail", "instance"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {problem}");
    }
    assert_eq!(problem["request_id"], headers["x-request-id"].to_str().unwrap(), "{problem}");
    problem
}

/// The fields that a 422 names, sorted.
async fn wrong_fields(request: RequestBuilder) -> Vec<String> {
    let problem = refused(request, 422, "invalid-fields").await;
    let errors = problem["errors"].as_array().unwrap();
    assert!(errors.iter().all(|e| e["code"].is_string() && e["message"].is_string()), "{problem}");
    let mut fields: Vec<_> = errors.iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect();
    fields.sort();
    fields
}

/// This member of each item of a list.
fn each<'a>(list: &'a Value, member: &str) -> Vec<&'a Value> {
    list["items"]
        .as_array()
        .unwrap_or_else(|| panic!("no list: {list}"))
        .iter()
        .map(|it| &it[member])
        .collect()
}

/// `body` must have these members with these values.
#[track_caller]
fn has(body: &Value, expected: &Value) {
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&body[name], value, "{name}: {body}");
    }
}

/// RFC 3339, and UTC.
#[track_caller]
fn is_time(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    let digits = text.len() > 19 && text.as_bytes()[10] == b'T' && text[..4].parse::<u16>().is_ok();
    assert!(digits && (text.ends_with('Z') || text.ends_with("+00:00")), "{text}");
}

/// A paid order of one unit: its id, its payment and its product.
async fn paid_order(shop: &Shop, shopper: &Shopper) -> (u64, u64, String) {
    let product = shop.product(10.0, 20).await;
    let (order, total) = shopper.ordered(&[(&product, 1)]).await;
    let payment = shopper.paid(order, total).await;
    shopper.order_becomes(order, &["paid"]).await;
    (order, payment, product)
}

/// The shipment that a paid order gets by itself.
async fn shipment_of(shopper: &Shopper, order: u64) -> u64 {
    eventually("the order's shipment", || async {
        let list = shopper.get(&format!("/api/shipments/?order_id={order}")).await;
        list["items"][0]["id"].as_u64().ok_or_else(|| list.to_string())
    })
    .await
}

/// Moves a shipment step by step.
async fn ship(shop: &Shop, shipment: u64, steps: &[&str]) {
    for step in steps {
        let path = format!("/api/shipments/{shipment}/status");
        let moved = answered(shop.admin(Method::PUT, &path).json(&json!({ "status": step })), 200).await;
        assert_eq!(moved["status"], *step);
    }
}
