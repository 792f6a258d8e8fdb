//! Registering, reading, changing and leaving.

use std::sync::Arc;

use config::testing::wrong_fields;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Shop, body, code, registration, tally, unique};

#[tokio::test]
async fn somebody_registers_and_everybody_hears_of_it() {
    let shop = Shop::open().await;
    let events = shop.listen().await;
    let name = unique();
    let request = json!({
        "email": format!("{name}@example.com"), "username": name, "password": "password123",
        "full_name": "Test User", "phone": "0123456789", "address": "123 Main St",
    });
    let user = body(shop.post("/api/users/register/", &request).await, 201).await;
    for member in ["email", "username", "full_name", "phone", "address"] {
        assert_eq!(user[member], request[member], "{member}");
    }
    assert_eq!(
        (&user["role"], &user["is_active"], &user["email_verified"]),
        (&json!("client"), &json!(true), &json!(false))
    );
    assert!(user["id"].is_u64() && user["created_at"].is_string() && user["updated_at"].is_string());
    assert!(user.get("password").is_none() && user.get("password_hash").is_none());

    let event = events.find(|event| event.kind == "user_registered").await;
    assert_eq!(event.key, user["id"].to_string());
    assert_eq!(event.data["user_id"], user["id"]);
    for (member, value) in
        [("email", &request["email"]), ("username", &request["username"]), ("role", &json!("client"))]
    {
        assert_eq!(&event.data[member], value);
    }
    assert_eq!(event.data["email_verified"], false);
    let token = event.data["verification_token"].as_str().unwrap().to_owned();
    let verified = body(shop.post("/api/users/verify-email", &json!({ "token": token })).await, 200).await;
    assert_eq!(verified["email_verified"], true);
    let told = events.find(|event| event.kind == "user_updated").await;
    assert_eq!((&told.data["user_id"], &told.data["email_verified"]), (&user["id"], &json!(true)));
    let again = shop.post("/api/users/verify-email", &json!({ "token": token })).await;
    assert_eq!(code(again, 422).await, "one-time-token-invalid");
    shop.app.stop().await;
}

