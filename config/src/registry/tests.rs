use std::time::Duration;

use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;
use wiremock::matchers::{header, method, path, path_regex, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

const PEER: &str = "stock-service";

fn url(server: &MockServer) -> Url {
    server.uri().parse().expect("a URL")
}

/// An address where nobody listens.
async fn nobody() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    format!("http://{}", listener.local_addr().expect("bound")).parse().expect("a URL")
}

async fn answering(verb: &str, template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method(verb)).respond_with(template).mount(&server).await;
    server
}

async fn calls(server: &MockServer) -> usize {
    server.received_requests().await.map_or(0, |requests| requests.len())
}

#[tokio::test]
async fn a_call_carries_the_credential_and_reads_the_answer() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/inventory/7"))
        .and(query_param("quantity", "10"))
        .and(header("x-service-token", "test-token"))
        .and(header("authorization", "Bearer abc"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"available": 3})))
        .mount(&server)
        .await;
    let client = Registry::fixed([(PEER, url(&server))]).client(PEER);
    let call = client.get("/api/inventory/7").query(&[("quantity", 10)]).bearer("abc");
    assert_eq!(call.send::<Value>().await.expect("an answer"), json!({"available": 3}));
}

#[tokio::test]
async fn an_empty_answer_is_nothing() {
    let server = answering("DELETE", ResponseTemplate::new(204)).await;
    let client = Registry::fixed([(PEER, url(&server))]).client(PEER);
    client.delete("/x").send::<()>().await.expect("an empty answer");
}

#[tokio::test]
async fn a_refusal_keeps_the_problem() {
    let problem = json!({
        "type": "urn:problem:out-of-stock", "title": "Conflict", "status": 409, "detail": "Two are left.",
        "code": "out-of-stock", "left": 2,
    });
    let server = answering("POST", ResponseTemplate::new(409).set_body_json(&problem)).await;
    let client = Registry::fixed([(PEER, url(&server))]).client(PEER);
    let error = client.post("/reservations").json(&json!({})).send::<Value>().await.expect_err("refused");
    let (status, refusal) = error.rejection().expect("a refusal");
    assert_eq!((status, refusal.code.as_str()), (StatusCode::CONFLICT, "out-of-stock"));
    assert_eq!(refusal.extensions["left"], 2);
}

#[tokio::test]
async fn an_idempotent_call_goes_on_to_another_instance() {
    let bad = answering("GET", ResponseTemplate::new(503)).await;
    let good = answering("GET", ResponseTemplate::new(200).set_body_json(1)).await;
    let registry = Registry::fixed([(PEER, nobody().await), (PEER, url(&bad)), (PEER, url(&good))]);
    for _ in 0..20 {
        assert_eq!(registry.client(PEER).get("/").send::<u8>().await.expect("the good one"), 1);
    }
}

#[tokio::test]
async fn a_post_is_repeated_only_when_it_was_never_sent_or_is_safe() {
    let bad = answering("POST", ResponseTemplate::new(503)).await;
    let registry = Registry::fixed([(PEER, url(&bad))]);
    registry.client(PEER).post("/").send::<()>().await.expect_err("unavailable");
    assert_eq!(calls(&bad).await, 1);
    registry.client(PEER).post("/").retry_safe().send::<()>().await.expect_err("unavailable");
    assert_eq!(calls(&bad).await, 1 + 3);

    let good = answering("POST", ResponseTemplate::new(201).set_body_json(1)).await;
    let registry = Registry::fixed([(PEER, nobody().await), (PEER, url(&good))]);
    for _ in 0..10 {
        assert_eq!(registry.client(PEER).post("/").send::<u8>().await.expect("the live one"), 1);
    }
    assert_eq!(calls(&good).await, 10);
}

#[tokio::test]
async fn a_hung_instance_leaves_time_for_another() {
    let slow = ResponseTemplate::new(200).set_body_json(0).set_delay(Duration::from_secs(5));
    let hung = answering("GET", slow).await;
    let good = answering("GET", ResponseTemplate::new(200).set_body_json(1)).await;
    let registry = Registry::fixed([(PEER, url(&hung)), (PEER, url(&good))]);
    for _ in 0..5 {
        let call = registry.client(PEER).get("/").timeout(Duration::from_millis(400));
        assert_eq!(call.send::<u8>().await.expect("the good one"), 1);
    }
}

#[tokio::test]
async fn a_service_that_keeps_failing_is_left_alone() {
    let bad = answering("POST", ResponseTemplate::new(500)).await;
    let registry = Registry::fixed([(PEER, url(&bad))]);
    for _ in 0..10 {
        registry.client(PEER).post("/").send::<()>().await.expect_err("failing");
    }
    assert_eq!(calls(&bad).await, 5);
    let error = registry.client(PEER).post("/").send::<()>().await.expect_err("open");
    assert!(matches!(error, CallError::Unavailable { source: Trouble::CircuitOpen, .. }));
}

