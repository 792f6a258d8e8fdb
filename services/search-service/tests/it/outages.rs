//! Redis goes away and comes back.

use config::testing::{Cable, TestEnv, TestKafka, eventually};
use reqwest::Method;

use crate::support::{Shop, created, finds, found, get, order, text, word};

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_searches_go_on_and_nothing_learnt_is_lost() {
    let mut shop = Shop::new().await;
    let cable = Cable::to(shop.env.get("REDIS_URL")).await;
    let env: TestEnv = shop.env.set("REDIS_URL", cable.url());
    shop.env = env;
    let (one, other) = (shop.catalogue.add(&word()), shop.catalogue.add(&word()));
    let (app, kafka) = (shop.start().await, TestKafka::new(&shop.env));
    let query = format!("keyword={}", text(&one, "name"));
    assert_eq!(found(&app, &query).await.len(), 1);
    cable.cut();
    let new = shop.catalogue.add(&word());
    kafka.send(&created(&new)).await;
    let number = u64::from_str_radix(&text(&one, "product_id")[..12], 16).unwrap();
    kafka.send(&order(number, "paid", &[&one, &other])).await;
    let until = std::time::Instant::now() + std::time::Duration::from_secs(3);
    while std::time::Instant::now() < until {
        assert_eq!(found(&app, &query).await.len(), 1);
    }
    finds(&app, &format!("keyword={}", text(&new, "name")), &[&new]).await;
    let path = format!("/api/search/recommendations/{}", text(&one, "product_id"));
    // What is like it can still be told.
    assert_eq!(get(&app, &path).await["items"][0]["reason"], "similar");
    assert_eq!(app.as_admin(Method::POST, "/api/search/reindex").send().await.unwrap().status(), 503);
    assert_eq!(get(&app, "/health").await["status"], "degraded");
    cable.mend();
    eventually("the order is learnt from", || async {
        let first = get(&app, &path).await["items"][0].clone();
        let right = first["id"] == other["product_id"] && first["orders"] == 1;
        if right { Ok(()) } else { Err(first.to_string()) }
    })
    .await;
    app.stop().await;
}
