//! Many at once.

use std::sync::Arc;

use config::testing::refusal;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{created, get, laptop, path, sku, start};

#[tokio::test(flavor = "multi_thread")]
async fn one_sku_raced_is_one_product() {
    let app = Arc::new(start().await);
    let body = laptop(&sku());
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (app, body) = (app.clone(), body.clone());
        tasks.spawn(async move {
            app.as_admin(Method::POST, "/api/products").json(&body).send().await.unwrap().status().as_u16()
        });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    let mut expected = vec![409; 20];
    expected[0] = 201;
    assert_eq!(statuses, expected);
    assert_eq!(get(&app, "/api/products").await["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_who_saw_the_same_version_one_wins() {
    let app = Arc::new(start().await);
    let product = created(&app, &laptop(&sku())).await;
    let mut tasks = JoinSet::new();
    for n in 0..50u32 {
        let (app, path) = (app.clone(), path(&product));
        tasks.spawn(async move {
            let request = app.as_admin(Method::PATCH, &path).header("if-match", "\"1\"");
            let answer = request.json(&json!({ "price": n })).send().await.unwrap();
            (answer.status().as_u16(), n)
        });
    }
    let outcomes = tasks.join_all().await;
    let winners: Vec<u32> = outcomes.iter().filter(|(status, _)| *status == 200).map(|(_, n)| *n).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|(status, _)| [200, 412].contains(status)), "{outcomes:?}");
    let shown = get(&app, &path(&product)).await;
    assert_eq!((&shown["price"], &shown["version"]), (&json!(winners[0]), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_of_different_members_all_take_effect() {
    let app = Arc::new(start().await);
    let product = created(&app, &laptop(&sku())).await;
    let mut tasks = JoinSet::new();
    for n in 0..10u32 {
        let (app, path) = (app.clone(), path(&product));
        tasks.spawn(async move {
            let body = json!({ "attributes": { format!("a{n}"): n } });
            loop {
                let answer = app.as_admin(Method::PATCH, &path).json(&body).send().await.unwrap();
                match answer.status().as_u16() {
                    200 => break,
                    503 => _ = refusal(answer).await,
                    other => panic!("{other}"),
                }
            }
        });
    }
    tasks.join_all().await;
    let shown: Value = get(&app, &path(&product)).await;
    assert_eq!(shown["attributes"].as_object().unwrap().len(), 14);
    assert_eq!(shown["version"], 11);
}
