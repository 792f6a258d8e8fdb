//! Changing a password, knowing the old one or not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use config::testing::{eventually, wrong_fields};
use reqwest::Method;
use serde_json::json;

use crate::support::{PASSWORD, Shop, body, code, tally, unique};

const NEW: &str = "correct horse";

#[tokio::test]
async fn who_knows_the_password_may_change_it() {
    let shop = Shop::open().await;
    let events = shop.listen().await;
    let (ann, tokens) = shop.sign_up().await;
    let put = async |current: &str, new: &str| {
        let change = json!({ "current_password": current, "new_password": new });
        shop.call(&tokens.access, Method::PUT, "/api/users/me/password", Some(&change)).await
    };
    assert_eq!(wrong_fields(&body(put("a guess", NEW).await, 422).await), ["current_password"]);
    assert_eq!(wrong_fields(&body(put(PASSWORD, "12345678").await, 422).await), ["new_password"]);
    assert_eq!(put(PASSWORD, NEW).await.status(), 204);
    assert_eq!(events.find(|event| event.kind == "password_changed").await.data["user_id"], ann.id);
    assert_eq!(shop.try_log_in(&ann.name, PASSWORD).await.status(), 401);
    assert_eq!(shop.refresh(&tokens.refresh).await.status(), 401);
    let new = body(shop.try_log_in(&ann.name, NEW).await, 200).await;
    assert_eq!(shop.me(new["access_token"].as_str().unwrap()).await.status(), 200);
    eventually("the old access token is void", || async {
        match shop.me(&tokens.access).await.status().as_u16() {
            401 => Ok(()),
            status => Err(status.to_string()),
        }
    })
    .await;
}

#[tokio::test]
async fn a_stolen_access_token_does_not_help_to_guess_the_password() {
    let shop = Shop::with(&[("LOGIN_FAILURES_PER_ACCOUNT", "3")]).await;
    let (_, tokens) = shop.sign_up().await;
    for expected in [422, 422, 422, 429] {
        let change = json!({ "current_password": "a guess", "new_password": NEW });
        let answer = shop.call(&tokens.access, Method::PUT, "/api/users/me/password", Some(&change)).await;
        assert_eq!(answer.status(), expected);
    }
}

#[tokio::test]
async fn who_forgot_the_password_gets_a_token_that_is_good_once() {
    let shop = Arc::new(Shop::with(&[("LOGIN_FAILURES_PER_ACCOUNT", "1")]).await);
    let events = shop.listen().await;
    let (ann, tokens) = shop.sign_up().await;
    assert_eq!(shop.try_log_in(&ann.name, "a guess").await.status(), 401);
    assert_eq!(shop.try_log_in(&ann.name, PASSWORD).await.status(), 429);
    assert_eq!(shop.post("/api/users/password/forgot", &json!({ "email": ann.email })).await.status(), 202);
    let asked = events.find(|event| event.kind == "password_reset_requested").await;
    assert_eq!(asked.data["user_id"], ann.id);
    let token = asked.data["reset_token"].as_str().unwrap().to_owned();
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let (shop, token) = (shop.clone(), token.clone());
            tokio::spawn(async move {
                let reset = json!({ "token": token, "new_password": NEW });
                shop.post("/api/users/password/reset", &reset).await.status()
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(tally(&answers), [(204, 1), (422, 9)]);
    assert_eq!(shop.try_log_in(&ann.name, NEW).await.status(), 200, "the failures are forgiven");
    assert_eq!(shop.refresh(&tokens.refresh).await.status(), 401);
}

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let shop = Shop::open().await;
    let ann = shop.register().await;
    for email in [ann.email, format!("{}@example.com", unique())] {
        let started = Instant::now();
        let answer = shop.post("/api/users/password/forgot", &json!({ "email": email })).await;
        assert_eq!(answer.status(), 202);
        assert!(started.elapsed() >= Duration::from_millis(300));
        assert_eq!(answer.text().await.unwrap(), "");
    }
    let bad = shop.post("/api/users/password/forgot", &json!({ "email": "nobody" })).await;
    assert_eq!(wrong_fields(&body(bad, 422).await), ["email"]);
}

#[tokio::test]
async fn nobodys_mailbox_is_flooded() {
    let shop = Arc::new(Shop::open().await);
    let (ann, tokens) = shop.sign_up().await;
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let (shop, email, access) = (shop.clone(), ann.email.clone(), tokens.access.clone());
            tokio::spawn(async move {
                let forgot = shop.post("/api/users/password/forgot", &json!({ "email": email })).await;
                let resend = shop.call(&access, Method::POST, "/api/users/verify-email/resend", None).await;
                [forgot.status(), resend.status()]
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), [202, 202]);
    }
    let sent: Vec<(String, i64)> =
        sqlx::query_as("SELECT purpose, COUNT(*) FROM one_time_tokens GROUP BY purpose ORDER BY purpose")
            .fetch_all(&shop.db)
            .await
            .unwrap();
    assert_eq!(sent, [("reset_password".to_owned(), 1), ("verify_email".to_owned(), 1)]);
}

#[tokio::test]
async fn who_asks_again_does_not_void_what_was_sent_before() {
    let shop = Shop::open().await;
    let events = shop.listen().await;
    let ann = shop.register().await;
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let asked = shop.post("/api/users/password/forgot", &json!({ "email": ann.email })).await;
        assert_eq!(asked.status(), 202);
        let told = events.find(|event| event.kind == "password_reset_requested").await;
        tokens.push(told.data["reset_token"].clone());
        sqlx::query("UPDATE one_time_tokens SET created_at = created_at - INTERVAL 1 MINUTE")
            .execute(&shop.db)
            .await
            .unwrap();
    }
    for (token, expected) in tokens.iter().zip([204, 422]) {
        let reset = json!({ "token": token, "new_password": NEW });
        assert_eq!(shop.post("/api/users/password/reset", &reset).await.status(), expected);
    }
    assert_eq!(shop.try_log_in(&ann.name, NEW).await.status(), 200);
}

#[tokio::test]
async fn a_token_that_was_sent_ends() {
    let shop = Shop::open().await;
    let events = shop.listen().await;
    let ann = shop.register().await;
    shop.post("/api/users/password/forgot", &json!({ "email": ann.email })).await;
    let reset = events.find(|event| event.kind == "password_reset_requested").await;
    let changed =
        sqlx::query("UPDATE one_time_tokens SET expires_at = UTC_TIMESTAMP(6)").execute(&shop.db).await;
    assert_eq!(changed.unwrap().rows_affected(), 2);
    let request = json!({ "token": reset.data["reset_token"], "new_password": NEW });
    let answer = shop.post("/api/users/password/reset", &request).await;
    assert_eq!(code(answer, 422).await, "one-time-token-invalid");
    let as_other = shop.post("/api/users/verify-email", &json!({ "token": reset.data["reset_token"] })).await;
    assert_eq!(code(as_other, 422).await, "one-time-token-invalid");
    assert_eq!(shop.try_log_in(&ann.name, PASSWORD).await.status(), 200);
}
