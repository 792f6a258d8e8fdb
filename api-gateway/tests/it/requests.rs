use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Discovery, Gateway, folder};
use crate::upstream::Upstream;

async fn body(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

/// Sends a request as it is, which a client would tidy up first.
fn raw(gateway: &Gateway, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.port)).expect("connected");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// The names in a header, in small letters.
fn listed(response: &reqwest::Response, header: &str) -> Vec<String> {
    let list = response.headers()[header].to_str().expect("text");
    list.split(',').map(|name| name.trim().to_ascii_lowercase()).collect()
}

#[tokio::test]
async fn every_route_reaches_its_service() {
    let (folder, discovery) = (folder(), Discovery::start());
    let names = [
        "user-service",
        "product-service",
        "order-service",
        "payment-service",
        "favourite-service",
        "notification-service",
        "discovery-service",
    ];
    let mut upstreams = Vec::new();
    for name in names {
        upstreams.push((name, Upstream::start(name).await));
    }
    let list: Vec<_> = upstreams.iter().map(|(name, it)| (*name, it.port)).collect();
    discovery.announce(&list);
    let gateway = Gateway::start(&discovery, folder.path()).await;
    gateway.until("/api/users/me", 200).await;
    for (path, service, arrives) in [
        ("/api/users", "user-service", "/api/users"),
        ("/api/users/", "user-service", "/api/users/"),
        ("/.well-known/jwks.json", "user-service", "/.well-known/jwks.json"),
        ("/api/products/1?a=b%20c", "product-service", "/api/products/1?a=b%20c"),
        ("/api/orders/", "order-service", "/api/orders/"),
        ("/api/cart/checkout", "order-service", "/api/cart/checkout"),
        ("/api/payments", "payment-service", "/api/payments"),
        ("/api/v1/transactions/7", "payment-service", "/api/v1/transactions/7"),
        ("/api/favorites/", "favourite-service", "/api/favorites/"),
        ("/api/favourites", "favourite-service", "/api/favourites"),
        ("/api/discovery/services?index=1", "discovery-service", "/services?index=1"),
        ("/docs/order-service/", "order-service", "/docs"),
        ("/docs/order-service", "order-service", "/docs"),
        ("/docs/order-service/openapi.json", "order-service", "/openapi.json"),
    ] {
        let (status, told) = body(gateway.get(path)).await;
        assert_eq!((status, told["service"].as_str()), (200, Some(service)), "{path}");
        assert_eq!(told["uri"], arrives, "{path}");
    }
    for path in [
        "/",
        "/api",
        "/api/ordersx",
        "/api/unknown",
        "/services",
        "/metrics",
        "/docs/unknown-service",
        "/docs/order-service/metrics",
        "/api/discovery",
        "/api/discovery/health",
        "/api/v1/orders",
    ] {
        let (status, problem) = body(gateway.get(path)).await;
        assert_eq!((status, problem["code"].as_str()), (404, Some("not-found")), "{path}");
    }
    for path in ["/api/discovery/services/register", "/health", "/health/", "/docs", "/docs/"] {
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let response = gateway.request(method, path).send().await.expect("an answer");
            let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
            assert_eq!((response.status().as_u16(), header("allow").as_str()), (405, "GET, HEAD"), "{path}");
            assert_eq!(header("content-type"), "application/problem+json", "{path}");
            let problem: Value = response.json().await.expect("JSON");
            let told = (problem["code"].as_str(), problem["instance"].as_str());
            assert_eq!(told, (Some("method-not-allowed"), Some(path)));
        }
    }
    for path in ["/health", "/docs"] {
        let head = gateway.request(Method::HEAD, path).send().await.expect("an answer");
        assert_eq!(head.status(), 200, "{path}");
    }
    let page = gateway.get("/docs").send().await.expect("an answer").text().await.expect("text");
    assert!(names.iter().all(|name| page.contains(&format!("/docs/{name}/"))), "{page}");
    let health = gateway.until_health("healthy").await;
    assert_eq!(health["services"]["user-service"], serde_json::json!({"instances": 1, "healthy": 1}));
}

