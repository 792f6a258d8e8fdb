//! Addresses are in the registry and nowhere else; instances come and go without anybody noticing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::Value;
use system_tests::{Alone, Shop, Shopper, eventually, json_of};
use tokio::task::JoinSet;

/// Reads, and orders when asked to, without a pause; collects what a client should never see.
struct Traffic {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<(usize, Vec<String>)>,
}

impl Traffic {
    fn start(shopper: &Shopper, product: &str, with_orders: bool) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        // Connections are kept and used again at once: whatever is done to the gateway happens under them.
        let shopper = Shopper { http: reqwest::Client::new(), ..shopper.clone() };
        for worker in 0..6 {
            let (shopper, product, stop) = (shopper.clone(), product.to_owned(), stop.clone());
            tasks.spawn(async move {
                let (mut sent, mut failures) = (0, Vec::new());
                while !stop.load(Ordering::Relaxed) {
                    let orders = with_orders && worker % 3 == 0;
                    let request = match orders {
                        true => shopper.order(&[(&product, 1)]),
                        false => shopper.request(Method::GET, "/api/orders/?limit=5"),
                    };
                    sent += 1;
                    match request.send().await {
                        Ok(answer) if answer.status().is_success() => {}
                        Ok(answer) => failures.push(format!(
                            "{}: {}",
                            answer.status(),
                            answer.text().await.unwrap_or_default()
                        )),
                        Err(error) => failures.push(error.to_string()),
                    }
                }
                (sent, failures)
            });
        }
        Self { stop, tasks }
    }

    /// Nothing failed.
    async fn must_have_gone_well(self) {
        self.stop.store(true, Ordering::Relaxed);
        let outcomes = self.tasks.join_all().await;
        let sent: usize = outcomes.iter().map(|(sent, _)| sent).sum();
        let failures: Vec<_> = outcomes.into_iter().flat_map(|(_, failures)| failures).collect();
        assert!(sent > 100, "there was traffic: {sent}");
        assert!(failures.is_empty(), "{} of {sent} failed, such as {}", failures.len(), failures[0]);
    }
}

/// Requests that an instance has answered, by its own metrics.
async fn answered(shop: &Shop, name: &str) -> u64 {
    let url = format!("{}/metrics", shop.system.url(name).unwrap());
    let metrics = shop.http.get(url).send().await.unwrap().text().await.unwrap();
    let counts =
        metrics.lines().filter(|line| line.starts_with("http_server_request_duration_seconds_count"));
    let orders = counts.filter(|line| line.contains("/api/orders"));
    orders.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

async fn two_order_services(shop: &Alone) {
    shop.system.scale("order-service", 2).unwrap();
    registered(shop, 2).await;
}

/// Waits until this many instances are listed as up.
async fn registered(shop: &Shop, wanted: usize) {
    eventually(&format!("{wanted} instances are registered"), || async {
        let list = json_of(shop.admin(Method::GET, "/api/discovery/services/order-service?status=up")).await;
        let instances = list["instances"].as_array().or(list["items"].as_array()).map_or(0, Vec::len);
        if instances == wanted { Ok(()) } else { Err(list.to_string()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_instance_gets_traffic_within_two_seconds_and_leaves_unnoticed() {
    let shop = Shop::alone().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 1_000_000).await);
    shopper.ordered(&[(&product, 1)]).await;
    let traffic = Traffic::start(&shopper, &product, true);
    two_order_services(&shop).await;
    let seen = Instant::now();
    eventually("the second instance answers", || async {
        match answered(&shop, "order-service-2").await {
            0 => Err("nothing".to_owned()),
            _ => Ok(()),
        }
    })
    .await;
    assert!(
        seen.elapsed() < Duration::from_secs(3),
        "2 s, and one for the measurement: {:?}",
        seen.elapsed()
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    shop.system.scale("order-service", 1).unwrap();
    registered(&shop, 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    traffic.must_have_gone_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_killed_fails_no_idempotent_request_and_is_forgotten() {
    let shop = Shop::alone().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 1000).await);
    shopper.ordered(&[(&product, 1)]).await;
    two_order_services(&shop).await;
    let traffic = Traffic::start(&shopper, &product, false);
    tokio::time::sleep(Duration::from_secs(2)).await;
    shop.system.kill("order-service-2").unwrap();
    let killed = Instant::now();
    registered(&shop, 1).await;
    assert!(killed.elapsed() < Duration::from_secs(18), "a lease is 15 s: {:?}", killed.elapsed());
    traffic.must_have_gone_well().await;
    shop.system.scale("order-service", 1).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_goes_on_a_minute_without_discovery_and_without_its_redis() {
    let shop = Shop::alone().await;
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 100_000).await);
    for server in ["discovery-service", "redis"] {
        shop.system.stop(server).unwrap();
        let traffic = Traffic::start(&shopper, &product, true);
        tokio::time::sleep(Duration::from_secs(60)).await;
        traffic.must_have_gone_well().await;
        shop.system.start(server).unwrap();
        let traffic = Traffic::start(&shopper, &product, true);
        shop.healthy();
        tokio::time::sleep(Duration::from_secs(6)).await;
        traffic.must_have_gone_well().await;
    }
}

#[tokio::test]
async fn operators_see_the_instances_in_redis() {
    let shop = Shop::shared().await;
    let url = shop.system.env_of("discovery-service").unwrap()["REDIS_URL"].clone();
    let redis = |arguments: &[&str]| {
        let output =
            std::process::Command::new("redis-cli").args(["-u", &url]).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let instances: Value = serde_json::from_str(&redis(&["GET", "service:registry:user-service"])).unwrap();
    assert_eq!(instances.as_array().map(Vec::len), Some(1), "{instances}");
    let names: BTreeSet<String> = redis(&["KEYS", "service:registry:*"]).lines().map(str::to_owned).collect();
    assert!(names.contains("service:registry:order-service"), "{names:?}");
}

#[tokio::test]
async fn the_registry_is_written_by_services_only() {
    let shop = Shop::shared().await;
    let discovery = shop.system.url("discovery-service").unwrap();
    let body = serde_json::json!({ "name": "order-service", "host": "127.0.0.1", "port": 9, "version": "1" });
    let direct = shop.http.post(format!("{discovery}/services/register")).json(&body).send().await.unwrap();
    assert_eq!(direct.status(), StatusCode::UNAUTHORIZED);
    let through = shop.post("/api/discovery/services/register", &body).send().await.unwrap();
    assert!([404, 405].contains(&through.status().as_u16()), "{}", through.status());
}
