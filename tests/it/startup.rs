//! Services start patiently, refuse bad settings plainly, and leave in good order.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use reqwest::Url;
use system_tests::{Shop, built, eventually};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::process::Child;

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
        refuses(service, &["PORT", "DISCOVERY_URL", "INTERNAL_TOKEN", "REDIS_URL", "KAFKA_BROKERS"]);
    }
    refuses("discovery-service", &["PORT", "DISCOVERY_URL", "INTERNAL_TOKEN", "REDIS_URL"]);
    refuses("gateway-agent", &["GATEWAY_PORT", "DISCOVERY_URL", "INTERNAL_TOKEN", "GATEWAY_DIR"]);
}

/// Without any setting but wrong ports, it names these.
fn refuses(program: &str, settings: &[&str]) {
    let ports = [("PORT", "eighty"), ("GATEWAY_PORT", "eighty")];
    let output = Command::new(built(program)).env_clear().envs(ports).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{program}: {said}");
    for name in settings {
        let line = format!("  {name} ");
        assert_eq!(said.matches(&line).count(), 1, "{program} names {name} once: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_waits_for_its_servers_and_says_for_which() {
    let shop = Shop::shared().await;
    // Nobody listens on the discard port.
    let kafka = ("KAFKA_BROKERS", "127.0.0.1:9");
    let mysql = ("DATABASE_URL", "mysql://x:y@127.0.0.1:9/x");
    let mongodb = ("MONGODB_URL", "mongodb://127.0.0.1:9/?directConnection=true");
    // A few at a time, beside the other tests.
    stream::iter(SERVICES)
        .for_each_concurrent(4, async |service| {
            Waiting::start(&shop, service, "Kafka", kafka).await.end().await;
            match service {
                // It keeps everything in memory.
                "search-service" => {}
                "product-service" => Waiting::start(&shop, service, "MongoDB", mongodb).await.end().await,
                _ => Waiting::start(&shop, service, "MySQL", mysql).await.end().await,
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_waited_starts_when_its_server_is_there() {
    // A second instance: it would be seen by tests that count them.
    let shop = Shop::alone().await;
    for (service, server, setting) in [
        ("tax-service", "MySQL", "DATABASE_URL"),
        ("product-service", "MongoDB", "MONGODB_URL"),
        ("search-service", "Kafka", "KAFKA_BROKERS"),
    ] {
        let address = Url::parse(&shop.system.url(&server.to_lowercase()).unwrap()).unwrap();
        let address = format!("127.0.0.1:{}", address.port().expect("a port of its own"));
        let door = TcpSocket::new_v4().unwrap();
        door.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let to_the_door = shop.system.env_of(service).unwrap()[setting]
            .replace(&address, &door.local_addr().unwrap().to_string());
        let waiting = Waiting::start(&shop, service, server, (setting, &to_the_door)).await;
        let open = tokio::spawn(pass_on(door.listen(64).unwrap(), address));
        eventually(&format!("{service} starts"), || async {
            let said = waiting.said();
            if said.contains(&format!("{service} is ready")) { Ok(()) } else { Err(said) }
        })
        .await;
        waiting.end().await;
        open.abort();
    }
}

/// Whoever connects is connected with this address.
async fn pass_on(door: TcpListener, address: String) {
    loop {
        let (mut client, _) = door.accept().await.unwrap();
        let address = address.clone();
        tokio::spawn(async move {
            let mut server = TcpStream::connect(address).await.unwrap();
            // Either of them may go.
            let _ = copy_bidirectional(&mut client, &mut server).await;
        });
    }
}

/// An instance of a service, of our own, that can't reach a server.
struct Waiting {
    service: String,
    process: Child,
    log: PathBuf,
}

impl Waiting {
    /// With a setting that leads nowhere, until it says so.
    async fn start(shop: &Shop, service: &str, server: &str, (setting, value): (&str, &str)) -> Self {
        let mut env = shop.system.env_of(service).unwrap();
        env.insert("PORT".to_owned(), "0".to_owned());
        env.insert(setting.to_owned(), value.to_owned());
        let log = shop.system.folder().join(format!("waiting-{service}.log"));
        let file = File::create(&log).unwrap();
        let mut process = tokio::process::Command::new(built(service));
        process.env_clear().envs(env).stdout(file.try_clone().unwrap()).stderr(file).kill_on_drop(true);
        let mut this = Self { service: service.to_owned(), process: process.spawn().unwrap(), log };
        eventually(&format!("{service} says that it waits for {server}"), || async {
            let said = this.said();
            if said.contains(&format!("waiting for {server} at")) { Ok(()) } else { Err(said) }
        })
        .await;
        assert!(this.process.try_wait().unwrap().is_none(), "{service} is still waiting");
        this
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Asks it to, and it does.
    async fn end(mut self) {
        let Self { service, process, .. } = &mut self;
        let id = process.id().expect("it runs").to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        let ended = tokio::time::timeout(Duration::from_secs(10), process.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("{service} doesn't end")).unwrap();
        assert!(status.success(), "{service}: {status}");
    }
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
