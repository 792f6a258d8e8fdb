use std::time::{Duration, Instant};

use config::registry::{Registration, Registry, Snapshot};
use reqwest::Method;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::harness::{Discovery, Redis, TOKEN, ports};

fn tax_on(port: u16) -> Registration {
    Registration {
        name: "tax-service".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        version: "1.0.0".to_owned(),
        metadata: Default::default(),
    }
}

fn watch(discovery: &Discovery) -> Registry {
    let registry = Registry::new(discovery.url(), SecretString::from(TOKEN));
    let watching = registry.clone();
    tokio::spawn(async move { watching.watch(CancellationToken::new()).await });
    registry
}

/// Looks all the time, and fails when nobody is known for a moment.
async fn never_without(registry: &Registry, service: &str, time: Duration) {
    let started = Instant::now();
    while started.elapsed() < time {
        assert!(!registry.instances(service).is_empty(), "forgotten after {:?}", started.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn an_outage_of_redis_costs_nobody_the_lease() {
    let mut redis = Redis::start();
    let discovery = Discovery::start(&redis).await;
    discovery.register("tax-service", 9001).await;
    let registry = watch(&discovery);
    registry.changed(None).await;

    redis.kill();
    let refused = discovery.request(Method::GET, "/services").send().await.expect("an answer");
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    // Longer than the lease, and than the longest pause that discovery takes for none.
    never_without(&registry, "tax-service", Duration::from_secs(7)).await;

    redis.restart();
    let back = discovery.until("Redis is back", |list| list["index"].is_u64()).await;
    assert_eq!(ports(&back, "tax-service"), [9001], "still there, though its lease ended long ago");
    assert_eq!(back["recovering"], true);
    let gone = discovery.until("silent since", |list| ports(list, "tax-service").is_empty()).await;
    assert!(gone["index"].as_u64() > back["index"].as_u64());
}

#[tokio::test]
async fn an_outage_of_discovery_costs_nobody_the_lease() {
    let redis = Redis::start();
    let mut first = Discovery::start(&redis).await;
    first.register("tax-service", 9001).await;
    first.process.kill();
    tokio::time::sleep(Duration::from_secs(7)).await;
    let second = Discovery::start(&redis).await;
    let (_, list) = second.get("/services").await;
    assert_eq!((ports(&list, "tax-service"), &list["recovering"]), (vec![9001], &true.into()));
}

#[tokio::test]
async fn a_redis_that_lost_everything_is_filled_again_before_anybody_is_missed() {
    let redis = Redis::start();
    let discovery = Discovery::start(&redis).await;
    let registry = watch(&discovery);
    let member = registry.register(tax_on(9001));
    discovery.until("registered", |list| ports(list, "tax-service").len() == 1).await;
    let mut list = registry.changed(None).await;
    while list.up("tax-service").count() == 0 {
        list = registry.changed(Some(&list)).await;
    }

    redis.query::<()>(&["FLUSHALL"]);
    let (_, empty) = discovery.get("/services").await;
    assert_eq!(empty["recovering"], true);
    let refilled = async {
        let list = discovery.until("registered again", |list| ports(list, "tax-service").len() == 1).await;
        assert_eq!(list["recovering"], true);
    };
    tokio::join!(refilled, never_without(&registry, "tax-service", Duration::from_secs(8)));

    // When recovery is over, what is missing is gone: here an instance that never came back.
    let stale = Snapshot { items: [list.items.clone(), vec![other_tax(&list)]].concat(), ..(*list).clone() };
    registry.restore(stale);
    let settled = discovery.until("settled", |list| list["recovering"] == false).await;
    assert!(settled["index"].as_u64() > empty["index"].as_u64());
    let started = Instant::now();
    while registry.instances("tax-service").len() != 1 {
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", registry.instances("tax-service"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    member.drain().await;
    discovery.until("draining", |list| list["items"][1]["status"] == "draining").await;
    member.leave().await;
    assert!(discovery.ports("tax-service").await.is_empty());
}

fn other_tax(list: &Snapshot) -> config::registry::Instance {
    let mut other = list.up("tax-service").next().expect("one is up").clone();
    other.port = 9999;
    other
}
