//! Clients that never finish what they send: what they hold of the gateway is bounded, and others are served.

use std::time::{Duration, Instant};

use config::testing::free_port;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

use crate::harness::{Discovery, Gateway, folder};
use crate::upstream::Upstream;

const IMPORT: &str = "/api/products/import";
const ORDERS: &str = "/api/orders";
const PATIENCE: Duration = Duration::from_secs(10);
const GO_ON: &str = "HTTP/1.1 100 Continue\r\n\r\n";

/// A client that sends a byte of its body each second, for as long as the answer is held: never all of it, and never so
/// late that it is given up. Returns when Nginx wants the body. It counts the request before: were it only on its way, one
/// that is sent after it could take its place.
async fn slow(gateway: &Gateway, path: &str, length: usize) -> AbortOnDropHandle<()> {
    let headers = format!("Host: shop\r\nExpect: 100-continue\r\nContent-Length: {length}");
    let mut stream = sent(gateway, &format!("POST {path} HTTP/1.1\r\n{headers}\r\n\r\n")).await;
    let mut answer = [0; GO_ON.len()];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(String::from_utf8_lossy(&answer), GO_ON);
    AbortOnDropHandle::new(tokio::spawn(async move {
        while stream.write_all(b"[").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }))
}

async fn sent(gateway: &Gateway, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.port)).await.expect("connected");
    stream.write_all(text.as_bytes()).await.expect("sent");
    stream
}

/// Sends whole bodies of this length until that is answered so.
async fn until_sent(gateway: &Gateway, length: usize, status: u16) {
    let started = Instant::now();
    loop {
        let request = gateway.request(Method::POST, ORDERS).body(vec![b'a'; length]);
        let answer = request.send().await.map(|answer| answer.status().as_u16());
        if answer.as_ref().is_ok_and(|it| *it == status) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{length} bytes are never {status}, but {answer:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn imports_that_never_end_are_few() {
    let (folder, discovery) = (folder(), Discovery::start());
    let products = Upstream::start("product-service").await;
    discovery.announce(&[("product-service", products.port)]);
    let gateway = Gateway::start(&discovery, folder.path()).await;
    gateway.until("/api/products", 200).await;
    let unending = join_all([10 << 20; 2].map(|length| slow(&gateway, IMPORT, length))).await;
    gateway.until(IMPORT, 429).await;
    let third = gateway.request(Method::POST, IMPORT).body("[]").send().await.expect("an answer");
    assert_eq!(third.status(), 429);
    assert_eq!(third.headers()["retry-after"], "1");
    let problem: Value = third.json().await.expect("JSON");
    assert_eq!(problem["code"], "too-many-requests");
    assert_eq!(gateway.status("/api/products").await, 200);
    drop(unending);
    gateway.until(IMPORT, 200).await;
}

/// A service that refuses what is posted without reading it, and answers everything else.
async fn unwilling() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = vec![0; 4096];
                let length = client.read(&mut head).await.unwrap_or_default();
                let status = if head[..length].starts_with(b"POST") { "401 Unauthorized" } else { "200 OK" };
                let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = client.write_all(answer.as_bytes()).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn nobody_takes_products_off_by_imports_that_are_refused() {
    let (folder, discovery) = (folder(), Discovery::start());
    discovery.announce(&[("product-service", unwilling().await), ("product-service", unwilling().await)]);
    let gateway = Gateway::start(&discovery, folder.path()).await;
    gateway.until("/api/products", 200).await;
    for _ in 0..20 {
        // Its answer may be lost: the connection is closed under what is still sent.
        let _ = gateway.request(Method::POST, IMPORT).body(vec![b'a'; 9 << 20]).send().await;
        assert_eq!(gateway.status("/api/products").await, 200);
    }
}

#[tokio::test]
async fn one_client_holds_few_requests_and_fewer_large_bodies() {
    let (folder, discovery) = (folder(), Discovery::start());
    let orders = Upstream::start("order-service").await;
    discovery.announce(&[("order-service", orders.port)]);
    let settings = [("CONNECTIONS_PER_CLIENT", "4")];
    let gateway = Gateway::with(&discovery, folder.path(), free_port(), &settings).await;
    gateway.until(ORDERS, 200).await;
    let large = slow(&gateway, ORDERS, 500_000).await;
    until_sent(&gateway, 200_000, 429).await;
    assert!(unmeasured(&gateway).await.starts_with("HTTP/1.1 429 "), "it may be large, too");
    until_sent(&gateway, 50_000, 200).await;
    let small = join_all([50_000; 3].map(|length| slow(&gateway, ORDERS, length))).await;
    gateway.until(ORDERS, 429).await;
    drop(small);
    gateway.until(ORDERS, 200).await;
    drop(large);
    until_sent(&gateway, 200_000, 200).await;
}

/// What is said to a body that doesn't say how long it is.
async fn unmeasured(gateway: &Gateway) -> String {
    let headers = "Host: shop\r\nConnection: close\r\nTransfer-Encoding: chunked";
    let body = "2\r\n[]\r\n0\r\n\r\n";
    let mut stream = sent(gateway, &format!("POST {ORDERS} HTTP/1.1\r\n{headers}\r\n\r\n{body}")).await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}
