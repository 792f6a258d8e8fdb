//! What changes in the catalogue is found soon, on every instance.

use std::time::Duration;

use config::testing::{TestApp, TestKafka};
use serde_json::{Value, json};

use crate::support::{Shop, created, finds, found, get, rating, stock, word};

/// Two instances that are told of a product with this name.
async fn two_told_of(shop: &Shop, name: &str) -> (TestApp, TestApp, TestKafka, Value) {
    let (one, two, kafka) = (shop.start().await, shop.start().await, TestKafka::new(&shop.env));
    let product = shop.catalogue.add(name);
    kafka.send(&created(&product)).await;
    (one, two, kafka, product)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_found_from_its_creation_to_its_end() {
    let shop = Shop::new().await;
    let (app, kafka, name) = (shop.start().await, TestKafka::new(&shop.env), word());
    let mut product = shop.catalogue.add(&format!("{name} lamp"));
    let query = format!("keyword={name}");
    assert!(found(&app, &query).await.is_empty());
    kafka.send(&created(&product)).await;
    finds(&app, &query, &[&product]).await;
    let renamed = word();
    kafka.send(&shop.catalogue.update(&mut product, &json!({ "name": renamed, "price": 12 }))).await;
    finds(&app, &format!("keyword={renamed}"), &[&product]).await;
    finds(&app, &query, &[]).await;
    assert_eq!(get(&app, &format!("/api/search?keyword={renamed}")).await["results"][0]["price"], 12);
    kafka.send(&shop.catalogue.archive(&mut product)).await;
    finds(&app, &format!("keyword={renamed}"), &[]).await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_follow_stock_and_ratings_whatever_comes_first_or_twice() {
    let shop = Shop::new().await;
    let (app, kafka, name) = (shop.start().await, TestKafka::new(&shop.env), word());
    let product = shop.catalogue.add(&name);
    // Figures of a product that isn't known yet.
    for event in [stock(&product, 0, 3), rating(&product, 4.5, 2), created(&product)] {
        kafka.send(&event).await;
    }
    let query = |filter: &str| format!("keyword={name}&{filter}");
    finds(&app, &query("in_stock=false&min_rating=4.5"), &[&product]).await;
    assert!(found(&app, &query("in_stock=true")).await.is_empty());
    for event in [stock(&product, 9, 2), stock(&product, 7, 4), stock(&product, 0, 3)] {
        kafka.send(&event).await;
    }
    finds(&app, &query("in_stock=true"), &[&product]).await;
    kafka.send(&rating(&product, 2.0, 3)).await;
    finds(&app, &query("min_rating=4.5"), &[]).await;
    let hit = get(&app, &format!("/api/search?keyword={name}")).await["results"][0].clone();
    assert_eq!(
        (&hit["stock"], &hit["average_rating"], &hit["rating_count"]),
        (&json!(7), &json!(2.0), &json!(3))
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_agree_and_share_no_stale_answer() {
    let (shop, name) = (Shop::new().await, word());
    let (one, two, kafka, mut product) = two_told_of(&shop, &name).await;
    let path = format!("/api/search?keyword={name}");
    for round in 1..=4u64 {
        finds(&one, &format!("keyword={name}"), &[&product]).await;
        // Asked more than once, so that both caches have it.
        for app in [&one, &one, &two, &two] {
            get(app, &path).await;
        }
        kafka.send(&shop.catalogue.update(&mut product, &json!({ "price": round }))).await;
        for app in [&one, &two] {
            config::testing::eventually("the price is the new one", || async {
                let price = get(app, &path).await["results"][0]["price"].clone();
                if price == round { Ok(()) } else { Err(price.to_string()) }
            })
            .await;
        }
        let mut answers = [get(&one, &path).await, get(&two, &path).await];
        for answer in &mut answers {
            for member in ["from_cache", "took_ms"] {
                answer.as_object_mut().unwrap().remove(member);
            }
        }
        assert_eq!(answers[0], answers[1]);
    }
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_before_is_taken_from_the_other_instance() {
    let (shop, name) = (Shop::new().await, word());
    let (one, two, kafka, mut product) = two_told_of(&shop, &name).await;
    let path = format!("/api/search?keyword={name}");
    finds(&two, &format!("keyword={name}"), &[&product]).await;
    // Redis has 15 ms to answer, which a busy machine may not keep: each price is another chance.
    let mut shared = false;
    for price in 1..=10 {
        kafka.send(&shop.catalogue.update(&mut product, &json!({ "price": price }))).await;
        for app in [&one, &two] {
            finds(app, &format!("keyword={name}&min_price={price}&max_price={price}"), &[&product]).await;
        }
        for from_cache in [false, true] {
            assert_eq!(get(&one, &path).await["from_cache"], from_cache);
        }
        // It goes to Redis after the answer.
        tokio::time::sleep(Duration::from_millis(200)).await;
        shared = get(&two, &path).await["from_cache"] == true;
        if shared {
            break;
        }
    }
    assert!(shared, "the second instance takes the first one's answer");
    one.stop().await;
    two.stop().await;
}
