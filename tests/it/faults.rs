//! Nothing that was accepted is lost: processes die, servers go away and come back, under load.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Alone, Load, Shop, eventually};

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

/// Kills and starts again, three times: some of them hit between a commit and its publish, or between an
/// effect and its offset.
async fn killed(name: &str) {
    let shop = Shop::alone().await;
    under_load(&shop, || async {
        for _ in 0..3 {
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

#[tokio::test(flavor = "multi_thread")]
async fn order_service_is_killed() {
    killed("order-service").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payment_service_is_killed() {
    killed("payment-service").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inventory_service_is_killed() {
    killed("inventory-service").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tax_service_is_killed() {
    killed("tax-service").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn promotion_service_is_killed() {
    killed("promotion-service").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn search_rating_and_favourite_are_killed() {
    let shop = Shop::alone().await;
    under_load(&shop, || async {
        for name in ["search-service", "rating-service", "favourite-service"] {
            shop.system.kill(name).unwrap();
            tokio::time::sleep(Duration::from_millis(700)).await;
            shop.system.start(name).unwrap();
        }
        shop.healthy();
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
    let sent = shop.xtask(&[
        "dlq",
        "send",
        "order-events",
        "--key",
        "poison",
        "--payload",
        "{\"not\": \"an event\"}",
    ]);
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    // It blocks nobody.
    shopper.paid(order, total).await;
    shopper.order_becomes(order, &["paid"]).await;
    shop.stock_becomes(&product, (4, 0, 4)).await;
    eventually("the message is in the dead letters, with the reason", || async {
        let list = dlq(&["list", "order-events"]);
        if list.contains("poison") && list.contains("can't be read") { Ok(()) } else { Err(list) }
    })
    .await;
    let resent = dlq(&["resend", "order-events"]);
    assert!(resent.contains("sent to order-events again"), "{resent}");
    let health: Value = system_tests::json_of(shop.request(Method::GET, "/health")).await;
    assert_eq!(health["status"], json!("healthy"));
}
