//! What operators watch is there, under the names that docs/OPERATIONS.md and the alerts have for it.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::json;
use system_tests::{Shop, eventually};

const EVERYWHERE: [&str; 3] =
    ["process_start_time_seconds", "process_resident_memory_bytes", "http_server_request_duration_seconds"];
const PUBLISHERS: [&str; 11] = [
    "user-service",
    "product-service",
    "order-service",
    "payment-service",
    "inventory-service",
    "shipping-service",
    "promotion-service",
    "rating-service",
    "favourite-service",
    "notification-service",
    "tax-service",
];
const CONSUMERS: [&str; 9] = [
    "product-service",
    "order-service",
    "payment-service",
    "inventory-service",
    "shipping-service",
    "promotion-service",
    "rating-service",
    "favourite-service",
    "notification-service",
];
/// What a shopper's day and some bad luck leave behind.
const BUSINESS: [(&str, &[&str]); 7] = [
    ("user-service", &["users_registered_total", "user_logins_total"]),
    ("product-service", &["products_created_total"]),
    (
        "order-service",
        &[
            "orders_created_total",
            "orders_paid_total",
            "orders_paid_minor_units_total",
            "orders_cancelled_total",
            "circuit_breaker_state",
            "circuit_breaker_openings_total",
            "http_client_request_duration_seconds",
        ],
    ),
    ("payment-service", &["payment_operations_total", "payment_minor_units_total"]),
    (
        "inventory-service",
        &["inventory_reservations_total", "inventory_out_of_stock_total", "inventory_low_total"],
    ),
    ("shipping-service", &["shipments_created_total"]),
    ("notification-service", &["notifications_created_total", "notification_deliveries_total"]),
];

struct Scraped(String);

impl Scraped {
    async fn from(url: &str) -> Self {
        let answer = reqwest::get(format!("{url}/metrics")).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{url}");
        Self(answer.text().await.unwrap())
    }

    /// Every family, as its `# TYPE` line names it.
    fn names(&self) -> BTreeSet<&str> {
        self.0.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect()
    }

    fn missing<'a>(&self, wanted: &[&'a str]) -> Vec<&'a str> {
        let names = self.names();
        wanted.iter().copied().filter(|name| !names.contains(name)).collect()
    }

    fn value(&self, line: &str) -> f64 {
        let found = self.0.lines().find_map(|it| it.strip_prefix(line)?.trim().parse().ok());
        found.unwrap_or_else(|| panic!("no {line} in {}", self.0))
    }
}

/// What a service must tell after some business.
fn wanted(service: &str) -> Vec<&'static str> {
    let mut wanted = EVERYWHERE.to_vec();
    if PUBLISHERS.contains(&service) {
        wanted.extend(["outbox_pending_events", "outbox_oldest_age_seconds"]);
        wanted.extend(["db_client_connection_count", "db_client_connection_max"]);
        wanted.push("db_client_connection_timeouts_total");
    }
    if CONSUMERS.contains(&service) {
        wanted.extend(["kafka_consumer_lag_messages", "kafka_consumer_messages_total"]);
        // Before anything was ever tried again, so that an alert hears of the first time.
        wanted.extend(["kafka_consumer_retries_total", "kafka_consumer_dead_letters_total"]);
    }
    wanted.extend(BUSINESS.iter().filter(|(name, _)| *name == service).flat_map(|(_, names)| *names));
    wanted
}

#[tokio::test(flavor = "multi_thread")]
async fn every_process_tells_what_operators_watch() {
    let shop = Shop::shared().await;
    let orders = shop.system.url("order-service").unwrap();
    let (shopper, product) = (shop.shopper().await, shop.product(10.0, 5).await);
    let (order, total) = shopper.ordered(&[(&product, 2)]).await;
    shopper.paid(order, total).await;
    shopper.order_becomes(order, &["paid"]).await;
    let (order, _) = shopper.ordered(&[(&product, 1)]).await;
    let cancelled = shopper.request(Method::POST, &format!("/api/orders/{order}/cancel"));
    assert_eq!(cancelled.send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(shopper.order(&[(&product, 1000)]).send().await.unwrap().status(), StatusCode::CONFLICT);
    let wrong = json!({ "username": shopper.name, "password": "wrong horse" });
    assert_eq!(shop.post("/api/users/login", &wrong).send().await.unwrap().status(), 401);

    let mut services: Vec<&str> = PUBLISHERS.to_vec();
    services.extend(["discovery-service", "search-service"]);
    for service in services {
        let url = shop.system.url(service).unwrap();
        // Lag is told every few seconds, and an e-mail takes a moment.
        eventually(&format!("{service} tells everything"), || async {
            let scraped = Scraped::from(&url).await;
            assert!(scraped.0.contains(&format!("service=\"{service}\"")), "{service} says who it is");
            let missing = scraped.missing(&wanted(service));
            if missing.is_empty() { Ok(()) } else { Err(format!("missing: {missing:?}")) }
        })
        .await;
    }
    let scraped = Scraped::from(&orders).await;
    let mysql = r#"service="order-service",db_system_name="mysql""#;
    let max = scraped.value(&format!("db_client_connection_max{{{mysql}}}"));
    let idle = scraped.value(&format!("db_client_connection_count{{{mysql},state=\"idle\"}}"));
    let used = scraped.value(&format!("db_client_connection_count{{{mysql},state=\"used\"}}"));
    assert!(max == 16.0 && idle + used <= max, "{idle} + {used} of {max}");
    let agent = shop.system.url("gateway-agent").unwrap();
    let gateway = Scraped::from(&agent).await;
    assert_eq!(gateway.missing(&EVERYWHERE), Vec::<&str>::new());
    assert_eq!(gateway.missing(&["gateway_upstream_instances"]), Vec::<&str>::new());
}
