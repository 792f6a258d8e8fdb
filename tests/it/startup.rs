//! Services start patiently, refuse bad settings plainly, and leave in good order.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use system_tests::{Shop, built, eventually};

const SERVICES: [&str; 7] = [
    "user-service",
    "product-service",
    "order-service",
    "payment-service",
    "inventory-service",
    "shipping-service",
    "notification-service",
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
    for service in SERVICES {
        let mut env = shop.system.env_of(service).unwrap();
        env.insert("PORT".to_owned(), "0".to_owned());
        // Nobody listens on the discard port.
        env.insert("DATABASE_URL".to_owned(), "mysql://x:y@127.0.0.1:9/x".to_owned());
        env.insert("MONGODB_URL".to_owned(), "mongodb://127.0.0.1:9/?directConnection=true".to_owned());
        env.insert("KAFKA_BROKERS".to_owned(), "127.0.0.1:9".to_owned());
        let log = shop.system.folder().join(format!("waiting-{service}.log"));
        let file = std::fs::File::create(&log).unwrap();
        let mut child = Command::new(built(service))
            .env_clear()
            .envs(env)
            .stdout(Stdio::from(file.try_clone().unwrap()))
            .stderr(Stdio::from(file))
            .spawn()
            .unwrap();
        let server = if service == "product-service" { "MongoDB" } else { "MySQL" };
        for server in [server, "Kafka"] {
            eventually(&format!("{service} says that it waits for {server}"), || async {
                let said = std::fs::read_to_string(&log).unwrap();
                if said.contains(&format!("waiting for {server} at")) { Ok(()) } else { Err(said) }
            })
            .await;
        }
        assert!(child.try_wait().unwrap().is_none(), "{service} is still waiting");
        let asked = Instant::now();
        Command::new("kill").arg(child.id().to_string()).status().unwrap();
        let status = child.wait().unwrap();
        assert!(status.success() && asked.elapsed() < Duration::from_secs(10), "{service}: {status}");
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
