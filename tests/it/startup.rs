//! Services start patiently, refuse bad settings plainly, and leave in good order.

use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use system_tests::{Shop, built, eventually};

const SERVICES: [&str; 12] = [
    "user-service",
    "product-service",
    "order-service",
    "payment-service",
    "inventory-service",
    "shipping-service",
    "promotion-service",
    "rating-service",
    "search-service",
    "favourite-service",
    "notification-service",
    "tax-service",
];

#[test]
fn bad_settings_are_all_named() {
    for service in SERVICES {
        let output = Command::new(built(service)).env_clear().env("PORT", "eighty").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{service}: {said}");
        for name in ["PORT", "DISCOVERY_URL", "INTERNAL_TOKEN", "REDIS_URL", "KAFKA_BROKERS"] {
            assert!(said.contains(name), "{service} doesn't name {name}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_waits_for_its_servers_and_says_for_which() {
    let shop = Shop::shared().await;
    // Nobody listens on the discard port.
    let kafka = [("KAFKA_BROKERS", "127.0.0.1:9")];
    let mysql = [("DATABASE_URL", "mysql://x:y@127.0.0.1:9/x")];
    let mongodb = [("MONGODB_URL", "mongodb://127.0.0.1:9/?directConnection=true")];
    // A few at a time, beside the other tests.
    stream::iter(SERVICES)
        .for_each_concurrent(4, async |service| {
            waits(&shop, service, "Kafka", &kafka).await;
            match service {
                // It keeps everything in memory.
                "search-service" => {}
                "product-service" => waits(&shop, service, "MongoDB", &mongodb).await,
                _ => waits(&shop, service, "MySQL", &mysql).await,
            }
        })
        .await;
}

/// With settings that lead nowhere, until it says so; then it is asked to end.
async fn waits(shop: &Shop, service: &str, server: &str, away: &[(&str, &str)]) {
    let mut env = shop.system.env_of(service).unwrap();
    env.insert("PORT".to_owned(), "0".to_owned());
    env.extend(away.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let log = shop.system.folder().join(format!("waiting-{service}.log"));
    let file = std::fs::File::create(&log).unwrap();
    let mut child = tokio::process::Command::new(built(service))
        .env_clear()
        .envs(env)
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    eventually(&format!("{service} says that it waits for {server}"), || async {
        let said = std::fs::read_to_string(&log).unwrap();
        if said.contains(&format!("waiting for {server} at")) { Ok(()) } else { Err(said) }
    })
    .await;
    assert!(child.try_wait().unwrap().is_none(), "{service} is still waiting");
    let id = child.id().expect("it runs").to_string();
    assert!(Command::new("kill").arg(id).status().unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(10), child.wait()).await;
    let status = ended.unwrap_or_else(|_| panic!("{service} doesn't end")).unwrap();
    assert!(status.success(), "{service}: {status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_a_service_within_ten_seconds() {
    let shop = Shop::alone().await;
    std::thread::scope(|scope| {
        for service in SERVICES {
            let shop = &shop;
            scope.spawn(move || {
                let asked = Instant::now();
                shop.system.stop(service).unwrap();
                assert!(asked.elapsed() < Duration::from_secs(10), "{service} took {:?}", asked.elapsed());
                shop.system.start(service).unwrap();
            });
        }
    });
    shop.healthy();
}
