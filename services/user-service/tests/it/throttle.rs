//! Guessing passwords.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Shop, address, body, code, tally, unique};

#[tokio::test]
async fn after_ten_failures_an_account_is_closed_for_a_while() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.register().await, shop.register().await);
    for attempt in 0..10 {
        // By either name, from anywhere: it is one account.
        let login = if attempt % 2 == 0 { &ann.name } else { &ann.email };
        let answer = shop.log_in_from(&address(), login, "a guess").await;
        assert_eq!(code(answer, 401).await, "bad-credentials");
    }
    let refused = shop.try_log_in(&ann.name, PASSWORD).await;
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    assert_eq!(code(refused, 429).await, "too-many-failed-logins");
    shop.log_in(&bob.name).await;
}

#[tokio::test]
async fn an_account_that_does_not_exist_closes_alike() {
    let shop = Shop::with(&[("LOGIN_FAILURES_PER_ACCOUNT", "3")]).await;
    let nobody = unique();
    for expected in [401, 401, 401, 429] {
        assert_eq!(shop.try_log_in(&nobody, PASSWORD).await.status(), expected);
    }
}

#[tokio::test]
async fn an_address_that_guesses_at_many_accounts_is_shut_out() {
    let shop = Shop::with(&[("LOGIN_FAILURES_PER_ADDRESS", "3")]).await;
    let ann = shop.register().await;
    let guesser = address();
    for _ in 0..3 {
        assert_eq!(shop.log_in_from(&guesser, &unique(), PASSWORD).await.status(), 401);
    }
    assert_eq!(shop.log_in_from(&guesser, &ann.name, PASSWORD).await.status(), 429);
    assert_eq!(
        shop.log_in_from(&format!("{guesser}, {}", address()), &ann.name, PASSWORD).await.status(),
        200
    );
}

#[tokio::test]
async fn a_successful_login_forgives_and_is_never_throttled() {
    let shop = Shop::with(&[("LOGIN_FAILURES_PER_ACCOUNT", "3")]).await;
    let ann = shop.register().await;
    for _ in 0..4 {
        for _ in 0..2 {
            assert_eq!(shop.try_log_in(&ann.name, "a guess").await.status(), 401);
        }
        for _ in 0..5 {
            shop.log_in(&ann.name).await;
        }
    }
}

#[tokio::test]
async fn nobody_keeps_the_shop_busy_with_checks_of_the_right_password() {
    let shop = Shop::with(&[("LOGIN_FAILURES_PER_ACCOUNT", "3")]).await;
    let ((ann, tokens), bob) = (shop.sign_up().await, shop.register().await);
    let taken = json!({ "email": bob.email, "current_password": PASSWORD });
    let change = json!({ "current_password": PASSWORD, "new_password": "correct horse" });
    let put =
        async |path: &str, request: &Value| shop.call(&tokens.access, Method::PUT, path, Some(request)).await;
    for _ in 0..3 {
        assert_eq!(code(put("/api/users/me", &taken).await, 409).await, "email-taken");
    }
    for (path, request) in [("/api/users/me", &taken), ("/api/users/me/password", &change)] {
        let refused = put(path, request).await;
        let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=900).contains(&wait), "{wait}");
        assert_eq!(code(refused, 429).await, "too-many-password-checks");
        // Logging in is another matter, and doesn't start the count anew.
        shop.log_in(&ann.name).await;
    }
}

#[tokio::test]
async fn guesses_that_come_all_at_once_are_counted_too() {
    let shop = Arc::new(Shop::with(&[("LOGIN_FAILURES_PER_ACCOUNT", "3")]).await);
    let ann = shop.register().await;
    let tasks: Vec<_> = (0..40)
        .map(|guess| {
            let (shop, name) = (shop.clone(), ann.name.clone());
            tokio::spawn(async move { shop.try_log_in(&name, &format!("guess {guess}")).await.status() })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert!(tally(&answers).iter().all(|(status, _)| [401, 429].contains(status)));
    let right = shop.try_log_in(&ann.name, PASSWORD).await;
    assert_eq!(body(right, 429).await["code"], "too-many-failed-logins");
}
