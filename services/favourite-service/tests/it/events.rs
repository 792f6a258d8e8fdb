//! What wishers are told.

use std::collections::BTreeMap;
use std::sync::Arc;

use config::kafka::Envelope;
use config::testing::{TestListener, eventually};
use favourite_service::Favourites;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Shop, priced, product, reserved, stocked};

/// All that is told of a product until the mark, a drop of another product that only user 999 999 wishes, is told.
async fn told(shop: &Shop, heard: &TestListener, product: &str, mark: &str, version: u64) -> Vec<Envelope> {
    // The rounds of both services' instances are over when this one is: it is the last that begins.
    eventually("no round is left", || async {
        let url = shop.env.get("DATABASE_URL");
        let mut database = <sqlx::MySqlConnection as sqlx::Connection>::connect(url).await.unwrap();
        let rounds: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM rounds").fetch_one(&mut database).await.unwrap();
        let unsent: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM outbox").fetch_one(&mut database).await.unwrap();
        if (rounds, unsent) == (0, 0) { Ok(()) } else { Err(format!("{rounds} rounds, {unsent} unsent")) }
    })
    .await;
    shop.kafka.send(&priced(mark, 100 - version, version)).await;
    let events = std::sync::Mutex::new(Vec::new());
    heard
        .find(|event| {
            if event.data["product_id"] == product {
                events.lock().unwrap().push(event.clone());
            }
            event.data["product_id"] == mark
        })
        .await;
    events.into_inner().unwrap()
}

fn by_user(events: &[Envelope]) -> BTreeMap<u64, usize> {
    let mut users = BTreeMap::new();
    for event in events {
        assert_eq!(event.key, event.data["user_id"].to_string());
        *users.entry(event.data["user_id"].as_u64().unwrap()).or_default() += 1;
    }
    users
}

