//! The address book.

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Shop, body, code, tally};

const BOOK: &str = "/api/users/me/addresses";

fn entry(line1: &str) -> Value {
    json!({ "recipient": "Ann", "line1": line1, "city": "Hanoi", "country": "vn", "postal_code": "100000" })
}

/// The first lines, the default's in capitals.
async fn book(shop: &Shop, token: &str) -> Vec<String> {
    let book = body(shop.call(token, Method::GET, BOOK, None).await, 200).await;
    let items = book["items"].as_array().unwrap();
    assert_eq!((&book["count"], &book["total"]), (&json!(items.len()), &json!(items.len())));
    let show = |address: &Value| {
        let line = address["line1"].as_str().unwrap();
        if address["is_default"] == true { line.to_uppercase() } else { line.to_owned() }
    };
    items.iter().map(show).collect()
}

#[tokio::test]
async fn a_book_always_has_one_default() {
    let shop = Shop::open().await;
    let (_, tokens) = shop.sign_up().await;
    let add = async |body: Value| -> u64 {
        let answer = shop.call(&tokens.access, Method::POST, BOOK, Some(&body)).await;
        crate::support::body(answer, 201).await["id"].as_u64().unwrap()
    };
    assert!(book(&shop, &tokens.access).await.is_empty());
    let a = add(entry("a")).await;
    let b = add(entry("b")).await;
    assert_eq!(book(&shop, &tokens.access).await, ["A", "b"]);
    let mut third = entry("c");
    third["is_default"] = true.into();
    let c = add(third).await;
    assert_eq!(book(&shop, &tokens.access).await, ["a", "b", "C"]);
    let made = shop.call(&tokens.access, Method::PUT, &format!("{BOOK}/{b}/default"), None).await;
    assert_eq!(body(made, 200).await["is_default"], true);
    let changed = shop.call(&tokens.access, Method::PUT, &format!("{BOOK}/{b}"), Some(&entry("d"))).await;
    let changed = body(changed, 200).await;
    assert_eq!((&changed["line1"], &changed["country"]), (&json!("d"), &json!("VN")));
    assert_eq!(book(&shop, &tokens.access).await, ["a", "D", "c"]);
    assert_eq!(
        body(shop.call(&tokens.access, Method::GET, &format!("{BOOK}/{b}"), None).await, 200).await,
        changed
    );
    for id in [b, c] {
        assert_eq!(
            shop.call(&tokens.access, Method::DELETE, &format!("{BOOK}/{id}"), None).await.status(),
            204
        );
    }
    assert_eq!(book(&shop, &tokens.access).await, ["A"], "the oldest of the others became the default");
    assert_eq!(shop.call(&tokens.access, Method::DELETE, &format!("{BOOK}/{a}"), None).await.status(), 204);
    assert!(book(&shop, &tokens.access).await.is_empty());
}

#[tokio::test]
async fn a_state_is_kept_as_orders_know_it() {
    let shop = Shop::open().await;
    let (_, tokens) = shop.sign_up().await;
    for (country, state, kept) in
        [("US", "California", "CA"), ("Canada", "québec", "QC"), ("DE", "Bayern", "Bayern")]
    {
        let mut entry = entry("a");
        entry["country"] = country.into();
        entry["state"] = state.into();
        let added = body(shop.call(&tokens.access, Method::POST, BOOK, Some(&entry)).await, 201).await;
        assert_eq!(added["state"], kept);
        let path = format!("{BOOK}/{}", added["id"]);
        let changed = body(shop.call(&tokens.access, Method::PUT, &path, Some(&entry)).await, 200).await;
        assert_eq!(changed["state"], kept);
    }
}

#[tokio::test]
async fn an_address_that_was_kept_under_milder_rules_is_still_shown() {
    let shop = Shop::open().await;
    let (_, tokens) = shop.sign_up().await;
    body(shop.call(&tokens.access, Method::POST, BOOK, Some(&entry("a"))).await, 201).await;
    let milder = sqlx::query("UPDATE addresses SET label = '', city = ' ', phone = 'call me'");
    assert_eq!(milder.execute(&shop.db).await.unwrap().rows_affected(), 1);
    let book = body(shop.call(&tokens.access, Method::GET, BOOK, None).await, 200).await;
    assert_eq!((&book["items"][0]["city"], &book["items"][0]["phone"]), (&json!(" "), &json!("call me")));
}

#[tokio::test]
async fn a_book_has_an_end_however_many_write_at_once() {
    let shop = Arc::new(Shop::open().await);
    let (_, tokens) = shop.sign_up().await;
    let tasks: Vec<_> = (0..25)
        .map(|n| {
            let (shop, token) = (shop.clone(), tokens.access.clone());
            tokio::spawn(async move {
                let mut entry = entry(&format!("{n}"));
                entry["is_default"] = true.into();
                loop {
                    // On a slow machine some wait for a connection for too long, and are asked to come back.
                    match shop.call(&token, Method::POST, BOOK, Some(&entry)).await.status() {
                        StatusCode::SERVICE_UNAVAILABLE => {}
                        status => break status,
                    }
                }
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(tally(&answers), [(201, 20), (409, 5)]);
    let defaults: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM addresses WHERE is_default = TRUE")
        .fetch_one(&shop.db)
        .await
        .unwrap();
    assert_eq!(defaults, 1);
}

#[tokio::test]
async fn nobody_reads_or_writes_anothers_book() {
    let shop = Shop::open().await;
    let (_, ann) = shop.sign_up().await;
    let (_, bob) = shop.sign_up().await;
    let added = body(shop.call(&ann.access, Method::POST, BOOK, Some(&entry("a"))).await, 201).await;
    let path = format!("{BOOK}/{}", added["id"]);
    for (method, path, change) in [
        (Method::GET, path.clone(), None),
        (Method::PUT, path.clone(), Some(entry("mine"))),
        (Method::PUT, format!("{path}/default"), None),
        (Method::DELETE, path.clone(), None),
    ] {
        let answer = shop.call(&bob.access, method.clone(), &path, change.as_ref()).await;
        assert_eq!(code(answer, 404).await, "address-not-found", "{method} {path}");
    }
    assert!(book(&shop, &bob.access).await.is_empty());
    assert_eq!(book(&shop, &ann.access).await, ["A"]);
    let guest = shop.app.request(Method::GET, BOOK).send().await.unwrap();
    assert_eq!(code(guest, 401).await, "token-missing");
}

#[tokio::test]
async fn a_country_that_is_no_more_doesnt_hide_the_book() {
    let shop = Shop::open().await;
    let (_, tokens) = shop.sign_up().await;
    let answer = shop.call(&tokens.access, Method::POST, BOOK, Some(&entry("a"))).await;
    let old = body(answer, 201).await["id"].as_u64().unwrap();
    sqlx::query("UPDATE addresses SET country = 'YU'").execute(&shop.db).await.unwrap();
    let kept = body(shop.call(&tokens.access, Method::GET, BOOK, None).await, 200).await;
    assert_eq!(kept["items"][0]["country"], "YU");
    let removed = shop.call(&tokens.access, Method::DELETE, &format!("{BOOK}/{old}"), None).await;
    assert_eq!(removed.status(), 204);
}
