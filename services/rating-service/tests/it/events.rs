//! What the service hears and says.

use std::sync::Arc;

use config::testing::{TestKafka, event, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Shop, histogram, order_event, product};

impl Shop {
    async fn verified(&self, product: &str, user: u64) -> Result<bool, String> {
        let page = self.get(&format!("/api/ratings/{product}?limit=100")).await;
        let items = page["items"].as_array().unwrap();
        let rating = items.iter().find(|item| item["user_id"] == user).ok_or("no rating")?;
        Ok(rating["verified_purchase"].as_bool().unwrap())
    }

    async fn becomes(&self, product: &str, user: u64, verified: bool) {
        eventually("the mark follows the order", || async {
            match self.verified(product, user).await? {
                now if now == verified => Ok(()),
                now => Err(format!("verified: {now}")),
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_marks_the_rating_whichever_comes_first_and_a_cancellation_unmarks_it() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let product = product();
    // Rated, then bought.
    shop.rated(7, &product, 5).await;
    assert_eq!(shop.verified(&product, 7).await, Ok(false));
    let paid = order_event(70, 7, &product, "paid", 3);
    for _ in 0..3 {
        kafka.send(&paid).await;
    }
    shop.becomes(&product, 7, true).await;
    // Bought, then rated.
    kafka.send(&order_event(80, 8, &product, "paid", 3)).await;
    kafka.send(&order_event(90, 7, &product, "pending", 1)).await;
    eventually("the purchase is noted", || async {
        let id = shop.rated(8, &product, 4).await;
        match shop.verified(&product, 8).await? {
            true => Ok(()),
            false => {
                let url = format!("/api/ratings/{id}");
                shop.app.as_client(8, Method::DELETE, &url).send().await.unwrap();
                Err("not verified".to_owned())
            }
        }
    })
    .await;
    let only = shop.get(&format!("/api/ratings/{product}?verified=true&stars=4")).await;
    assert_eq!((&only["total"], &only["items"][0]["user_id"]), (&json!(1), &json!(8)));

    // Given back; an old message that is sent again changes nothing.
    kafka.send(&order_event(70, 7, &product, "cancelled", 5)).await;
    shop.becomes(&product, 7, false).await;
    kafka.send(&paid).await;
    kafka.send(&order_event(71, 8, &product, "refunded", 9)).await;
    // The same partition's next message: once it has had its effect, so has the old one.
    kafka.send(&order_event(70, 9, &product, "paid", 6)).await;
    shop.rated(9, &product, 3).await;
    shop.becomes(&product, 9, true).await;
    assert_eq!(shop.verified(&product, 7).await, Ok(false));
    // One order given back is not the other one.
    assert_eq!(shop.verified(&product, 8).await, Ok(true));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ratings_and_purchases_at_the_same_moment_find_each_other() {
    let shop = Arc::new(Shop::open().await);
    let product = product();
    let kafka = Arc::new(TestKafka::new(&shop.env));
    let mut tasks = JoinSet::new();
    for user in 1..=40u64 {
        let (shop, rated) = (shop.clone(), product.clone());
        tasks.spawn(async move {
            shop.rated(user, &rated, 4).await;
        });
        let (kafka, paid) = (kafka.clone(), order_event(user, user, &product, "paid", 2));
        tasks.spawn(async move { kafka.send(&paid).await });
    }
    tasks.join_all().await;
    eventually("all are marked", || async {
        let page = shop.get(&format!("/api/ratings/{product}?verified=true")).await;
        if page["total"] == 40 { Ok(()) } else { Err(page["total"].to_string()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_buyers_think_is_told_as_it_stands() {
    let shop = Arc::new(Shop::open().await);
    let kafka = TestKafka::new(&shop.env);
    let heard = kafka.listen("rating-events").await;
    let product = product();
    let mut tasks = JoinSet::new();
    for user in 1..=60u64 {
        let (shop, product) = (shop.clone(), product.clone());
        tasks.spawn(async move { shop.rated(user, &product, u8::try_from(user % 2 + 4).unwrap()).await });
    }
    tasks.join_all().await;
    let summary = shop.get(&format!("/api/ratings/{product}/summary")).await;
    let mut events = 0;
    let mut version = 0;
    let last = loop {
        let event = heard.find(|event| event.key == product).await;
        events += 1;
        let told = event.data["version"].as_u64().unwrap();
        assert!(told > version, "{told} after {version}");
        version = told;
        if event.data["count"] == 60 {
            break event;
        }
    };
    assert!(events < 60, "closely following changes are told as one");
    assert_eq!(last.kind, "rating_changed");
    assert_eq!(last.data, summary);
    assert_eq!(histogram(&last.data), [0, 0, 0, 30, 30]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_before_a_crash_is_told_after_it() {
    let shop = Shop::open().await;
    let heard = TestKafka::new(&shop.env).listen("rating-events").await;
    let product = product();
    shop.rated(7, &product, 5).await;
    // Whether it was told already is up to chance.
    shop.app.kill().await;
    let app = shop.env.start::<rating_service::Ratings>().await;
    let told = heard.find(|event| event.key == product && event.data["count"] == 1).await;
    assert_eq!(told.data["average"], json!(5.0));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_known_from_its_events_and_poison_blocks_nobody() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    // The catalogue that is asked doesn't have it: only the event tells.
    let product = "f123456789abcdef01234567";
    let change = |name: &str, version: u64| {
        let data = json!({ "product_id": product, "name": name, "version": version, "status": "active" });
        event("product-events", "product_updated", product, data)
    };
    let mut poison = change("x", 1);
    poison.data = json!({ "product_id": "nonsense", "name": "x", "version": 1 });
    kafka.send(&poison).await;
    kafka.send(&change("New name", 4)).await;
    kafka.send(&change("Old name", 3)).await;
    let rating = eventually("the product can be rated", || async {
        let body = json!({ "product_id": product, "rating": 5 });
        let answer = shop.app.as_client(7, Method::POST, "/api/ratings").json(&body).send().await.unwrap();
        match answer.status().as_u16() {
            201 => Ok(answer.json::<Value>().await.unwrap()),
            status => Err(status.to_string()),
        }
    })
    .await;
    assert_eq!(rating["product_name"], "New name");
    kafka.dead_letter("product-events", poison.id).await;
    let mine = shop.app.as_client(7, Method::GET, "/api/ratings/mine").send().await.unwrap();
    assert_eq!(mine.json::<Value>().await.unwrap()["items"][0]["product_name"], "New name");
    shop.app.stop().await;
}
