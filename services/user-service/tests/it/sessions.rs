//! Logging in, going on, logging out.

use std::sync::Arc;

use config::testing::eventually;
use reqwest::Method;
use serde_json::json;
use user_service::Users;

use crate::support::{PASSWORD, Shop, Tokens, body, code, tally, unique};

#[tokio::test]
async fn a_login_is_by_name_or_address_in_json_or_a_form() {
    let shop = Shop::open().await;
    let ann = shop.register().await;
    let json_bodies = [
        json!({ "username": ann.name.to_uppercase(), "password": PASSWORD }),
        json!({ "username": ann.email, "password": PASSWORD }),
        json!({ "email": ann.email.to_uppercase(), "password": PASSWORD }),
    ];
    let mut answers = Vec::new();
    for request in &json_bodies {
        answers.push(shop.post("/api/users/login", request).await);
    }
    let form = [("grant_type", "password"), ("username", &ann.name), ("password", PASSWORD), ("scope", "")];
    answers.push(shop.log_in_by_form(&form).await);
    for answer in answers {
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let tokens = body(answer, 200).await;
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!(900)));
        assert_eq!((&tokens["user_id"], &tokens["role"]), (&json!(ann.id), &json!("client")));
        assert_eq!(tokens["email"], ann.email);
        assert_eq!(shop.me(tokens["access_token"].as_str().unwrap()).await.status(), 200);
    }
    let other = [("grant_type", "client_credentials"), ("username", &ann.name), ("password", PASSWORD)];
    assert_eq!(shop.log_in_by_form(&other).await.status(), 422);
}

#[tokio::test]
async fn who_does_not_exist_is_refused_in_the_same_words() {
    let shop = Shop::open().await;
    let ann = shop.register().await;
    let mut wrong = body(shop.try_log_in(&ann.name, "password124").await, 401).await;
    let mut nobody = body(shop.try_log_in(&unique(), PASSWORD).await, 401).await;
    for problem in [&mut wrong, &mut nobody] {
        problem["request_id"] = json!(null);
    }
    assert_eq!(wrong, nobody);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_login() {
    let shop = Shop::open().await;
    let (ann, first) = shop.sign_up().await;
    let other_login = shop.log_in(&ann.name).await;
    let second = Tokens::of(&body(shop.refresh(&first.refresh).await, 200).await);
    assert_ne!(first.refresh, second.refresh);
    assert_eq!(shop.me(&second.access).await.status(), 200);
    let third = Tokens::of(&body(shop.refresh(&second.refresh).await, 200).await);
    assert_eq!(code(shop.refresh(&first.refresh).await, 401).await, "refresh-token-reused");
    assert_eq!(
        code(shop.refresh(&third.refresh).await, 401).await,
        "refresh-token-invalid",
        "the family is dead"
    );
    assert_eq!(shop.refresh(&other_login.refresh).await.status(), 200, "the other login isn't");
}

#[tokio::test]
async fn of_twenty_that_use_one_refresh_token_at_most_one_wins() {
    let shop = Arc::new(Shop::open().await);
    let (_, tokens) = shop.sign_up().await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (shop, token) = (shop.clone(), tokens.refresh.clone());
            tokio::spawn(async move {
                let answer = shop.refresh(&token).await;
                let status = answer.status();
                (status, answer.json::<serde_json::Value>().await.unwrap())
            })
        })
        .collect();
    let (mut answers, mut won) = (Vec::new(), Vec::new());
    for task in tasks {
        let (status, answer) = task.await.unwrap();
        answers.push(status);
        won.extend(answer["refresh_token"].as_str().map(str::to_owned));
    }
    assert_eq!(tally(&answers), [(200, 1), (401, 19)]);
    assert_eq!(
        code(shop.refresh(&won[0]).await, 401).await,
        "refresh-token-invalid",
        "the reuse ended the login"
    );
}

#[tokio::test]
async fn a_refresh_token_ends_after_thirty_days() {
    let shop = Shop::open().await;
    let (_, tokens) = shop.sign_up().await;
    let changed =
        sqlx::query("UPDATE refresh_tokens SET expires_at = UTC_TIMESTAMP(6)").execute(&shop.db).await;
    assert_eq!(changed.unwrap().rows_affected(), 1);
    assert_eq!(code(shop.refresh(&tokens.refresh).await, 401).await, "refresh-token-invalid");
}

