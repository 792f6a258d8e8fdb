//! Many at once.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{EXEMPTIONS, RATES, added, get, post, start};

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|it| **it == status).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_add_the_same_tax_one_does() {
    let app = Arc::new(start().await);
    let mut tasks = JoinSet::new();
    for percent in 0..20 {
        let app = app.clone();
        tasks.spawn(async move {
            let body = json!({ "country": "DE", "name": "VAT", "percent": percent });
            post(&app, RATES, &body).await.status().as_u16()
        });
    }
    let statuses = tasks.join_all().await;
    assert_eq!((count(&statuses, 201), count(&statuses, 409)), (1, 19), "{statuses:?}");
    assert_eq!(get(&app, &format!("{RATES}/DE")).await["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_move_their_rates_to_one_place_one_does() {
    let app = Arc::new(start().await);
    let mut ids = Vec::new();
    for n in 0..10 {
        let rate =
            added(&app, RATES, &json!({ "country": "DE", "name": format!("Tax {n}"), "percent": n })).await;
        ids.push(rate["id"].clone());
    }
    let mut tasks = JoinSet::new();
    for id in ids {
        let app = app.clone();
        tasks.spawn(async move {
            let body = json!({ "country": "FR", "name": "VAT", "percent": 20 });
            app.as_admin(Method::PUT, &format!("{RATES}/{id}"))
                .json(&body)
                .send()
                .await
                .unwrap()
                .status()
                .as_u16()
        });
    }
    let statuses = tasks.join_all().await;
    assert_eq!((count(&statuses, 200), count(&statuses, 409)), (1, 9), "{statuses:?}");
    assert_eq!(get(&app, &format!("{RATES}/FR")).await["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_change_one_version_one_does() {
    let app = Arc::new(start().await);
    let rate = added(&app, RATES, &json!({ "country": "DE", "percent": 19 })).await;
    let path = format!("{RATES}/{}", rate["id"]);
    let mut tasks = JoinSet::new();
    for percent in 0..20 {
        let (app, path) = (app.clone(), path.clone());
        tasks.spawn(async move {
            let body = json!({ "country": "DE", "percent": percent });
            let request = app.as_admin(Method::PUT, &path).header("If-Match", "\"1\"").json(&body);
            request.send().await.unwrap().status().as_u16()
        });
    }
    let statuses = tasks.join_all().await;
    assert_eq!((count(&statuses, 200), count(&statuses, 412)), (1, 19), "{statuses:?}");
    assert_eq!(get(&app, &path).await["version"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_raced_adds_one_rate_and_one_certificate_counts_once() {
    let app = Arc::new(start().await);
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let app = app.clone();
        tasks.spawn(async move {
            let (path, body) = match n % 2 {
                0 => (RATES, json!({ "country": "DE", "percent": 19 })),
                _ => (EXEMPTIONS, json!({ "user_id": 7, "certificate": "A" })),
            };
            let request = app.as_admin(Method::POST, path).json(&body);
            // The rates come with one key, the exemptions each with their own.
            let key = if n % 2 == 0 { "one".to_owned() } else { n.to_string() };
            request.header("Idempotency-Key", key).send().await.unwrap().status().as_u16()
        });
    }
    let statuses = tasks.join_all().await;
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    let total = async |path: &str| get(&app, path).await["total"].clone();
    assert_eq!((total(RATES).await, total(EXEMPTIONS).await), (Value::from(1), Value::from(1)));
}
