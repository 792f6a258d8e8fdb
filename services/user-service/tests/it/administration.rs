//! What administrators see and decide.

use std::sync::Arc;

use config::testing::{eventually, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Shop, body, code};

async fn refused(shop: &Shop, token: &str) {
    eventually("the token is refused", || async {
        match shop.me(token).await.status().as_u16() {
            401 => Ok(()),
            status => Err(status.to_string()),
        }
    })
    .await;
}

#[tokio::test]
async fn a_deactivated_user_is_out_within_seconds() {
    let shop = Shop::open().await;
    let events = shop.listen().await;
    let (ann, tokens) = shop.sign_up().await;
    let path = format!("/api/users/{}/active", ann.id);
    let user = body(shop.administer(&path, &json!({ "is_active": false })).await, 200).await;
    assert_eq!(user["is_active"], false);
    refused(&shop, &tokens.access).await;
    assert_eq!(code(shop.refresh(&tokens.refresh).await, 401).await, "refresh-token-invalid");
    assert_eq!(code(shop.try_log_in(&ann.name, PASSWORD).await, 403).await, "account-inactive");
    assert_eq!(code(shop.try_log_in(&ann.name, "a guess").await, 401).await, "bad-credentials");
    assert_eq!(events.find(|event| event.kind == "user_deactivated").await.data["user_id"], ann.id);

    body(shop.administer(&path, &json!({ "is_active": true })).await, 200).await;
    assert_eq!(shop.refresh(&tokens.refresh).await.status(), 401, "what has ended stays so");
    let back = shop.log_in(&ann.name).await;
    assert_eq!(shop.me(&back.access).await.status(), 200);
    let event = events.find(|event| event.kind == "user_updated").await;
    assert_eq!(event.data["is_active"], true);
}

#[tokio::test]
async fn a_role_counts_from_the_next_login_and_the_old_one_no_longer() {
    let shop = Shop::open().await;
    let (ann, client) = shop.sign_up().await;
    assert_eq!(
        code(shop.call(&client.access, Method::GET, "/api/users", None).await, 403).await,
        "not-admin"
    );
    let path = format!("/api/users/{}/role", ann.id);
    let unknown = shop.administer(&path, &json!({ "role": "root" })).await;
    assert_eq!(wrong_fields(&body(unknown, 422).await), ["role"]);
    let own = shop.call(&client.access, Method::PUT, &path, Some(&json!({ "role": "admin" }))).await;
    assert_eq!(code(own, 403).await, "not-admin");
    assert_eq!(body(shop.administer(&path, &json!({ "role": "admin" })).await, 200).await["role"], "admin");
    refused(&shop, &client.access).await;
    let admin = shop.log_in(&ann.name).await;
    assert_eq!(shop.call(&admin.access, Method::GET, "/api/users", None).await.status(), 200);
    let absent = shop.administer("/api/users/1/role", &json!({ "role": "client" })).await;
    assert_eq!(code(absent, 404).await, "user-not-found");
}

#[tokio::test]
async fn the_shop_keeps_an_administrator() {
    let shop = Arc::new(Shop::open().await);
    let (ann, bob) = (shop.register().await, shop.register().await);
    for person in [&ann, &bob] {
        let path = format!("/api/users/{}/role", person.id);
        body(shop.administer(&path, &json!({ "role": "admin" })).await, 200).await;
    }
    // Each of many hands takes one of the two away, in one of the three ways.
    let tasks: Vec<_> = (0..30)
        .map(|hand: usize| {
            let (shop, id) = (shop.clone(), [ann.id, bob.id][hand % 2]);
            tokio::spawn(async move {
                let path = format!("/api/users/{id}");
                match hand % 3 {
                    0 => {
                        shop.administer(&format!("{path}/role"), &json!({ "role": "client" })).await.status()
                    }
                    1 => shop
                        .administer(&format!("{path}/active"), &json!({ "is_active": false }))
                        .await
                        .status(),
                    _ => shop.app.as_admin(Method::DELETE, &path).send().await.unwrap().status(),
                }
            })
        })
        .collect();
    for task in tasks {
        let status = task.await.unwrap().as_u16();
        assert!([200, 204, 404, 409].contains(&status), "{status}");
    }
    let admins: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM users WHERE role = 'admin' AND is_active = TRUE")
            .fetch_one(&shop.db)
            .await
            .unwrap();
    assert_eq!(admins, 1);
    let list = body(shop.app.as_admin(Method::GET, "/api/users?role=admin").send().await.unwrap(), 200).await;
    let last = list["items"].as_array().unwrap().iter().find(|user| user["is_active"] == true).unwrap();
    let path = format!("/api/users/{}", last["id"]);
    assert_eq!(code(shop.app.as_admin(Method::DELETE, &path).send().await.unwrap(), 409).await, "last-admin");
}

