//! When others are away, or the service dies.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use config::testing::{TestApp, TestKafka, free_port};
use order_service::Orders;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Connection as _;
use wiremock::matchers::any;
use wiremock::{Mock, ResponseTemplate};

use crate::support::{Shop, refusal, user};

#[tokio::test(flavor = "multi_thread")]
async fn without_the_catalogue_or_the_stock_nothing_is_kept() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let order = || shop.order(owner, &[(&lamp, 1)]).header("Idempotency-Key", "k");
    // A call is tried three times.
    let away =
        || Mock::given(any()).respond_with(ResponseTemplate::new(503)).up_to_n_times(3).with_priority(1);
    away().mount(&shop.catalogue).await;
    assert_eq!(refusal(order()).await.0, 503);
    away().mount(&shop.inventory).await;
    assert_eq!(refusal(order()).await.0, 503);
    // Whether the reservation was made is unknown: it is given back.
    assert_eq!(shop.asked_inventory("/release").await.len(), 1);
    for table in ["orders", "order_history", "daily_sales", "outbox", "idempotency_keys"] {
        assert_eq!(shop.count(table).await, 0, "{table}");
    }
    assert_eq!(order().send().await.unwrap().status(), 201, "the same key is good for another try");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cant_be_kept_gives_its_stock_back() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(1, "USD");
    shop.sql("RENAME TABLE order_items TO elsewhere").await;
    let order = || shop.order(user(), &[(&lamp, 1)]);
    let (status, problem) = refusal(order()).await;
    assert_eq!(status, 500);
    assert!(!problem.to_string().contains("order_items"), "{problem}");
    let asked = shop.asked_inventory("").await;
    let reserved: Value = asked[0].body_json().unwrap();
    let release = format!("/internal/reservations/{}/release", reserved["reservation_id"].as_str().unwrap());
    assert_eq!((asked.len(), asked[1].url.path()), (2, release.as_str()));
    assert_eq!((shop.count("orders").await, shop.count("outbox").await), (0, 0));
    shop.sql("RENAME TABLE elsewhere TO order_items").await;
    assert_eq!(order().send().await.unwrap().status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_service_dies_before_it_is_told_is_told_by_the_next() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(1, "USD");
    let mut relay = shop.connection().await;
    let Shop { env, app, products, catalogue, inventory, shipping, taxes, promotions } = shop;
    alone(app).stop().await;
    // Whoever holds this lock sends the outbox; nobody else does.
    let won: Option<i64> = sqlx::query_scalar("SELECT GET_LOCK(CONCAT('outbox:', DATABASE()), 20)")
        .fetch_one(&mut relay)
        .await
        .unwrap();
    assert_eq!(won, Some(1));
    let listener = TestKafka::new(&env).listen("order-events").await;
    let app = Arc::new(env.start::<Orders>().await);
    let shop = Shop { env, app, products, catalogue, inventory, shipping, taxes, promotions };
    let order = shop.placed(user(), &[(&lamp, 1)]).await;
    assert_eq!(shop.count("outbox").await, 1);
    alone(shop.app).kill().await;
    relay.close().await.unwrap();
    let _next = shop.env.start::<Orders>().await;
    let created = listener.find(|event| event.kind == "order_created").await;
    assert_eq!(created.data["order_id"], order["id"]);
}

fn alone(app: Arc<TestApp>) -> TestApp {
    Arc::try_unwrap(app).ok().expect("nobody else holds it")
}

/// A Redis of its own, to be taken away.
struct Redis(Child, String);

impl Redis {
    fn start() -> Self {
        let port = free_port();
        let mut command = Command::new("redis-server");
        command.args([
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--port",
            &port.to_string(),
        ]);
        let child = command.stdout(Stdio::null()).spawn().expect("redis-server is installed");
        Self(child, format!("redis://127.0.0.1:{port}/"))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_carts_are_away_and_orders_go_on() {
    let redis = Redis::start();
    let shop = Shop::open_with(|env| env.set("REDIS_URL", &redis.1)).await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let put = shop
        .app
        .as_client(owner, Method::PUT, &format!("/api/cart/items/{lamp}"))
        .json(&json!({ "quantity": 1 }));
    assert_eq!(put.send().await.unwrap().status(), 200);
    drop(redis);
    assert_eq!(refusal(shop.app.as_client(owner, Method::GET, "/api/cart")).await.0, 503);
    let checkout = shop.app.as_client(owner, Method::POST, "/api/cart/checkout");
    assert_eq!(refusal(checkout.json(&json!({ "shipping_address": "Huế" }))).await.0, 503);
    shop.placed(owner, &[(&lamp, 1)]).await;
    let health = shop.app.request(Method::GET, "/health").send().await.unwrap();
    assert_eq!(health.status(), 200);
    assert_eq!(health.json::<Value>().await.unwrap()["status"], "degraded");
}