#[tokio::test]
async fn nothing_internal_is_reached_however_it_is_written() {
    let (folder, discovery) = (folder(), Discovery::start());
    let orders = Upstream::start("order-service").await;
    discovery.announce(&[("order-service", orders.port)]);
    let gateway = Gateway::start(&discovery, folder.path()).await;
    gateway.until("/api/orders", 200).await;
    let before = orders.requests();
    for path in [
        "/internal",
        "/internal/reservations",
        "/api/orders/internal",
        "/api/orders/internal/expire",
        "/api/orders/%69nternal/expire",
        "/api/orders//internal/expire",
        "/api/orders/../../internal/expire",
        "/api/orders/%2e%2e/%2e%2e/internal/expire",
        "/api/orders/..%2f..%2finternal%2fexpire",
        "/api/orders/x/..;/INTERNAL/expire",
        "//internal/expire",
        "/api/orders/./internal/",
    ] {
        let answer = raw(&gateway, path);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
        assert!(answer.contains("application/problem+json"), "{path}: {answer}");
    }
    assert_eq!(orders.requests(), before);
}

#[tokio::test]
async fn what_clients_claim_is_taken_off() {
    let (folder, discovery) = (folder(), Discovery::start());
    let orders = Upstream::start("order-service").await;
    discovery.announce(&[("order-service", orders.port)]);
    let gateway = Gateway::start(&discovery, folder.path()).await;
    gateway.until("/api/orders", 200).await;
    let request = gateway
        .get("/api/orders")
        .header("X-Service-Token", "stolen")
        .header("X_Service_Token", "stolen")
        .header("X-Forwarded-For", "1.2.3.4")
        .header("X-Forwarded-Host", "evil")
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Prefix", "/evil")
        .header("Forwarded", "for=1.2.3.4")
        .header("X-Request-Id", "abc-1_2.3")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .bearer_auth("token");
    let response = request.send().await.expect("an answer");
    assert_eq!(response.headers()["x-request-id"], "abc-1_2.3");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let told: Value = response.json().await.expect("JSON");
    let headers = told["headers"].as_object().expect("headers");
    let arrived = |name: &str| headers.get(name).and_then(Value::as_str);
    assert_eq!(arrived("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(arrived("x-forwarded-proto"), Some("http"));
    assert_eq!(arrived("x-forwarded-host"), Some("127.0.0.1"));
    assert_eq!(arrived("x-request-id"), Some("abc-1_2.3"));
    assert_eq!(arrived("authorization"), Some("Bearer token"));
    assert!(arrived("traceparent").is_some());
    for gone in ["x-service-token", "x_service_token", "x-forwarded-prefix", "forwarded", "connection"] {
        assert_eq!(arrived(gone), None, "{gone}");
    }
    for bad in ["a b", "a\"b", &"a".repeat(129)] {
        let response =
            gateway.get("/api/orders").header("X-Request-Id", bad).send().await.expect("an answer");
        assert_eq!(response.headers()["x-request-id"].len(), 32, "a new one instead of {bad}");
    }
}

#[tokio::test]
async fn every_refusal_is_a_problem() {
    let (folder, discovery) = (folder(), Discovery::start());
    let products = Upstream::start("product-service").await;
    discovery.announce(&[("product-service", products.port), ("tax-service", 1)]);
    let gateway = Gateway::start(&discovery, folder.path()).await;
    gateway.until("/api/products", 200).await;

    let post = |path: &str, size: usize| gateway.request(Method::POST, path).body(vec![b'a'; size]);
    let long = format!("/api/products/{}", "a".repeat(9000));
    let many_headers = (0..5)
        .fold(gateway.get("/api/products"), |request, n| request.header(format!("x-{n}"), "a".repeat(7900)));
    for (request, status, code) in [
        (gateway.get("/nowhere"), 404, "not-found"),
        (gateway.get("/api/orders"), 503, "service-unavailable"),
        (gateway.get("/api/tax/rates"), 503, "service-unavailable"),
        (post("/api/tax/rates", 1), 503, "service-unavailable"),
        (post("/api/products", (1 << 20) + 1), 413, "body-too-large"),
        (post("/api/products/import", 11 << 20), 413, "body-too-large"),
        (gateway.get(&long), 414, "uri-too-long"),
        (many_headers, 431, "headers-too-large"),
        (gateway.request(Method::TRACE, "/api/products"), 405, "method-not-allowed"),
    ] {
        let response = request.header("X-Request-Id", "r-1").send().await.expect("an answer");
        assert_eq!(response.status(), status, "{code}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{code}");
        assert_eq!(response.headers().contains_key("retry-after"), status == 503, "{code}");
        let problem: Value = response.json().await.expect("JSON");
        assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some(code), Some(status.into())));
        // Nginx gives up on headers that are too large before it has read the id.
        assert!(problem["request_id"] == "r-1" || [414, 431, 405].contains(&status), "{problem}");
    }
    assert!(raw(&gateway, "/\0").contains("bad-request"));
    let (status, told) = body(post("/api/products/import", 9 << 20)).await;
    assert_eq!((status, told["length"].as_u64()), (200, Some(9 << 20)));
}

