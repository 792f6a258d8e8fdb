//! What the door tells of requests: traces, metrics, logs that don't grow for ever.

use std::time::{Duration, Instant};

use config::testing::free_port;
use serde_json::Value;

use crate::harness::{Discovery, Gateway, folder};
use crate::upstream::Upstream;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

/// A gateway before one order-service.
async fn shop(settings: &[(&str, &str)], folder: &std::path::Path) -> (Gateway, Upstream, Discovery) {
    let discovery = Discovery::start();
    let upstream = Upstream::start("order-service").await;
    discovery.announce(&[("order-service", upstream.port)]);
    let gateway = Gateway::with(&discovery, folder, free_port(), settings).await;
    gateway.until("/api/orders/", 200).await;
    (gateway, upstream, discovery)
}

/// Trace, span and flags as the service got them.
async fn arrived(gateway: &Gateway, traceparent: Option<&str>) -> Vec<String> {
    let mut request = gateway.get("/api/orders/");
    if let Some(value) = traceparent {
        request = request.header("traceparent", value);
    }
    let told: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    let got = told["headers"]["traceparent"].as_str().unwrap_or_else(|| panic!("none arrived: {told}"));
    let parts: Vec<String> = got.split('-').map(str::to_owned).collect();
    assert_eq!((parts.len(), parts[0].as_str()), (4, "00"), "{got}");
    assert!(parts[1].len() == 32 && parts[2].len() == 16, "{got}");
    parts[1..].to_vec()
}

#[tokio::test]
async fn every_request_has_a_trace_and_the_clients_own_goes_on() {
    let folder = folder();
    let (gateway, _upstream, _discovery) = shop(&[], folder.path()).await;
    let (one, other) = (arrived(&gateway, None).await, arrived(&gateway, None).await);
    assert_ne!(one[0], other[0]);
    assert_eq!(one[2], "01");
    let given = arrived(&gateway, Some(&format!("00-{TRACE}-{SPAN}-01"))).await;
    assert_eq!(given[0], TRACE);
    assert_ne!(given[1], SPAN, "the gateway's own work is a span of its own");
    for bad in [
        format!("00-{}-{SPAN}-01", "0".repeat(32)),
        format!("00-{TRACE}-{}-01", "0".repeat(16)),
        format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
        "anything".to_owned(),
    ] {
        let begun = arrived(&gateway, Some(&bad)).await;
        assert!(begun[0] != TRACE && begun[0] != "0".repeat(32), "{bad}: {begun:?}");
    }
}

#[tokio::test]
async fn which_traces_are_kept_is_our_decision() {
    let folder = folder();
    let (gateway, _upstream, _discovery) = shop(&[("OTEL_TRACES_SAMPLER_ARG", "0")], folder.path()).await;
    assert_eq!(arrived(&gateway, Some(&format!("00-{TRACE}-{SPAN}-01"))).await[2], "00");
    drop(gateway);
    let folder = self::folder();
    let (gateway, _upstream, _discovery) = shop(&[("OTEL_TRACES_SAMPLER_ARG", "0.5")], folder.path()).await;
    let mut flags = std::collections::BTreeSet::new();
    for _ in 0..64 {
        flags.insert(arrived(&gateway, None).await.remove(2));
    }
    assert_eq!(flags.into_iter().collect::<Vec<_>>(), ["00", "01"]);
    let mut of_one_trace = std::collections::BTreeSet::new();
    for _ in 0..8 {
        of_one_trace.insert(arrived(&gateway, Some(&format!("00-{TRACE}-{SPAN}-00"))).await.remove(2));
    }
    assert_eq!(of_one_trace.len(), 1, "all of a trace or nothing");
}

#[tokio::test]
async fn requests_are_counted_by_whom_they_were_for() {
    let folder = folder();
    let agent = free_port();
    let (gateway, _upstream, _discovery) = shop(&[("AGENT_PORT", &agent.to_string())], folder.path()).await;
    assert_eq!(gateway.status("/api/nothing").await, 404);
    assert_eq!(gateway.status("/docs/made-up").await, 404);
    let started = Instant::now();
    loop {
        let metrics = reqwest::get(format!("http://127.0.0.1:{agent}/metrics")).await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let counted = |route: &str, status: &str| {
            metrics.lines().any(|line| {
                line.starts_with("http_server_request_duration_seconds_count")
                    && line.contains(&format!("http_route=\"{route}\""))
                    && line.contains(&format!("http_response_status_code=\"{status}\""))
            })
        };
        let upstreams = r#"gateway_upstream_instances{service="api-gateway",upstream="order-service"} 1"#;
        if counted("order-service", "200") && counted("none", "404") && metrics.contains(upstreams) {
            assert!(!metrics.contains("made-up"), "{metrics}");
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{metrics}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn links_that_let_anybody_in_are_not_logged() {
    let folder = folder();
    let (gateway, _upstream, _discovery) = shop(&[], folder.path()).await;
    let links = ["/api/favourites/shared/", "/api/favorites/shared/", "/api/payments/simulator/challenge/"];
    for link in links {
        gateway.status(&format!("{link}s3cret/")).await;
    }
    assert_eq!(gateway.status("/api/orders/the-last").await, 200);
    let started = Instant::now();
    let log = loop {
        let log = std::fs::read_to_string(folder.path().join("logs/access.log")).unwrap_or_default();
        if log.contains("/api/orders/the-last") {
            break log;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "it is never logged: {log}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(!log.contains("s3cret"), "{log}");
    assert!(links.iter().all(|link| log.contains(&format!(r#""path":"{link}*""#))), "{log}");
}

#[tokio::test]
async fn a_log_that_has_grown_is_put_aside_and_no_request_notices() {
    let folder = folder();
    let (gateway, _upstream, _discovery) =
        shop(&[("LOG_MAX_BYTES", "5000"), ("LOG_FILES", "2")], folder.path()).await;
    let log = folder.path().join("logs/access.log");
    let older = folder.path().join("logs/access.log.1");
    let started = Instant::now();
    // Lines arrive in the new file as well.
    while !older.exists() || std::fs::metadata(&log).map_or(0, |log| log.len()) == 0 {
        assert_eq!(gateway.status("/api/orders/").await, 200);
        assert!(started.elapsed() < Duration::from_secs(30), "it was never put aside");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!folder.path().join("logs/access.log.3").exists());
}
