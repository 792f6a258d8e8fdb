use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Discovery, Redis, answer, ports};

async fn poll(discovery: &Discovery, index: &Value, wait: &str) -> (u16, Value) {
    discovery.get(&format!("/services?index={index}&wait={wait}")).await
}

#[tokio::test]
async fn a_poll_wakes_at_once_wherever_the_change_was_made() {
    let redis = Redis::start();
    let (here, there) = (Discovery::start(&redis).await, Discovery::start(&redis).await);
    // The replicas' own registrations are changes too.
    here.until("both are listed", |list| ports(list, "discovery-service").len() == 2).await;
    let mut delays = Vec::new();
    for port in 9001..9010 {
        let (_, list) = here.get("/services").await;
        let change = async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            let made = Instant::now();
            there.register("tax-service", port).await;
            made
        };
        let news = async {
            let (_, news) = poll(&here, &list["index"], "10s").await;
            (news, Instant::now())
        };
        let ((news, heard), made) = tokio::join!(news, change);
        assert!(ports(&news, "tax-service").contains(&port.into()), "{news}");
        delays.push(heard.saturating_duration_since(made));
    }
    delays.sort_unstable();
    assert!(delays[delays.len() / 2] < Duration::from_millis(100), "{delays:?}");
}

#[tokio::test]
async fn a_poll_without_news_ends_in_time_and_an_unknown_index_is_answered_at_once() {
    let redis = Redis::start();
    let discovery = Discovery::start(&redis).await;
    discovery.until("it is listed", |list| ports(list, "discovery-service").len() == 1).await;
    let (_, list) = discovery.get("/services").await;
    let started = Instant::now();
    let (status, same) = poll(&discovery, &list["index"], "700ms").await;
    assert_eq!((status, &same["index"]), (200, &list["index"]));
    assert!(started.elapsed() >= Duration::from_millis(700));

    let started = Instant::now();
    let ahead = list["index"].as_u64().expect("an index") + 5;
    poll(&discovery, &ahead.into(), "10s").await;
    assert!(started.elapsed() < Duration::from_secs(2), "the index went back, which is news");
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_do_not_hold_up_the_shutdown_and_the_replica_leaves() {
    let redis = Redis::start();
    let mut leaving = Discovery::start(&redis).await;
    let staying = Discovery::start(&redis).await;
    let both = |list: &Value| ports(list, "discovery-service").len() == 2;
    let list = staying.until("both are listed", both).await;
    let request = leaving.request(Method::GET, &format!("/services?index={}&wait=30s", list["index"]));
    let polling = tokio::spawn(answer(request));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let took = tokio::task::block_in_place(|| leaving.process.terminate());
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(polling.await.expect("answered").0, 200);
    assert_eq!(staying.ports("discovery-service").await, [u64::from(staying.port)]);
}
