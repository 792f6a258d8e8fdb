//! Many at once.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Shop, histogram, product, rate};

/// What the ratings themselves add up to.
async fn recount(shop: &Shop, product: &str) -> ([u64; 5], u64) {
    let (mut counts, mut sum) = ([0; 5], 0);
    let mut cursor = String::new();
    loop {
        let page = shop.get(&format!("/api/ratings/{product}?limit=100{cursor}")).await;
        for item in page["items"].as_array().unwrap() {
            let stars = item["rating"].as_u64().unwrap();
            counts[usize::try_from(stars - 1).unwrap()] += 1;
            sum += stars;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (counts, sum),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_is_what_a_recount_gives_after_a_hundred_rate_edit_and_remove_at_once() {
    let shop = Arc::new(Shop::open().await);
    let product = product();
    let mut tasks = JoinSet::new();
    for user in 1..=100u64 {
        let (shop, product) = (shop.clone(), product.clone());
        tasks.spawn(async move {
            let id = shop.rated(user, &product, u8::try_from(user % 5 + 1).unwrap()).await;
            let url = format!("/api/ratings/{id}");
            if user % 3 == 0 {
                let edit = json!({ "rating": (user * 7) % 5 + 1 });
                let answer = shop.app.as_client(user, Method::PUT, &url).json(&edit).send().await.unwrap();
                assert_eq!(answer.status(), 200);
            }
            if user % 4 == 0 {
                assert_eq!(
                    shop.app.as_client(user, Method::DELETE, &url).send().await.unwrap().status(),
                    204
                );
            }
            if user % 10 == 1 {
                let hide = json!({ "status": "hidden" });
                let url = format!("{url}/moderation");
                assert_eq!(
                    shop.app.as_admin(Method::PUT, &url).json(&hide).send().await.unwrap().status(),
                    200
                );
            }
        });
    }
    tasks.join_all().await;
    let summary = shop.get(&format!("/api/ratings/{product}/summary")).await;
    let (counts, sum) = recount(&shop, &product).await;
    let count: u64 = counts.iter().sum();
    assert_eq!(count, 100 - 25 - 10, "25 were taken back and 10 hidden");
    assert_eq!((histogram(&summary), summary["count"].as_u64()), (counts, Some(count)));
    let hundredths = (200 * sum + count) / (2 * count);
    assert_eq!(summary["average"], json!(hundredths as f64 / 100.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_rating_one_product_many_times_at_once_rates_it_once() {
    let shop = Arc::new(Shop::open().await);
    let product = product();
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (shop, product) = (shop.clone(), product.clone());
        tasks.spawn(async move { rate(&shop.app, 7, &product, 3).await.status().as_u16() });
    }
    let statuses = tasks.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 19, "{statuses:?}");
    assert_eq!(histogram(&shop.get(&format!("/api/ratings/{product}")).await), [0, 0, 1, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_counts_once_for_each_user_however_often_it_is_given_and_taken() {
    let shop = Arc::new(Shop::open().await);
    let product = product();
    let id = shop.rated(1, &product, 5).await;
    let mut tasks = JoinSet::new();
    for user in 10..40u64 {
        for _ in 0..3 {
            let shop = shop.clone();
            tasks.spawn(async move {
                let url = format!("/api/ratings/{id}/helpful");
                let vote = |method| shop.app.as_client(user, method, &url).send();
                assert_eq!(vote(Method::POST).await.unwrap().status(), 200);
                // Every third changes their mind, in the middle of their other votes.
                if user % 3 == 0 {
                    assert_eq!(vote(Method::DELETE).await.unwrap().status(), 200);
                }
            });
        }
    }
    tasks.join_all().await;
    let url = format!("/api/ratings/{id}/helpful");
    // Whoever changed their mind may have voted last; now they all have taken it back.
    for user in (10..40).filter(|user| user % 3 == 0) {
        shop.app.as_client(user, Method::DELETE, &url).send().await.unwrap();
    }
    let page = shop.get(&format!("/api/ratings/{product}")).await;
    let expected = (10..40).filter(|user| user % 3 != 0).count();
    assert_eq!(page["items"][0]["helpful_count"], json!(expected));
    let answer = shop.app.as_client(11, Method::POST, &url).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["helpful_count"], json!(expected));
}
