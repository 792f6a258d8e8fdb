//! What is no request gets its 4xx.

use config::testing::wrong_fields;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Shop, body, code, registration, unique};

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let shop = Shop::open().await;
    let request = json!({
        "email": "nobody", "username": "a b", "password": "short", "full_name": "x".repeat(101),
        "phone": "call me", "address": "x".repeat(501),
    });
    let problem = body(shop.post("/api/users/register", &request).await, 422).await;
    assert_eq!(wrong_fields(&problem), ["email", "username", "password", "full_name", "phone", "address"]);
    let problem = body(shop.post("/api/users/register", &json!({ "email": 1 })).await, 422).await;
    assert_eq!(wrong_fields(&problem), ["email", "username", "password"]);
    let problem = body(shop.post("/api/users/login", &json!({})).await, 422).await;
    assert_eq!(wrong_fields(&problem), ["username", "password"]);
    let token = shop.app.tokens.client(1);
    let entry = json!({ "recipient": "", "line1": "", "city": "\u{7}", "country": "ZZ", "phone": "x" });
    let answer = shop.call(&token, Method::POST, "/api/users/me/addresses", Some(&entry)).await;
    let problem = body(answer, 422).await;
    assert_eq!(wrong_fields(&problem), ["recipient", "line1", "city", "country", "phone"]);
}

#[tokio::test]
async fn a_password_of_more_than_72_bytes_is_refused_not_cut() {
    let shop = Shop::open().await;
    let mut request = registration(&unique());
    request["password"] = "ỗ".repeat(25).into();
    let problem = body(shop.post("/api/users/register", &request).await, 422).await;
    assert_eq!(wrong_fields(&problem), ["password"]);
    request["password"] = "x".repeat(72).into();
    let user = body(shop.post("/api/users/register", &request).await, 201).await;
    let name = user["username"].as_str().unwrap();
    assert_eq!(shop.try_log_in(name, &"x".repeat(73)).await.status(), 401);
    assert_eq!(shop.try_log_in(name, &"x".repeat(72)).await.status(), 200);
}

#[tokio::test]
async fn operators_and_null_bytes_are_only_text() {
    let shop = Shop::open().await;
    let ann = shop.register().await;
    for login in ["' OR '1'='1", "admin'--", "%", "_____", &format!("{}' OR 1=1 -- ", ann.name)] {
        assert_eq!(code(shop.try_log_in(login, PASSWORD).await, 401).await, "bad-credentials", "{login}");
    }
    for operator in [json!({ "$ne": null }), json!(["a"])] {
        let request = json!({ "username": operator, "password": operator });
        let problem = body(shop.post("/api/users/login", &request).await, 422).await;
        assert_eq!(wrong_fields(&problem), ["username", "password"]);
    }
    let mut request = registration(&unique());
    request["full_name"] = "a\0b".into();
    assert_eq!(shop.post("/api/users/register", &request).await.status(), 422);
    let null = shop.log_in_by_form(&[("username", "a\0b"), ("password", "p\0")]).await;
    assert_eq!(null.status(), 401);
}

#[tokio::test]
async fn what_can_not_be_read_is_refused() {
    let shop = Shop::open().await;
    let send = async |content_type: &str, body: String| {
        let request =
            shop.app.request(Method::POST, "/api/users/register").header("Content-Type", content_type);
        request.body(body).send().await.unwrap()
    };
    assert_eq!(code(send("application/json", "{".to_owned()).await, 400).await, "malformed-json");
    let deep = "[".repeat(100_000);
    assert_eq!(code(send("application/json", deep).await, 400).await, "malformed-json");
    // Little over the limit: who sends much more may be cut off before the answer.
    let large = "x".repeat(1 << 20);
    assert_eq!(send("application/json", format!("\"{large}\"")).await.status(), 413);
    assert_eq!(send("text/plain", "hello".to_owned()).await.status(), 415);
    assert_eq!(shop.log_in_by_form(&[("username", &large[..16 * 1024])]).await.status(), 413);
    let wrong = shop.app.request(Method::PATCH, "/api/users/register").send().await.unwrap();
    assert_eq!(wrong.headers()["allow"], "POST");
    assert_eq!(code(wrong, 405).await, "method-not-allowed");
    let nothing = shop.app.request(Method::GET, "/api/users/me/nothing").send().await.unwrap();
    assert_eq!(code(nothing, 404).await, "not-found");
}

#[tokio::test]
async fn an_odd_token_is_no_token() {
    let shop = Shop::open().await;
    for token in ["", "x", "' OR 1=1", &"A".repeat(43), &"A".repeat(10_000)] {
        assert_eq!(shop.refresh(token).await.status(), 401, "{token}");
        let verify = shop.post("/api/users/verify-email", &json!({ "token": token })).await;
        assert_eq!(verify.status(), 422, "{token}");
        let reset = shop
            .post("/api/users/password/reset", &json!({ "token": token, "new_password": "a new one" }))
            .await;
        assert_eq!(wrong_fields(&body(reset, 422).await), ["token"], "{token}");
        let out = shop.post("/api/users/logout", &json!({ "refresh_token": token })).await;
        assert_eq!(out.status(), 204, "whoever logs out is out: {token}");
    }
    let refused: Value = body(shop.refresh("x").await, 401).await;
    assert!(refused["request_id"].is_string() && refused["instance"] == "/api/users/refresh_token");
}