#[tokio::test]
async fn however_much_has_ended_it_is_forgotten_in_one_round() {
    let shop = Shop::open().await;
    let tables = ["refresh_tokens", "sessions", "one_time_tokens"];
    for (first, twice_as_many) in [
        (
            "INSERT INTO refresh_tokens (digest, session_id, expires_at) \
             VALUES (UNHEX(SHA2('0', 256)), UNHEX(MD5('0')), '2020-01-01')",
            "INSERT INTO refresh_tokens (digest, session_id, expires_at) \
             SELECT UNHEX(SHA2(CONCAT(HEX(digest), ?), 256)), session_id, expires_at FROM refresh_tokens",
        ),
        (
            "INSERT INTO sessions (id, user_id, created_at, expires_at) \
             VALUES (UNHEX(MD5('0')), 1, '2020-01-01', '2020-01-01')",
            "INSERT INTO sessions (id, user_id, created_at, expires_at) \
             SELECT UNHEX(MD5(CONCAT(HEX(id), ?))), user_id, created_at, expires_at FROM sessions",
        ),
        (
            "INSERT INTO one_time_tokens (digest, user_id, purpose, created_at, expires_at) \
             VALUES (UNHEX(SHA2('0', 256)), 1, 'verify_email', '2020-01-01', '2020-01-01')",
            "INSERT INTO one_time_tokens (digest, user_id, purpose, created_at, expires_at) \
             SELECT UNHEX(SHA2(CONCAT(HEX(digest), ?), 256)), user_id, purpose, created_at, expires_at \
             FROM one_time_tokens",
        ),
    ] {
        sqlx::query(first).execute(&shop.db).await.unwrap();
        for round in 0..13 {
            sqlx::query(twice_as_many).bind(round).execute(&shop.db).await.unwrap();
        }
    }
    sqlx::query(
        "INSERT INTO sessions (id, user_id, created_at, expires_at) \
         VALUES (UNHEX(MD5('just now')), 1, '2020-01-01', UTC_TIMESTAMP(6) - INTERVAL 1 HOUR)",
    )
    .execute(&shop.db)
    .await
    .unwrap();
    // Every instance's first round is at its start, and the next one minutes later.
    let next = shop.env.start::<Users>().await;
    eventually("nothing is left but the login that has only just ended", || async {
        let mut left = Vec::new();
        for table in tables {
            let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            let count: i64 =
                sqlx::query_scalar(count).fetch_one(&shop.db).await.map_err(|error| error.to_string())?;
            left.push(count);
        }
        if left == [0, 1, 0] { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
    next.stop().await;
}

#[tokio::test]
async fn a_logout_ends_one_login() {
    let shop = Shop::open().await;
    let (ann, by_refresh_token) = shop.sign_up().await;
    let by_access_token = shop.log_in(&ann.name).await;
    let untouched = shop.log_in(&ann.name).await;
    let request = shop.app.request(Method::POST, "/api/users/logout").bearer_auth("an expired one");
    let out = request.json(&json!({ "refresh_token": by_refresh_token.refresh })).send().await.unwrap();
    assert_eq!(out.status(), 204);
    assert_eq!(
        shop.call(&by_access_token.access, Method::POST, "/api/users/logout", None).await.status(),
        204
    );
    for ended in [by_refresh_token, by_access_token] {
        assert_eq!(code(shop.refresh(&ended.refresh).await, 401).await, "refresh-token-invalid");
    }
    assert_eq!(shop.refresh(&untouched.refresh).await.status(), 200);
    let nobody = shop.app.request(Method::POST, "/api/users/logout").send().await.unwrap();
    assert_eq!(code(nobody, 401).await, "token-missing");
}

#[tokio::test]
async fn nobody_ends_somebody_elses_login() {
    let shop = Shop::open().await;
    let (_, ann) = shop.sign_up().await;
    let session: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM sessions").fetch_one(&shop.db).await.unwrap();
    let mallory = shop.register().await;
    let mut claims = shop.app.tokens.claims(mallory.id, config::jwt_auth::Role::Client);
    claims.sid = session.to_string();
    let token = shop.app.tokens.sign(&claims);
    assert_eq!(shop.call(&token, Method::POST, "/api/users/logout", None).await.status(), 204);
    assert_eq!(shop.refresh(&ann.refresh).await.status(), 200);
}

#[tokio::test]
async fn logging_out_everywhere_voids_access_tokens_too() {
    let shop = Shop::open().await;
    let (ann, here) = shop.sign_up().await;
    let there = shop.log_in(&ann.name).await;
    assert_eq!(shop.call(&here.access, Method::POST, "/api/users/logout-all", None).await.status(), 204);
    let new = shop.log_in(&ann.name).await;
    for old in [&here, &there] {
        assert_eq!(code(shop.refresh(&old.refresh).await, 401).await, "refresh-token-invalid");
        eventually("the access token is void", || async {
            match shop.me(&old.access).await.status().as_u16() {
                401 => Ok(()),
                status => Err(status.to_string()),
            }
        })
        .await;
    }
    assert_eq!(
        shop.me(&new.access).await.status(),
        200,
        "issued in the second of the revocation, and counts"
    );
    assert_eq!(shop.refresh(&new.refresh).await.status(), 200);
}