impl Shop {
    /// Until the catalogue's or the stock keeper's word is heard.
    async fn shows(&self, user: u64, product: &str, member: &str, value: u64) {
        eventually("the news is heard", || async {
            let page = self.get(user, "/api/favourites?limit=100").await;
            let items = page["items"].as_array().unwrap();
            let item = items.iter().find(|item| item["product_id"] == product).ok_or("no wish")?;
            if item[member] == value { Ok(()) } else { Err(item.to_string()) }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_wishers_are_told_once_by_two_instances_of_a_message_that_comes_three_times() {
    let shop = Arc::new(Shop::open().await);
    let second = shop.env.start::<Favourites>().await;
    let heard = shop.kafka.listen("favourite-events").await;
    let (product, mark) = (product(), product());
    shop.wish(999_999, &mark).await;
    let mut tasks = JoinSet::new();
    // More than one transaction takes.
    for user in 1..=230u64 {
        let (shop, product) = (shop.clone(), product.clone());
        tasks.spawn(async move { shop.wish(user, &product).await.status().as_u16() });
    }
    assert!(tasks.join_all().await.iter().all(|status| *status == 201));

    for event in [priced(&product, 80, 2), stocked(&product, 0, 3), stocked(&product, 7, 4)] {
        for _ in 0..3 {
            shop.kafka.send(&event).await;
        }
        // Each level is heard before the next is said.
        match event.data["price"].as_u64() {
            Some(price) => shop.shows(1, &product, "price", price).await,
            None => shop.shows(1, &product, "stock", event.data["available"].as_u64().unwrap()).await,
        }
    }
    let events = told(&shop, &heard, &product, &mark, 2).await;
    let (drops, returns): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|event| event.kind == "wish_price_dropped");
    let once: BTreeMap<u64, usize> = (1..=230).map(|user| (user, 1)).collect();
    assert_eq!(by_user(&drops), once);
    assert_eq!(by_user(&returns), once);
    let first = &drops[0].data;
    assert_eq!(
        (&first["old_price"], &first["new_price"], &first["currency"]),
        (&json!(100), &json!(80), &json!("USD"))
    );
    assert!(returns.iter().all(|event| event.kind == "wish_back_in_stock" && event.data["available"] == 7));
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_price_below_all_that_one_knows_is_news_and_each_such_price_is() {
    let shop = Shop::open().await;
    let heard = shop.kafka.listen("favourite-events").await;
    let (product, mark) = (product(), product());
    shop.wish(999_999, &mark).await;
    shop.wish(7, &product).await;
    let mut news = Vec::new();
    for (version, price) in (2..).zip([90, 120, 95, 90, 89, 200, 60]) {
        shop.kafka.send(&priced(&product, price, version)).await;
        // An old message never comes through.
        shop.kafka.send(&priced(&product, 1, version - 1)).await;
        shop.shows(7, &product, "price", price).await;
        if version == 4 {
            // Wished while it cost 95: what is news to one isn't to the other.
            shop.wish(8, &product).await;
        }
        let events = told(&shop, &heard, &product, &mark, version).await;
        news.extend(events.iter().map(|event| {
            let price = |member: &str| event.data[member].as_u64().unwrap();
            (price("user_id"), price("old_price"), price("new_price"))
        }));
    }
    news.sort_unstable();
    assert_eq!(news, [(7, 89, 60), (7, 90, 89), (7, 100, 90), (8, 89, 60), (8, 90, 89), (8, 95, 90)]);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_return_is_told_once_and_more_stock_is_no_return() {
    let shop = Shop::open().await;
    let heard = shop.kafka.listen("favourite-events").await;
    let (product, mark) = (product(), product());
    shop.wish(999_999, &mark).await;
    shop.wish(7, &product).await;
    let mut news = Vec::new();
    for (version, available) in (2..).zip([3, 0, 4, 9, 0, 2]) {
        shop.kafka.send(&stocked(&product, available, version)).await;
        shop.kafka.send(&stocked(&product, 0, version - 1)).await;
        shop.shows(7, &product, "stock", available).await;
        let events = told(&shop, &heard, &product, &mark, version).await;
        news.extend(events.iter().map(|event| event.data["available"].as_u64().unwrap()));
    }
    assert_eq!(news, [4, 2]);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_reserved_and_did_not_pay_is_no_return() {
    let shop = Shop::open().await;
    let heard = shop.kafka.listen("favourite-events").await;
    let (product, mark) = (product(), product());
    shop.wish(999_999, &mark).await;
    shop.wish(7, &product).await;
    let mut news = Vec::new();
    // Available and reserved: the last one is reserved and let go, then bought; four come.
    for (version, (available, taken)) in (2..).zip([(1, 0), (0, 1), (1, 0), (0, 1), (0, 0), (4, 0)]) {
        shop.kafka.send(&reserved(&product, available, taken, version)).await;
        shop.shows(7, &product, "stock", available).await;
        let events = told(&shop, &heard, &product, &mark, version).await;
        news.extend(events.iter().map(|event| event.data["available"].as_u64().unwrap()));
    }
    assert_eq!(news, [4]);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_is_cut_off_by_a_crash_is_ended_after_it_and_tells_nobody_twice() {
    let shop = Shop::open().await;
    let heard = shop.kafka.listen("favourite-events").await;
    let (product, mark) = (product(), product());
    shop.wish(999_999, &mark).await;
    for user in 1..=30 {
        shop.wish(user, &product).await;
    }
    shop.kafka.send(&priced(&product, 50, 2)).await;
    shop.shows(1, &product, "price", 50).await;
    // How far the round is by now is up to chance.
    let Shop { env, app, kafka, catalogue, orders } = shop;
    app.kill().await;
    let app = env.start::<Favourites>().await;
    let shop = Shop { env, app, kafka, catalogue, orders };
    let events = told(&shop, &heard, &product, &mark, 2).await;
    // What was sent before the crash may be sent again by the relay, with the same id.
    let ids: BTreeMap<_, _> = events.iter().map(|event| (event.id, event.clone())).collect();
    let events: Vec<_> = ids.into_values().collect();
    assert_eq!(by_user(&events), (1..=30).map(|user| (user, 1)).collect());
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisonous_message_goes_to_the_dead_letters_and_blocks_nobody() {
    let shop = Shop::open().await;
    let product = product();
    shop.wish(7, &product).await;
    let mut poison = priced(&product, 90, 2);
    poison.data["price"] = json!(1.005);
    shop.kafka.send(&poison).await;
    shop.kafka.send(&priced(&product, 80, 3)).await;
    shop.shows(7, &product, "price", 80).await;
    shop.kafka.dead_letter("product-events", poison.id).await;
    shop.app.stop().await;
}
