//! Services start patiently, refuse bad settings plainly, and leave in good order.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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
    let database = [
        ("DATABASE_URL", "mysql://x:y@127.0.0.1:9/x"),
        ("MONGODB_URL", "mongodb://127.0.0.1:9/?directConnection=true"),
    ];
    for service in SERVICES {
        let store = if service == "product-service" { "MongoDB" } else { "MySQL" };
        let servers = [("Kafka", &[("KAFKA_BROKERS", "127.0.0.1:9")][..]), (store, &database)];
        // The search keeps everything in memory.
        let needed = if service == "search-service" { 1 } else { 2 };
        for (server, away) in &servers[..needed] {
            let mut env = shop.system.env_of(service).unwrap();
            env.insert("PORT".to_owned(), "0".to_owned());
            env.extend(away.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            let log = shop.system.folder().join(format!("waiting-{service}.log"));
            let file = std::fs::File::create(&log).unwrap();
            let mut child = Command::new(built(service))
                .env_clear()
                .envs(env)
                .stdout(Stdio::from(file.try_clone().unwrap()))
                .stderr(Stdio::from(file))
                .spawn()
                .unwrap();
            eventually(&format!("{service} says that it waits for {server}"), || async {
                let said = std::fs::read_to_string(&log).unwrap();
                if said.contains(&format!("waiting for {server} at")) { Ok(()) } else { Err(said) }
            })
            .await;
            assert!(child.try_wait().unwrap().is_none(), "{service} is still waiting");
            let asked = Instant::now();
            Command::new("kill").arg(child.id().to_string()).status().unwrap();
            let status = child.wait().unwrap();
            assert!(status.success() && asked.elapsed() < Duration::from_secs(10), "{service}: {status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_a_service_within_ten_seconds() {
    let shop = Shop::alone().await;
    for service in SERVICES {
        let asked = Instant::now();
        shop.system.stop(service).unwrap();
        assert!(asked.elapsed() < Duration::from_secs(10), "{service} took {:?}", asked.elapsed());
        shop.system.start(service).unwrap();
    }
    shop.healthy();
}