#[tokio::test]
async fn a_new_shop_gets_its_first_administrator_once() {
    let settings = [("FIRST_ADMIN_EMAIL", "boss@example.com"), ("FIRST_ADMIN_PASSWORD", "correct horse")];
    let shop = Shop::with(&settings).await;
    let admin = body(shop.try_log_in("admin", "correct horse").await, 200).await;
    assert_eq!((&admin["role"], &admin["email"]), (&json!("admin"), &json!("boss@example.com")));
    let env = shop.env.set("FIRST_ADMIN_PASSWORD", "another one");
    let again = env.start::<user_service::Users>().await;
    let credentials = json!({ "username": "admin", "password": "another one" });
    let answer = again.request(Method::POST, "/api/users/login").json(&credentials).send().await.unwrap();
    assert_eq!(answer.status(), 401, "who exists is left alone");
}

#[tokio::test]
async fn users_are_found_page_by_page() {
    let shop = Shop::open().await;
    let mut people = Vec::new();
    for _ in 0..5 {
        people.push(shop.register().await);
    }
    let path = format!("/api/users/{}/active", people[4].id);
    body(shop.administer(&path, &json!({ "is_active": false })).await, 200).await;
    let list = async |query: &str| -> Value {
        body(shop.app.as_admin(Method::GET, &format!("/api/users/{query}")).send().await.unwrap(), 200).await
    };
    let first = list("?limit=2").await;
    assert_eq!((&first["count"], &first["total"]), (&json!(2), &json!(5)));
    let mut seen: Vec<_> = first["items"].as_array().unwrap().clone();
    let mut cursor = first["next_cursor"].clone();
    while let Some(next) = cursor.as_str() {
        let page = list(&format!("?limit=2&cursor={next}")).await;
        seen.extend(page["items"].as_array().unwrap().clone());
        cursor = page["next_cursor"].clone();
    }
    let ids: Vec<_> = seen.iter().map(|user| user["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, people.iter().map(|person| person.id).collect::<Vec<_>>());
    assert_eq!(list("?skip=3").await["count"], 2);
    assert_eq!(list("?is_active=false").await["items"][0]["id"], people[4].id);
    assert_eq!(list("?role=admin").await["total"], 0);
    let part = people[2].name[4..20].to_uppercase();
    assert_eq!(list(&format!("?q={part}")).await["items"][0]["id"], people[2].id);
    for wild in ["%25", "_____", "%5C", "' OR 1=1"] {
        assert_eq!(list(&format!("?q={wild}")).await["total"], 0, "{wild}");
    }
    for bad in ["limit=0", "limit=101", "skip=-1", "cursor=x", "role=root", "is_active=maybe"] {
        let answer = shop.app.as_admin(Method::GET, &format!("/api/users?{bad}")).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{bad}");
    }
    let too_long = "x".repeat(101);
    let query = format!("/api/users?q={too_long}&role=root&skip=-1&limit=0&cursor=x");
    let answer = shop.app.as_admin(Method::GET, &query).send().await.unwrap();
    assert_eq!(wrong_fields(&body(answer, 422).await), ["q", "role", "skip", "limit", "cursor"]);
    let guest = shop.app.request(Method::GET, "/api/users").send().await.unwrap();
    assert_eq!(code(guest, 401).await, "token-missing");
}