#[tokio::test]
async fn of_twenty_with_one_address_one_gets_it() {
    let shop = Arc::new(Shop::open().await);
    let email = format!("{}@example.com", unique());
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (shop, email) = (shop.clone(), email.clone());
            tokio::spawn(async move {
                let mut request = registration(&unique());
                request["email"] = email.to_uppercase().into();
                shop.post("/api/users/register", &request).await.status()
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(tally(&answers), [(201, 1), (409, 19)]);
    let users: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(&shop.db).await.unwrap();
    assert_eq!(users, 1);
}

#[tokio::test]
async fn what_is_taken_is_named() {
    let shop = Shop::open().await;
    let ann = shop.register().await;
    let mut same_email = registration(&unique());
    same_email["email"] = format!(" {}", ann.email.to_uppercase()).into();
    assert_eq!(code(shop.post("/api/users/register", &same_email).await, 409).await, "email-taken");
    let mut same_name = registration(&unique());
    same_name["username"] = ann.name.to_uppercase().into();
    assert_eq!(code(shop.post("/api/users/register", &same_name).await, 409).await, "username-taken");
    let (bob, tokens) = shop.sign_up().await;
    let email = json!({ "email": ann.email, "current_password": PASSWORD });
    for (change, taken) in [(email, "email-taken"), (json!({ "username": ann.name }), "username-taken")] {
        let answer = shop.call(&tokens.access, Method::PUT, "/api/users/me", Some(&change)).await;
        assert_eq!(code(answer, 409).await, taken);
    }
    assert_eq!(body(shop.me(&tokens.access).await, 200).await["username"], bob.name);
}

#[tokio::test]
async fn an_account_is_its_owners() {
    let shop = Shop::open().await;
    let (ann, tokens) = shop.sign_up().await;
    let bob = shop.register().await;
    let path = |id: u64| format!("/api/users/{id}");
    let own = body(shop.call(&tokens.access, Method::GET, &path(ann.id), None).await, 200).await;
    assert_eq!(own, body(shop.me(&tokens.access).await, 200).await);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let change = (method == Method::PUT).then(|| json!({ "full_name": "Mallory" }));
        for other in [bob.id, u64::MAX] {
            let answer = shop.call(&tokens.access, method.clone(), &path(other), change.as_ref()).await;
            assert_eq!(code(answer, 403).await, "not-yours", "{method}");
        }
        let guest = shop.app.request(method.clone(), &path(bob.id)).json(&json!({})).send().await.unwrap();
        assert!(guest.headers().contains_key("www-authenticate"));
        assert_eq!(code(guest, 401).await, "token-missing", "{method}");
    }
    let seen = shop.app.as_admin(Method::GET, &path(bob.id)).send().await.unwrap();
    assert_eq!(body(seen, 200).await["username"], bob.name);
    for absent in ["0", "18446744073709551615", "99999999999999999999", "-1", "abc", "1.5"] {
        let answer = shop.app.as_admin(Method::GET, &format!("/api/users/{absent}")).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{absent}");
    }
}

#[tokio::test]
async fn what_is_left_out_stays_and_null_removes() {
    let shop = Shop::open().await;
    let events = shop.listen().await;
    let (ann, tokens) = shop.sign_up().await;
    let put = async |change| {
        body(shop.call(&tokens.access, Method::PUT, "/api/users/me", Some(&change)).await, 200).await
    };
    let changed = put(json!({ "phone": "+84 24 3825", "address": "1 Trang Tien\nHanoi" })).await;
    assert_eq!((&changed["full_name"], &changed["phone"]), (&json!("Ann Example"), &json!("+84 24 3825")));
    let changed = put(json!({ "full_name": null, "phone": "" })).await;
    assert_eq!((&changed["full_name"], &changed["phone"]), (&json!(null), &json!(null)));
    assert_eq!(changed["address"], "1 Trang Tien\nHanoi");
    let updated =
        events.find(|event| event.kind == "user_updated" && event.data["full_name"].is_null()).await;
    assert_eq!(updated.data["user_id"], ann.id);
}

#[tokio::test]
async fn a_new_address_has_to_be_verified_again() {
    let shop = Shop::open().await;
    let events = shop.listen().await;
    let (ann, tokens) = shop.sign_up().await;
    let registered = events.find(|event| event.kind == "user_registered").await;
    let old = registered.data["verification_token"].as_str().unwrap().to_owned();
    let email = format!("{}@example.com", unique());
    let change = json!({ "email": email, "current_password": PASSWORD });
    body(shop.call(&tokens.access, Method::PUT, &format!("/api/users/{}", ann.id), Some(&change)).await, 200)
        .await;
    let asked = events.find(|event| event.kind == "email_verification_requested").await;
    assert_eq!((&asked.data["email"], &asked.data["email_verified"]), (&json!(email), &json!(false)));
    let stale = shop.post("/api/users/verify-email", &json!({ "token": old })).await;
    assert_eq!(code(stale, 422).await, "one-time-token-invalid", "it proves to read the old address");
    let token = json!({ "token": asked.data["verification_token"] });
    assert_eq!(body(shop.post("/api/users/verify-email", &token).await, 200).await["email_verified"], true);
}

#[tokio::test]
async fn a_stolen_access_token_does_not_move_an_account_to_another_address() {
    let shop = Shop::with(&[("LOGIN_FAILURES_PER_ACCOUNT", "2")]).await;
    let (ann, tokens) = shop.sign_up().await;
    let (me, by_id) = ("/api/users/me".to_owned(), format!("/api/users/{}", ann.id));
    let email = format!("{}@example.com", unique());
    let put =
        async |path: &str, change: Value| shop.call(&tokens.access, Method::PUT, path, Some(&change)).await;
    for path in [&me, &by_id] {
        let problem = body(put(path, json!({ "email": email })).await, 422).await;
        assert_eq!(
            (&problem["code"], &problem["errors"][0]["field"]),
            (&json!("password-missing"), &json!("current_password"))
        );
        let guess = json!({ "email": email, "current_password": "a guess" });
        assert_eq!(code(put(path, guess).await, 422).await, "wrong-password");
    }
    let right = json!({ "email": email, "current_password": PASSWORD });
    assert_eq!(code(put(&me, right).await, 429).await, "too-many-failed-logins");
    // Another spelling is no other address, and nothing but the address needs the password.
    let respelled = json!({ "email": ann.email.to_uppercase(), "full_name": "Ann the Second" });
    assert_eq!(body(put(&me, respelled).await, 200).await["email"], ann.email.to_uppercase());
}

#[tokio::test]
async fn a_newcomer_corrects_the_address_at_once_and_then_moves_once_a_minute() {
    let shop = Shop::open().await;
    let (_, tokens) = shop.sign_up().await;
    let put = async |password: &str| {
        let change = json!({ "email": format!("{}@example.com", unique()), "current_password": password });
        shop.call(&tokens.access, Method::PUT, "/api/users/me", Some(&change)).await
    };
    body(put(PASSWORD).await, 200).await;
    // Whether the password is right isn't even looked at.
    for password in [PASSWORD, "a guess"] {
        let refused = put(password).await;
        let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(code(refused, 429).await, "verification-just-sent");
    }
    for a_while_ago in [
        "UPDATE users SET created_at = created_at - INTERVAL 1 HOUR",
        "UPDATE one_time_tokens SET created_at = created_at - INTERVAL 1 MINUTE",
    ] {
        sqlx::query(a_while_ago).execute(&shop.db).await.unwrap();
    }
    body(put(PASSWORD).await, 200).await;
}

#[tokio::test]
async fn of_eight_moves_at_once_one_is_made_and_sends_an_e_mail() {
    let shop = Arc::new(Shop::open().await);
    let (_, tokens) = shop.sign_up().await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (shop, access) = (shop.clone(), tokens.access.clone());
            tokio::spawn(async move {
                let email = format!("{}@example.com", unique());
                let change = json!({ "email": email, "current_password": PASSWORD });
                shop.call(&access, Method::PUT, "/api/users/me", Some(&change)).await.status()
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(tally(&answers), [(200, 1), (429, 7)]);
    let sent: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM one_time_tokens").fetch_one(&shop.db).await.unwrap();
    assert_eq!(sent, 2, "one for registering, and one for the move");
}

#[tokio::test]
async fn who_registered_under_milder_rules_is_still_let_in() {
    let shop = Shop::open().await;
    let ann = shop.register().await;
    let milder = sqlx::query(
        "UPDATE users SET email = 'ann@localhost', username = '_ann', full_name = '', phone = 'call me', \
         address = 'a\\0b'",
    );
    assert_eq!(milder.execute(&shop.db).await.unwrap().rows_affected(), 1);
    let tokens = shop.log_in(&ann.name).await;
    let me = body(shop.me(&tokens.access).await, 200).await;
    let expected =
        json!({ "email": "ann@localhost", "username": "_ann", "full_name": "", "phone": "call me" });
    for member in ["email", "username", "full_name", "phone"] {
        assert_eq!(me[member], expected[member], "{member}");
    }
}

#[tokio::test]
async fn administrators_move_others_accounts_without_a_password_but_not_their_own() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.register().await, shop.register().await);
    let path = |id: u64| format!("/api/users/{id}");
    body(shop.administer(&format!("{}/role", path(ann.id)), &json!({ "role": "admin" })).await, 200).await;
    let access = shop.log_in(&ann.name).await.access;
    let email = format!("{}@example.com", unique());
    let change = json!({ "email": email });
    for own in ["/api/users/me".to_owned(), path(ann.id)] {
        let answer = shop.call(&access, Method::PUT, &own, Some(&change)).await;
        assert_eq!(wrong_fields(&body(answer, 422).await), ["current_password"], "{own}");
    }
    let moved = body(shop.call(&access, Method::PUT, &path(bob.id), Some(&change)).await, 200).await;
    assert_eq!((&moved["email"], &moved["email_verified"]), (&json!(email), &json!(false)));
}

#[tokio::test]
async fn who_leaves_leaves_nothing_but_an_id() {
    let shop = Shop::open().await;
    let events = shop.listen().await;
    let (ann, tokens) = shop.sign_up().await;
    let path = format!("/api/users/{}", ann.id);
    assert_eq!(shop.call(&tokens.access, Method::DELETE, &path, None).await.status(), 204);
    assert_eq!(events.find(|event| event.kind == "user_deleted").await.data["user_id"], ann.id);
    assert_eq!(code(shop.try_log_in(&ann.name, PASSWORD).await, 401).await, "bad-credentials");
    assert_eq!(code(shop.refresh(&tokens.refresh).await, 401).await, "refresh-token-invalid");
    let internal = format!("/internal/users/{}", ann.id);
    assert_eq!(shop.app.as_service(Method::GET, &internal).send().await.unwrap().status(), 404);
    let left: (Option<String>, Option<String>, Option<String>, Option<String>) =
        sqlx::query_as("SELECT email, username_key, password_hash, full_name FROM users WHERE id = ?")
            .bind(ann.id)
            .fetch_one(&shop.db)
            .await
            .unwrap();
    assert_eq!(left, (None, None, None, None));
    let mut again = registration(&ann.name);
    again["email"] = ann.email.into();
    assert_ne!(body(shop.post("/api/users/register", &again).await, 201).await["id"], ann.id);
}

#[tokio::test]
async fn other_services_learn_how_to_reach_somebody() {
    let shop = Shop::open().await;
    let ann = shop.register().await;
    let path = format!("/internal/users/{}", ann.id);
    let contact = body(shop.app.as_service(Method::GET, &path).send().await.unwrap(), 200).await;
    let expected = json!({
        "id": ann.id, "email": ann.email, "username": ann.name, "full_name": "Ann Example",
        "is_active": true, "role": "client", "email_verified": false,
    });
    assert_eq!(contact, expected);
    assert_eq!(
        shop.app.as_admin(Method::GET, &path).send().await.unwrap().status(),
        401,
        "users are no service"
    );
}

#[tokio::test]
async fn what_was_registered_is_told_even_if_the_service_dies() {
    let shop = Shop::open().await;
    let events = shop.listen().await;
    let ann = shop.register().await;
    let Shop { env, app, keys: _keys, .. } = shop;
    app.kill().await;
    let _next = env.start::<user_service::Users>().await;
    let told = events.find(|event| event.kind == "user_registered").await;
    assert_eq!(told.data["email"], ann.email);
}

#[tokio::test]
async fn instances_that_start_together_make_the_demo_accounts_once() {
    let shop = Shop::with(&[("DEMO_DATA", "false")]).await;
    let env = shop.env.set("DEMO_DATA", "true");
    let (one, two) = tokio::join!(env.start::<user_service::Users>(), env.start::<user_service::Users>());
    for (name, password, role) in [
        ("admin", "Admin123!", "admin"),
        ("user1", "password123", "admin"),
        ("shopper", "password123", "client"),
    ] {
        for app in [&one, &two] {
            let credentials = json!({ "username": name, "password": password });
            let answer =
                app.request(Method::POST, "/api/users/login").json(&credentials).send().await.unwrap();
            assert_eq!(body(answer, 200).await["role"], role);
        }
    }
    let users: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(&shop.db).await.unwrap();
    assert_eq!(users, 3);
    one.stop().await;
    env.start::<user_service::Users>().await.stop().await;
}
