//! Many at once.

use std::sync::Arc;

use config::testing::{TestKafka, eventually};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Shop, id, payment, user};

/// The statuses of the requests, sent at once.
async fn statuses(requests: impl IntoIterator<Item = RequestBuilder>) -> Vec<u16> {
    let mut tasks = JoinSet::new();
    for request in requests {
        tasks.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_twenty_times_places_one_order() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let statuses =
        statuses((0..20).map(|_| shop.order(owner, &[(&lamp, 1)]).header("Idempotency-Key", "k"))).await;
    assert!(
        statuses.contains(&201) && statuses.iter().all(|status| [201, 409].contains(status)),
        "{statuses:?}"
    );
    assert_eq!((shop.count("orders").await, shop.asked_inventory("/reservations").await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_keys_six_times_each_place_ten_orders() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let orders =
        (0..60).map(|n| shop.order(owner, &[(&lamp, 1)]).header("Idempotency-Key", format!("{}", n % 10)));
    let statuses = statuses(orders).await;
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    assert_eq!((shop.count("orders").await, shop.asked_inventory("/reservations").await.len()), (10, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_orders_at_once_are_a_hundred_orders() {
    let shop = Shop::open().await;
    let (a, b) = (shop.products.add(1, "USD"), shop.products.add(2, "USD"));
    let orders = (0..100).map(|n| match n % 2 {
        0 => shop.order(n, &[(&a, 1), (&b, 2)]),
        _ => shop.order(n, &[(&b, 2), (&a, 1)]),
    });
    assert_eq!(statuses(orders).await, [201; 100]);
    let summary = shop.read("/api/orders/analytics/summary").await;
    assert_eq!((shop.count("orders").await, &summary["orders"]), (100, &json!(100)));
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_are_written_together_are_each_their_own() {
    let shop = Shop::open().await;
    let lamp = shop.products.add(100, "USD");
    let mut tasks = JoinSet::new();
    for n in 1..=60 {
        let request = shop.order(n, &[(&lamp, n.cast_signed())]).header("Idempotency-Key", "k");
        let again = request.try_clone().unwrap();
        tasks.spawn(async move {
            let placed: Value = request.send().await.unwrap().json().await.unwrap();
            let replayed: Value = again.send().await.unwrap().json().await.unwrap();
            (n, placed, replayed)
        });
    }
    for (n, placed, replayed) in tasks.join_all().await {
        let read = shop.read(&format!("/api/orders/{}", id(&placed))).await;
        for order in [&placed, &replayed, &read] {
            assert_eq!((&order["id"], &order["user_id"]), (&placed["id"], &json!(n)));
            let items = order["items"].as_array().unwrap();
            assert_eq!((items.len(), &items[0]["quantity"], &items[0]["id"]), (1, &json!(n), &json!(1)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_cancellations_one_cancels() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let order = id(&shop.placed(owner, &[(&lamp, 1)]).await);
    let cancel = |n: u32| match n % 2 {
        0 => shop.app.as_client(owner, Method::POST, &format!("/api/orders/{order}/cancel")),
        _ => shop.app.as_admin(Method::DELETE, &format!("/api/orders/{order}")),
    };
    let statuses = statuses((0..20).map(cancel)).await;
    assert_eq!((statuses[0], &statuses[1..]), (200, &[409; 19][..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_changes_of_one_version_one_is_made() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let order = id(&shop.placed(owner, &[(&lamp, 1)]).await);
    let change = |n: u32| {
        let put = shop
            .app
            .as_client(owner, Method::PUT, &format!("/api/orders/{order}"))
            .header("If-Match", "\"1\"");
        put.json(&json!({ "shipping_address": format!("{n} Lê Lợi") }))
    };
    let statuses = statuses((0..20).map(change)).await;
    assert_eq!((statuses[0], &statuses[1..]), (200, &[412; 19][..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_changed_before_the_cancellation_or_not_at_all() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    for _ in 0..10 {
        let order = id(&shop.placed(owner, &[(&lamp, 1)]).await);
        let path = format!("/api/orders/{order}");
        let change =
            shop.app.as_client(owner, Method::PUT, &path).json(&json!({ "shipping_address": "elsewhere" }));
        let cancel = shop.app.as_client(owner, Method::DELETE, &path);
        let (changed, cancelled) = tokio::join!(change.send(), cancel.send());
        assert_eq!(cancelled.unwrap().status(), 200);
        let changed = changed.unwrap().status() == 200;
        let order = shop.read(&path).await;
        assert_eq!(order["shipping_address"] == "elsewhere", changed);
        assert_eq!(
            (&order["status"], &order["version"]),
            (&json!("cancelled"), &json!(if changed { 3 } else { 2 }))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_raced_by_a_cancellation_leaves_one_true_story() {
    let shop = Arc::new(Shop::open().await);
    let kafka = TestKafka::new(&shop.env);
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    for _ in 0..10 {
        let order: Value = shop.placed(owner, &[(&lamp, 1)]).await;
        let path = format!("/api/orders/{}", id(&order));
        let paid = payment("payment_processed", &order, &json!({}));
        let cancel = shop.app.as_client(owner, Method::DELETE, &path);
        let ((), cancelled) = tokio::join!(kafka.send(&paid), cancel.send());
        assert_eq!(cancelled.unwrap().status(), 200, "a paid order can be cancelled, too");
        let history = eventually("both are in the history", || async {
            let history = shop.read(&format!("{path}/history")).await;
            if history["count"] == 3 { Ok(history) } else { Err(history.to_string()) }
        })
        .await;
        let steps: Vec<_> =
            history["items"].as_array().unwrap().iter().map(|entry| entry["to"].as_str().unwrap()).collect();
        let paid_first = steps == ["pending", "paid", "cancelled"];
        assert!(paid_first || steps == ["pending", "cancelled", "cancelled"], "{steps:?}");
        assert_eq!(shop.read(&path).await["paid_at"].is_string(), paid_first);
    }
}
