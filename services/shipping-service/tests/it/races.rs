//! Many at once.

use std::collections::HashSet;
use std::sync::Arc;

use config::testing::{TestApp, TestEnv, TestKafka, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use shipping_service::Shipping;
use tokio::task::JoinSet;

use crate::support::{
    cancelled, get, new_shipment, order_service, paid, put_status, ship, shipments_of, shipped,
    start_with_orders, walk,
};

/// Status and body of `n` requests made at once.
async fn race<F>(n: usize, request: impl Fn(usize) -> F) -> Vec<(u16, Value)>
where
    F: Future<Output = reqwest::Response> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for index in 0..n {
        let request = request(index);
        tasks.spawn(async move {
            let answer = request.await;
            (answer.status().as_u16(), answer.json().await.unwrap())
        });
    }
    tasks.join_all().await
}

fn count(answers: &[(u16, Value)], status: u16) -> usize {
    answers.iter().filter(|(s, _)| *s == status).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_makes_one_shipment() {
    let (app, _orders) = start_with_orders("paid").await;
    let app = Arc::new(app);
    let post = |body: Value| {
        let request =
            app.as_admin(Method::POST, "/api/shipments").header("Idempotency-Key", "same").json(&body);
        async move { request.send().await.unwrap() }
    };
    let answers = race(20, |_| post(new_shipment(5))).await;
    assert!(
        answers.iter().all(|(status, body)| *status == 201 || body["code"] == "idempotency-key-running"),
        "{answers:?}"
    );
    let ids: HashSet<_> =
        answers.iter().filter(|(s, _)| *s == 201).map(|(_, body)| body["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    let replay = post(new_shipment(5)).await;
    assert_eq!(
        (replay.status().as_u16(), &replay.headers()["idempotent-replayed"]),
        (201, &"true".parse().unwrap())
    );
    assert_eq!(post(new_shipment(6)).await.status(), 422);
    assert_eq!(get(&app, "/api/shipments").await["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_gets_one_shipment_whoever_makes_it() {
    let orders = order_service("paid").await;
    let env = TestEnv::new().await.peer("order-service", &orders.uri());
    let kafka = TestKafka::new(&env);
    let app = Arc::new(env.start::<Shipping>().await);
    for order in 1..=5 {
        kafka.send(&paid(order)).await;
    }
    let answers = race(50, |index| {
        let app = app.clone();
        async move { ship(&app, &new_shipment(index as u64 % 5 + 1)).await }
    })
    .await;
    assert!(
        answers.iter().all(|(status, body)| *status == 201 || body["code"] == "shipment-exists"),
        "{answers:?}"
    );
    eventually("every order has its shipment", || async {
        let total = get(&app, "/api/shipments").await["total"].clone();
        if total == 5 { Ok(()) } else { Err(total.to_string()) }
    })
    .await;
    for order in 1..=5 {
        assert_eq!(shipments_of(&app, order).await.len(), 1);
        assert_eq!(timeline(&app, order).await, ["pending"]);
    }
}

/// The statuses that the order's shipment went through.
async fn timeline(app: &TestApp, order: u64) -> Vec<String> {
    let tracking = get(app, &format!("/api/shipments/{order}/track")).await;
    let events = tracking["events"].as_array().unwrap();
    events.iter().map(|event| event["status"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_many_make_at_once_is_made_once() {
    let (app, _orders) = start_with_orders("paid").await;
    let app = Arc::new(app);
    let id = shipped(&app, 5).await["id"].clone();
    let answers = race(50, |_| {
        let (app, id) = (app.clone(), id.clone());
        async move { put_status(&app, &id, "picked").await }
    })
    .await;
    assert_eq!((count(&answers, 200), count(&answers, 409)), (1, 49), "{answers:?}");
    assert_eq!(timeline(&app, 5).await, ["pending", "picked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_and_a_departure_at_once_leave_one_winner() {
    let orders = order_service("paid").await;
    let env = TestEnv::new().await.peer("order-service", &orders.uri());
    let kafka = TestKafka::new(&env);
    let app = Arc::new(env.start::<Shipping>().await);
    let mut ids = Vec::new();
    for order in 1..=20 {
        let id = shipped(&app, order).await["id"].clone();
        walk(&app, &id, &["picked", "packed"]).await;
        ids.push(id);
    }
    let events = async {
        for order in 1..=20 {
            kafka.send(&cancelled(order, "fulfilling")).await;
        }
    };
    let departures = race(20, |index| {
        let (app, id) = (app.clone(), ids[index].clone());
        async move { put_status(&app, &id, "in_transit").await }
    });
    let (answers, ()) = tokio::join!(departures, events);
    let left = count(&answers, 200);
    assert_eq!(left + count(&answers, 409), 20, "{answers:?}");
    eventually("every shipment is cancelled or has left", || async {
        let total = |page: Value| page["total"].as_u64().unwrap_or_default();
        let cancelled = total(get(&app, "/api/shipments?status=cancelled").await);
        let in_transit = total(get(&app, "/api/shipments?status=in_transit").await);
        if (cancelled + in_transit, in_transit) == (20, left as u64) {
            Ok(())
        } else {
            Err(format!("{cancelled} {in_transit}"))
        }
    })
    .await;
    for order in 1..=20 {
        let timeline = timeline(&app, order).await;
        assert_eq!(timeline.len(), 4, "{timeline:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_share_the_orders_and_their_repetitions() {
    let env = TestEnv::new().await;
    let kafka = TestKafka::new(&env);
    let (one, two) = (env.start::<Shipping>().await, env.start::<Shipping>().await);
    let events: Vec<_> = (1..=50).map(paid).collect();
    for _ in 0..3 {
        for event in &events {
            kafka.send(event).await;
        }
    }
    eventually("every order has its shipment", || async {
        let total = get(&one, "/api/shipments").await["total"].clone();
        if total == 50 { Ok(()) } else { Err(total.to_string()) }
    })
    .await;
    // One dies; the other takes over what it had in hand.
    two.kill().await;
    kafka.send(&paid(51)).await;
    kafka.send(&paid(52)).await;
    eventually("the last orders have theirs", || async {
        let total = get(&one, "/api/shipments").await["total"].clone();
        if total == 52 { Ok(()) } else { Err(total.to_string()) }
    })
    .await;
    let answer = one.as_admin(Method::GET, "/api/shipments/51/track").send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["events"].as_array().unwrap().len(), 1);
    assert_eq!(get(&one, "/api/shipments?status=pending").await["total"], json!(52));
    one.stop().await;
}
