//! Many at once.

use std::sync::Arc;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Shop, product};

#[tokio::test(flavor = "multi_thread")]
async fn one_wish_sent_many_times_at_once_is_one_wish() {
    let shop = Arc::new(Shop::open().await);
    let product = product();
    let mut tasks = JoinSet::new();
    for number in 0..30 {
        let (shop, product) = (shop.clone(), product.clone());
        let list = if number % 2 == 0 { "A" } else { "B" };
        tasks.spawn(async move { shop.wish_on(7, &product, Some(list)).await.status().as_u16() });
    }
    let statuses = tasks.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 29, "{statuses:?}");
    let lists = shop.get(7, "/api/favourites/lists").await;
    let on_them: u64 =
        lists["items"].as_array().unwrap().iter().map(|list| list["items"].as_u64().unwrap()).sum();
    assert_eq!(on_them, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_moving_and_removing_at_once_leaves_the_counts_right() {
    let shop = Arc::new(Shop::open().await);
    let products: Vec<_> = (0..20).map(|_| product()).collect();
    let mut tasks = JoinSet::new();
    for number in 0..120 {
        let (shop, product) = (shop.clone(), products[number % 20].clone());
        tasks.spawn(async move {
            let url = format!("/api/favourites/7/{product}");
            match number % 4 {
                0 | 1 => shop.wish_on(7, &product, Some("A")).await.status().as_u16(),
                2 => {
                    let to = json!({ "list": if number % 8 == 2 { "B" } else { "A" } });
                    shop.app.as_client(7, Method::PUT, &url).json(&to).send().await.unwrap().status().as_u16()
                }
                _ => shop.status(7, Method::DELETE, &url).await,
            }
        });
    }
    let statuses = tasks.join_all().await;
    assert!(statuses.iter().all(|status| [200, 201, 204, 404].contains(status)), "{statuses:?}");
    let lists = shop.get(7, "/api/favourites/lists").await;
    for list in lists["items"].as_array().unwrap() {
        let page = shop.get(7, &format!("/api/favourites?list={}", list["name"].as_str().unwrap())).await;
        assert_eq!(page["total"], list["items"], "{list}");
    }
}
