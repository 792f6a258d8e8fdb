use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::harness::{Discovery, Redis, answer, ports};

#[tokio::test]
async fn registrations_that_race_all_count() {
    let redis = Redis::start();
    let replicas = [Discovery::start(&redis).await, Discovery::start(&redis).await];
    let (_, before) = replicas[0].get("/services").await;
    let racers = (0..200).map(|n| {
        let replica = &replicas[usize::from(n) % 2];
        // None of them may be missed for its lease alone.
        async move { replica.register_for("order-service", 10_000 + n, 60).await }
    });
    futures_util::future::join_all(racers).await;
    let (_, after) = replicas[0].get("/services").await;
    let mut listed = ports(&after, "order-service");
    listed.sort_unstable();
    assert_eq!(listed, (10_000..10_200).collect::<Vec<u64>>());
    let index = |list: &serde_json::Value| list["index"].as_u64().expect("an index");
    assert!(index(&after) - index(&before) >= 200);
}

#[tokio::test]
async fn a_lease_lasts_as_long_as_heartbeats_come() {
    let redis = Redis::start();
    let discovery = Discovery::start(&redis).await;
    let silent = discovery.register("tax-service", 9001).await;
    let alive = discovery.register("tax-service", 9002).await;
    let (_, before) = discovery.get("/services").await;
    let started = Instant::now();
    let mut index = before["index"].clone();
    while discovery.ports("tax-service").await.contains(&9001) {
        assert!(started.elapsed() < Duration::from_secs(10), "a lease of 5 s lasts {:?}", started.elapsed());
        // Renewing must not wake those who watch.
        let (_, list) = discovery.get("/services").await;
        if ports(&list, "tax-service").len() == 2 {
            assert_eq!(list["index"], index);
            index = list["index"].clone();
        }
        let beat = discovery.as_service(Method::PUT, &format!("{alive}/heartbeat"));
        assert_eq!(answer(beat).await.0, 200);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(started.elapsed() > Duration::from_secs(4), "gone after {:?}", started.elapsed());
    assert_eq!(discovery.ports("tax-service").await, [9002]);
    let late = discovery.as_service(Method::PUT, &format!("{silent}/heartbeat"));
    let (status, problem) = answer(late).await;
    assert_eq!((status, &problem["code"]), (404, &json!("instance-not-found")));
}

#[tokio::test]
async fn a_process_that_starts_again_on_its_port_replaces_itself() {
    let redis = Redis::start();
    let discovery = Discovery::start(&redis).await;
    let first = discovery.register("tax-service", 9001).await;
    let second = discovery.register("tax-service", 9001).await;
    assert_eq!(discovery.ports("tax-service").await, [9001]);
    assert_eq!(answer(discovery.as_service(Method::PUT, &format!("{first}/heartbeat"))).await.0, 404);
    assert_eq!(answer(discovery.as_service(Method::PUT, &format!("{second}/heartbeat"))).await.0, 200);
}
