//! Nothing that was accepted is lost: processes die, servers go away and come back, under load.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Alone, Load, POISON, Shop, eventually};
use uuid::Uuid;

const SHOPPERS: usize = 6;

/// Disturbs the shop in the middle of a load, and checks the books afterwards.
async fn under_load<F: Future<Output = ()>>(shop: &Alone, disturb: impl FnOnce() -> F) {
    let load = Load::start(shop, SHOPPERS).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    disturb().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let ledger = load.finish().await;
    shop.healthy();
    assert!(ledger.len() > SHOPPERS, "the load did something: {}", ledger.len());
    ledger.must_balance(shop).await;
}

/// Kills one after another and starts it again.
async fn killed(names: &[&str]) {
    let shop = Shop::alone().await;
    under_load(&shop, || async {
        for name in names {
            shop.system.kill(name).unwrap();
            tokio::time::sleep(Duration::from_millis(700)).await;
            shop.system.start(name).unwrap();
            shop.healthy();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
}

/// Stops a server for 20 seconds.
async fn away(name: &str) {
    let shop = Shop::alone().await;
    under_load(&shop, || async {
        shop.system.stop(name).unwrap();
        tokio::time::sleep(Duration::from_secs(20)).await;
        shop.system.start(name).unwrap();
    })
    .await;
}

/// Three times: some of them hit between a commit and its publish, or between an effect and its offset.
#[tokio::test(flavor = "multi_thread")]
async fn order_service_is_killed() {
    killed(&["order-service"; 3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payment_service_is_killed() {
    killed(&["payment-service"; 3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inventory_service_is_killed() {
    killed(&["inventory-service"; 3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_service_is_killed() {
    killed(&[
        "tax-service",
        "promotion-service",
        "shipping-service",
        "product-service",
        "user-service",
        "notification-service",
        "search-service",
        "rating-service",
        "favourite-service",
    ])
    .await;
}

/// They finish what they have in hand, or leave it to be done again, and end well.
#[tokio::test(flavor = "multi_thread")]
async fn services_are_asked_to_end() {
    let names = ["order-service", "payment-service", "inventory-service", "notification-service"];
    let shop = Shop::alone().await;
    for name in names {
        // How a process ended is known to the one that started it.
        shop.system.restart(name).unwrap();
    }
    shop.healthy();
    under_load(&shop, || async {
        for name in names {
            let asked = Instant::now();
            shop.system.stop(name).unwrap();
            assert!(asked.elapsed() < Duration::from_secs(10), "{name} took {:?}", asked.elapsed());
            assert_eq!(shop.system.exit_status(name), "exit status: 0", "{name}");
            shop.system.start(name).unwrap();
            shop.healthy();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_is_away() {
    away("kafka").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_is_away() {
    away("mysql").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_away() {
    away("redis").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_is_away() {
    away("mongodb").await;
}

/// A dead letter, as `dlq list` shows it.
struct Letter {
    offset: i64,
    group: String,
    /// Its offset in its topic.
    was: i64,
}

impl Letter {
    /// Those with this key.
    fn all(list: &str, key: &str) -> Vec<Self> {
        let letter = |line: &str| {
            let words: Vec<_> = line.split_whitespace().collect();
            let ["offset", offset, "key", its_key, "group", group, "was", was] = words[..] else {
                return None;
            };
            let was = was.rsplit('/').next()?.parse().ok()?;
            let letter = Self { offset: offset.parse().ok()?, group: group.to_owned(), was };
            (its_key == key).then_some(letter)
        };
        list.lines().filter_map(letter).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisonous_message_is_put_aside_with_its_reason_and_can_be_sent_again() {
    let shop = Shop::alone().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 5).await);
    let (order, total) = shopper.ordered(&[(&product, 1)]).await;
    let dlq = |arguments: &[&str]| {
        let mut all = vec!["dlq"];
        all.extend_from_slice(arguments);
        let output = shop.xtask(&all);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let key = format!("{POISON}-{}", Uuid::new_v4().simple());
    dlq(&["send", "order-events", "--key", &key, "--payload", "{\"not\": \"an event\"}"]);
    // It blocks nobody.
    shopper.paid(order, total).await;
    shopper.order_becomes(order, &["paid"]).await;
    shop.stock_becomes(&product, (4, 0, 4)).await;
    let first = eventually("the message is in the dead letters, with the reason", || async {
        let list = dlq(&["list", "order-events"]);
        let letter = Letter::all(&list, &key).into_iter().next().filter(|_| list.contains("can't be read"));
        letter.ok_or(list)
    })
    .await;
    let resent = dlq(&["resend", "order-events", "--offset", &first.offset.to_string()]);
    assert!(resent.lines().any(|line| line == "1 sent to order-events again"), "{resent}");
    // Nothing has mended it.
    eventually("what was sent again is in the dead letters again", || async {
        let list = dlq(&["list", "order-events"]);
        let newer = |it: &Letter| it.group == first.group && it.offset > first.offset && it.was > first.was;
        if Letter::all(&list, &key).iter().any(newer) { Ok(()) } else { Err(list) }
    })
    .await;
    let health: Value = system_tests::json_of(shop.request(Method::GET, "/health")).await;
    assert_eq!(health["status"], json!("healthy"));
}
