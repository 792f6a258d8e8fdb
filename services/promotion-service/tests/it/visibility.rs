//! Who sees which promotions.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{get, promotion, start};

#[tokio::test]
async fn everybody_sees_what_is_public_and_nobody_how_often_it_is_used() {
    let app = start().await;
    let automatic = promotion(&app, &json!({ "usage_limit": 5 })).await;
    let secret = promotion(&app, &json!({ "code": "SECRET" })).await;
    let shared = promotion(&app, &json!({ "code": "SHARED", "is_public": true })).await;
    let coming = promotion(&app, &json!({ "start_date": "2098-01-01" })).await;
    let over = promotion(&app, &json!({ "end_date": "2025-12-31" })).await;
    let paused = promotion(&app, &json!({ "is_active": false })).await;
    let ids = |list: &Value| {
        list["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
    };
    let read = async |path: &str| -> Value {
        app.request(Method::GET, path).send().await.unwrap().json().await.unwrap()
    };
    let list = read("/api/promotions").await;
    assert_eq!(ids(&list), [&coming, &shared, &automatic].map(|it| it["id"].clone()));
    assert_eq!(ids(&read("/api/promotions/active/").await), [&shared, &automatic].map(|it| it["id"].clone()));
    for item in list["items"].as_array().unwrap() {
        for name in ["usage_limit", "used_count", "reserved_count"] {
            assert_eq!(item.get(name).unwrap_or(&Value::Null), &Value::Null, "{name}");
        }
    }
    for (promotion, status) in
        [(&automatic, 200), (&secret, 404), (&shared, 200), (&coming, 200), (&over, 404), (&paused, 404)]
    {
        let url = format!("/api/promotions/{}", promotion["id"]);
        assert_eq!(app.request(Method::GET, &url).send().await.unwrap().status(), status);
        assert_eq!(app.as_client(7, Method::GET, &url).send().await.unwrap().status(), status);
        assert_eq!(app.as_admin(Method::GET, &url).send().await.unwrap().status(), 200);
    }
    let all = get(&app, "/api/promotions").await;
    assert_eq!((&all["total"], &all["items"][5]["usage_limit"]), (&json!(6), &json!(5)));
}

#[tokio::test]
async fn long_lists_come_in_parts() {
    let app = start().await;
    for _ in 0..3 {
        promotion(&app, &json!({})).await;
    }
    let first = get(&app, "/api/promotions?limit=2").await;
    let next = first["next_cursor"].as_str().unwrap();
    let second = get(&app, &format!("/api/promotions?limit=2&cursor={next}")).await;
    assert_eq!((&first["count"], &second["count"], &second["total"]), (&json!(2), &json!(1), &json!(3)));
    assert_eq!(second["next_cursor"], Value::Null);
}