#[tokio::test]
async fn before_the_first_list_a_call_waits_for_it() {
    let peer = answering("GET", ResponseTemplate::new(200).set_body_json(1)).await;
    let at = url(&peer);
    let items = json!([{"name": PEER, "instance_id": "a", "host": "127.0.0.1", "port": at.port(),
                        "version": "1", "status": "up", "uptime_seconds": 3}]);
    let body = json!({"index": 5, "recovering": false, "items": items});
    let discovery = answering("GET", ResponseTemplate::new(200).set_body_json(body)).await;
    let registry = Registry::new(url(&discovery), SecretString::from("t"));

    let shutdown = CancellationToken::new();
    let call = tokio::spawn(registry.client(PEER).get("/").send::<u8>());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!call.is_finished());
    let watching = registry.clone();
    let stop = shutdown.clone();
    let watch = tokio::spawn(async move { watching.watch(stop).await });
    assert_eq!(call.await.expect("no panic").expect("an answer"), 1);
    shutdown.cancel();
    watch.await.expect("ends when told");
}

#[tokio::test]
async fn no_list_and_no_instance_are_unavailable() {
    let registry = Registry::new(nobody().await, SecretString::from("t"));
    let call = registry.client(PEER).get("/").timeout(Duration::from_millis(50));
    let error = call.send::<()>().await.expect_err("no list");
    assert!(matches!(error, CallError::Unavailable { source: Trouble::TimedOut, .. }));

    let error = Registry::fixed([]).client(PEER).get("/").send::<()>().await.expect_err("nobody");
    assert!(matches!(error, CallError::Unavailable { source: Trouble::NoInstance, .. }));
}

#[tokio::test]
async fn a_member_registers_again_when_it_was_forgotten_and_drains_before_it_leaves() {
    let discovery = MockServer::start().await;
    let registered = ResponseTemplate::new(201).set_body_json(json!({"instance_id": "i-1", "lease": {}}));
    Mock::given(method("POST"))
        .and(path("/services/register"))
        .respond_with(registered)
        .mount(&discovery)
        .await;
    let ok = ResponseTemplate::new(200).set_body_json(json!({}));
    Mock::given(method("PUT"))
        .and(path("/services/tax-service/i-1/status"))
        .respond_with(ok)
        .mount(&discovery)
        .await;
    let gone = ResponseTemplate::new(204);
    Mock::given(method("DELETE"))
        .and(path_regex("/i-1$"))
        .respond_with(gone)
        .expect(1)
        .mount(&discovery)
        .await;

    let me = Registration {
        name: "tax-service".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: 8012,
        version: "1.0.0".to_owned(),
        metadata: Default::default(),
    };
    let registry = Registry::new(url(&discovery), SecretString::from("t"));
    let member = registry.register(me);
    // The heartbeat's 404 comes from having no such route.
    tokio::time::timeout(Duration::from_secs(8), async {
        while calls(&discovery).await < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("registration, heartbeat, registration");
    member.drain().await;
    member.leave().await;
    let seen = discovery.received_requests().await.expect("recorded");
    let ways: Vec<_> = seen.iter().map(|it| format!("{} {}", it.method, it.url.path())).collect();
    assert_eq!(
        ways,
        [
            "POST /services/register",
            "PUT /services/tax-service/i-1/heartbeat",
            "POST /services/register",
            "PUT /services/tax-service/i-1/status",
            "DELETE /services/tax-service/i-1",
        ]
    );
}

fn list(index: u64, recovering: bool, ports: &[u16]) -> Snapshot {
    let instance = |port: &u16| {
        let at: Url = format!("http://127.0.0.1:{port}").parse().expect("a URL");
        Instance::fixed(PEER, &at)
    };
    Snapshot { index, recovering, items: ports.iter().map(instance).collect() }
}

#[test]
fn an_unsettled_list_takes_nothing_away() {
    let last = list(40, false, &[1, 2, 3]);
    let mut answer = list(7, true, &[2, 4]);
    answer.items[0].status = Status::Draining;
    let merged = answer.after(&last);
    let ports: Vec<_> = merged.up(PEER).map(|it| it.port).collect();
    assert_eq!((merged.index, merged.items.len(), ports), (7, 4, vec![4, 1, 3]));
}

#[test]
fn an_address_may_be_a_name_or_of_either_family() {
    for (host, authority) in [("stock-1", "stock-1:81"), ("::1", "[::1]:81"), ("10.0.0.1", "10.0.0.1:81")] {
        let mut instance = Instance::fixed(PEER, &"http://h:81".parse().expect("a URL"));
        instance.host = host.to_owned();
        let mut url: Url = "http://stand-in/a?b=c".parse().expect("a URL");
        instance.address(&mut url).expect("usable");
        assert_eq!(url.as_str(), format!("http://{authority}/a?b=c"));
        assert_eq!(instance.authority(), authority);
    }
}

#[tokio::test]
async fn only_a_settled_list_takes_away() {
    let registry = Registry::fixed([]);
    let mut doubt = None;
    let mut after = |index, recovering, ports: &[u16]| {
        registry.apply(list(index, recovering, ports), &mut doubt);
        registry.instances(PEER).len()
    };
    assert_eq!(after(40, false, &[1, 2]), 2);
    assert_eq!(after(41, true, &[]), 2, "discovery recovers");
    assert_eq!(after(42, false, &[1]), 1);
    assert_eq!(after(7, false, &[]), 1, "the index went back");
    assert_eq!(after(8, false, &[]), 1, "and that was just now");
    assert!(doubt.is_some());
}