#[tokio::test]
async fn methods_that_somebody_made_up_reach_nobody() {
    let (folder, discovery) = (folder(), Discovery::start());
    let orders = Upstream::start("order-service").await;
    discovery.announce(&[("order-service", orders.port)]);
    let gateway = Gateway::start(&discovery, folder.path()).await;
    gateway.until("/api/orders", 200).await;
    let before = orders.requests();
    for made_up in ["BREW", "PROPFIND", "GETS", "M-SEARCH"] {
        let method = Method::from_bytes(made_up.as_bytes()).expect("a method");
        let response = gateway.request(method, "/api/orders").send().await.expect("an answer");
        assert_eq!(response.status(), 405, "{made_up}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(listed(&response, "allow").len(), 7);
        let problem: Value = response.json().await.expect("JSON");
        assert_eq!(problem["code"], "method-not-allowed");
    }
    assert_eq!(orders.requests(), before);
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let response = gateway.request(method.clone(), "/api/orders").send().await.expect("an answer");
        assert_eq!(response.status(), 200, "{method}");
    }
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let (folder, discovery) = (folder(), Discovery::start());
    let users = Upstream::start("user-service").await;
    discovery.announce(&[("user-service", users.port)]);
    let port = config::testing::free_port();
    let settings = [
        ("RATE_LIMIT_LOGIN_PER_SECOND", "1"),
        ("RATE_LIMIT_LOGIN_BURST", "5"),
        ("CORS_ORIGINS", "https://shop.example"),
    ];
    let gateway = Gateway::with(&discovery, folder.path(), port, &settings).await;
    gateway.until("/api/users/me", 200).await;
    let mut refused = 0;
    for _ in 0..10 {
        let response = gateway.request(Method::POST, "/api/users/login").send().await.expect("an answer");
        if response.status() == 429 {
            refused += 1;
            let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
            assert_eq!(header("retry-after"), "1");
            assert_eq!(header("ratelimit-policy"), "\"login\";q=1;w=1");
            assert_eq!(header("ratelimit"), "\"login\";r=0;t=1");
        }
    }
    assert!((3..=4).contains(&refused), "{refused}");
    assert_eq!(gateway.status("/api/users/me").await, 200);

    let preflight =
        gateway.request(Method::OPTIONS, "/api/users/me").header("Origin", "https://shop.example");
    let response = preflight.send().await.expect("an answer");
    assert_eq!(response.status(), 204);
    assert_eq!(response.headers()["access-control-allow-origin"], "https://shop.example");
    assert_eq!(listed(&response, "access-control-allow-methods").len(), 7);
    let sent = listed(&response, "access-control-allow-headers");
    for header in ["authorization", "idempotency-key", "if-match", "last-event-id", "x-cart-id"] {
        assert!(sent.iter().any(|name| name == header), "{header}: {sent:?}");
    }
    let answer = gateway.get("/api/users/me").header("Origin", "https://shop.example");
    let seen = listed(&answer.send().await.expect("an answer"), "access-control-expose-headers");
    for header in ["etag", "location", "x-cart-id", "x-request-id"] {
        assert!(seen.iter().any(|name| name == header), "{header}: {seen:?}");
    }
    let response = gateway
        .get("/api/users/me")
        .header("Origin", "https://evil.example")
        .send()
        .await
        .expect("an answer");
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn an_ipv6_network_is_one_client() {
    let (folder, discovery) = (folder(), Discovery::start());
    let users = Upstream::start("user-service").await;
    discovery.announce(&[("user-service", users.port)]);
    let settings = [
        ("RATE_LIMIT_LOGIN_PER_SECOND", "1"),
        ("RATE_LIMIT_LOGIN_BURST", "1"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let gateway = Gateway::with(&discovery, folder.path(), config::testing::free_port(), &settings).await;
    gateway.until("/api/users/me", 200).await;
    let refused = async |addresses: &[&str]| {
        let mut refused = 0;
        for address in addresses {
            let login = gateway.request(Method::POST, "/api/users/login").header("X-Forwarded-For", *address);
            refused += usize::from(login.send().await.expect("an answer").status() == 429);
        }
        refused
    };
    for network in [
        ["2001:db8:1:2::1", "2001:db8:1:2::3:4", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:0:0:0:7"],
        ["2001:db8:1::1", "2001:db8:1:0:2::", "2001:db8:1:0:3:4:5:6", "2001:db8:1::7"],
        ["2001:db8::1", "2001:db8::2:3", "2001:db8::4:5:6:7", "2001:db8:0:0:0:0:0:8"],
    ] {
        assert!(refused(&network).await > 0, "{network:?}");
    }
    let strangers = ["2001:db8:1:3::1", "2001:db8:1:4::1", "2001:db8:1:5:6:7:8:9", "2001:db8:1:10::1"];
    assert_eq!(refused(&strangers).await, 0);
    let written_as_ipv6 = ["::ffff:192.0.2.1", "::ffff:192.0.2.2", "::ffff:192.0.2.3", "::ffff:192.0.2.4"];
    assert_eq!(refused(&written_as_ipv6).await, 0);
}

#[tokio::test]
async fn one_client_can_not_hold_all_connections() {
    let (folder, discovery) = (folder(), Discovery::start());
    let notifications = Upstream::start("notification-service").await;
    let registry = Upstream::start("discovery-service").await;
    discovery.announce(&[("notification-service", notifications.port), ("discovery-service", registry.port)]);
    let gateway = Gateway::start(&discovery, folder.path()).await;
    gateway.until("/api/notifications", 200).await;
    let mut open = Vec::new();
    let refused = loop {
        let response = gateway.get("/api/notifications/stream").send().await.expect("an answer");
        if response.status() != 200 || open.len() > 100 {
            break response;
        }
        open.push(response);
    };
    assert_eq!((refused.status().as_u16(), open.len()), (429, 40));
    assert_eq!(refused.headers()["retry-after"], "1");
    let problem: Value = refused.json().await.expect("JSON");
    assert_eq!(problem["code"], "too-many-requests");
    // The registry's long polls count among them, and nothing else does.
    assert_eq!(gateway.status("/api/discovery/services").await, 429);
    assert_eq!(gateway.status("/api/notifications").await, 200);
    drop(open);
    gateway.until("/api/discovery/services", 200).await;
}

#[tokio::test]
async fn events_arrive_as_they_happen() {
    let (folder, discovery) = (folder(), Discovery::start());
    let notifications = Upstream::start("notification-service").await;
    discovery.announce(&[("notification-service", notifications.port)]);
    let gateway = Gateway::start(&discovery, folder.path()).await;
    gateway.until("/api/notifications", 200).await;
    let mut response = gateway.get("/api/notifications/stream").send().await.expect("an answer");
    let started = Instant::now();
    assert_eq!(response.chunk().await.expect("a chunk").as_deref(), Some(&b"data: 0\n\n"[..]));
    assert!(started.elapsed() < Duration::from_millis(300));
    assert_eq!(response.chunk().await.expect("a chunk").as_deref(), Some(&b"data: 1\n\n"[..]));
}
