use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use config::testing::free_port;
use reqwest::Method;
use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Discovery, Gateway, folder};
use crate::upstream::Upstream;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_instance_gets_traffic_soon_and_no_change_costs_a_request() {
    let (folder, discovery) = (folder(), Discovery::start());
    let first = Upstream::start("order-service").await;
    let second = Upstream::start("order-service").await;
    discovery.announce(&[("order-service", first.port)]);
    let gateway = Arc::new(Gateway::start(&discovery, folder.path()).await);
    gateway.until("/api/orders", 200).await;

    let (stop, sent, failed) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..8)
        .map(|_| {
            let (gateway, stop) = (Arc::clone(&gateway), Arc::clone(&stop));
            let (sent, failed) = (Arc::clone(&sent), Arc::clone(&failed));
            tokio::spawn(async move {
                while !stop.load(SeqCst) {
                    sent.fetch_add(1, SeqCst);
                    let answer = gateway.request(Method::GET, "/api/orders").send().await;
                    if !answer.as_ref().is_ok_and(|it| it.status() == 200) {
                        failed.fetch_add(1, SeqCst);
                        println!("failed: {answer:?}");
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    discovery.announce(&[("order-service", first.port), ("order-service", second.port)]);
    let announced = Instant::now();
    while second.requests() == 0 {
        assert!(announced.elapsed() < Duration::from_secs(2), "no traffic for the new instance");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for _ in 0..4 {
        discovery.announce(&[("order-service", second.port)]);
        tokio::time::sleep(Duration::from_millis(400)).await;
        discovery.announce(&[("order-service", first.port), ("order-service", second.port)]);
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    stop.store(true, SeqCst);
    futures_util::future::join_all(load).await;
    assert_eq!(failed.load(SeqCst), 0, "of {}", sent.load(SeqCst));
}

#[tokio::test]
async fn a_dead_instance_fails_no_idempotent_request_and_a_busy_one_no_post_twice() {
    let (folder, discovery) = (folder(), Discovery::start());
    let orders = Upstream::start("order-service").await;
    // Where nobody listens is what kill -9 leaves.
    discovery.announce(&[("order-service", orders.port), ("order-service", free_port())]);
    let gateway = Gateway::start(&discovery, folder.path()).await;
    gateway.until("/api/orders", 200).await;
    for _ in 0..50 {
        assert_eq!(gateway.status("/api/orders").await, 200);
        let post = gateway.request(Method::POST, "/api/orders").send().await.expect("an answer");
        assert_eq!(post.status(), 200, "it was not sent to the dead one, so it goes on to the living");
    }

    // A 503 is an answer like any other: given once, and nobody is taken for dead because of it.
    let busy = Upstream::start("order-service").await;
    discovery.announce(&[("order-service", orders.port), ("order-service", busy.port)]);
    tokio::time::sleep(Duration::from_millis(800)).await;
    let before = orders.requests() + busy.requests();
    let post = gateway.request(Method::POST, "/api/orders/busy").send().await.expect("an answer");
    assert_eq!((post.status().as_u16(), orders.requests() + busy.requests() - before), (503, 1));
    assert_eq!(post.headers()["retry-after"], "2");
    for _ in 0..10 {
        assert_eq!(gateway.status("/api/orders/busy").await, 503);
        assert_eq!(gateway.status("/api/orders").await, 200);
    }
}

#[tokio::test]
async fn who_is_called_healthy_gets_requests() {
    let (folder, discovery) = (folder(), Discovery::start());
    let orders = Upstream::start("order-service").await;
    discovery.announce(&[("order-service", orders.port)]);
    let gateway = Gateway::start(&discovery, folder.path()).await;
    for _ in 0..3 {
        gateway.until_health("healthy").await;
        assert_eq!(gateway.status("/api/orders").await, 200);
        discovery.announce(&[]);
        gateway.until_health("degraded").await;
        discovery.announce(&[("order-service", orders.port)]);
    }
}

#[tokio::test]
async fn the_last_good_list_outlives_discovery_and_the_agent() {
    let (folder, mut discovery) = (folder(), Discovery::start());
    let orders = Upstream::start("order-service").await;
    discovery.announce(&[("order-service", orders.port)]);
    let mut gateway = Gateway::start(&discovery, folder.path()).await;
    gateway.until("/api/orders", 200).await;

    discovery.pause();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(gateway.status("/api/orders").await, 200);
    assert_eq!(gateway.status("/health").await, 200, "it needs discovery no more to be ready");

    // Killed, the agent leaves its nginx behind, which goes on; the next agent takes its place.
    gateway.signal(Signal::KILL);
    gateway.agent.wait().expect("killed");
    assert_eq!(gateway.status("/api/orders").await, 200);
    let mut again = Gateway::with(&discovery, folder.path(), gateway.port, &[]).await;
    assert_eq!(again.status("/api/orders").await, 200);
    again.until_health("healthy").await;

    discovery.resume();
    discovery.announce(&[]);
    again.until("/api/orders", 503).await;
    let health = again.until_health("degraded").await;
    assert_eq!(health["services"]["order-service"]["instances"], 0);

    again.signal(Signal::TERM);
    assert!(again.agent.wait().expect("ended").success());
}

#[tokio::test]
async fn before_its_first_list_it_lives_but_is_not_ready() {
    let (folder, mut discovery) = (folder(), Discovery::start());
    discovery.pause();
    let orders = Upstream::start("order-service").await;
    let agent = free_port().to_string();
    let gateway = Gateway::launch(&discovery, folder.path(), free_port(), &[("AGENT_PORT", &agent)]);
    gateway.until("/health", 503).await;
    let answer = gateway.get("/health").send().await.expect("an answer");
    assert_eq!(answer.headers()["retry-after"], "2");
    let health: Value = answer.json().await.expect("JSON");
    assert_eq!(health["status"], "starting");
    let alive = gateway.http.get(format!("http://127.0.0.1:{agent}/livez")).send().await.expect("an answer");
    assert_eq!(alive.status(), 200);

    discovery.announce(&[("order-service", orders.port)]);
    discovery.resume();
    gateway.until("/health", 200).await;
    assert_eq!(gateway.status("/api/orders").await, 200);
}

#[tokio::test]
async fn a_host_that_can_not_be_resolved_holds_up_nobody_else() {
    let (folder, discovery) = (folder(), Discovery::start());
    let orders = Upstream::start("order-service").await;
    let gateway = Gateway::start(&discovery, folder.path()).await;
    discovery.announce_host("tax-service", "nowhere.invalid", &[("order-service", orders.port)]);
    gateway.until("/api/orders", 200).await;
    assert_eq!(gateway.status("/api/tax").await, 503);
}

#[tokio::test]
async fn a_change_that_could_not_be_told_to_nginx_is_told_again() {
    let (folder, temporary, discovery) = (folder(), folder(), Discovery::start());
    let orders = Upstream::start("order-service").await;
    let settings = [("TMPDIR", temporary.path().to_str().expect("text"))];
    let gateway = Gateway::with(&discovery, folder.path(), free_port(), &settings).await;
    // Where the folder for signs to the workers was, nothing can be written for a while.
    let mut made = std::fs::read_dir(temporary.path()).expect("a folder");
    let signals = made.next().expect("one that the agent made").expect("readable").path();
    std::fs::remove_dir(&signals).expect("it is empty");
    std::fs::write(&signals, "").expect("written");
    discovery.announce(&[("order-service", orders.port)]);
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(gateway.status("/api/orders").await, 503);
    std::fs::remove_file(&signals).expect("removed");
    gateway.until("/api/orders", 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_comes_while_nginx_waits_for_its_port_waits_too() {
    let (folder, discovery) = (folder(), Discovery::start());
    let orders = Upstream::start("order-service").await;
    discovery.announce(&[("order-service", orders.port)]);
    let port = free_port();
    let taken = std::net::TcpListener::bind(("127.0.0.1", port)).expect("it was free");
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(taken);
    });
    let mut gateway = Gateway::with(&discovery, folder.path(), port, &[]).await;
    gateway.until("/api/orders", 200).await;
    gateway.signal(Signal::TERM);
    assert!(gateway.agent.wait().expect("ended").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_request_is_finished_before_the_end() {
    let (folder, discovery) = (folder(), Discovery::start());
    let orders = Upstream::start("order-service").await;
    discovery.announce(&[("order-service", orders.port)]);
    let mut gateway = Gateway::start(&discovery, folder.path()).await;
    gateway.until("/api/orders", 200).await;
    let running = tokio::spawn(gateway.get("/api/orders/slow").send());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    gateway.signal(Signal::TERM);
    assert_eq!(running.await.expect("no panic").expect("an answer").status(), 200);
    assert!(gateway.agent.wait().expect("ended").success());
    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
}

#[tokio::test]
async fn without_nginx_there_is_no_agent() {
    let (folder, discovery) = (folder(), Discovery::start());
    let mut gateway = Gateway::start(&discovery, folder.path()).await;
    let pid = std::fs::read_to_string(folder.path().join("nginx.pid")).expect("a pid file");
    let pid = pid.trim().parse().ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
    rustix::process::kill_process(pid, Signal::TERM).expect("it runs");
    assert_eq!(gateway.agent.wait().expect("ended").code(), Some(1));
}
