//! Many at once.

use std::sync::Arc;

use config::testing::TestApp;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{basket, promotion, release, reserve, start, try_reserve, user, uses};

/// The answers to `n` reservations made at once.
async fn race(app: &Arc<TestApp>, n: usize, asked: impl Fn(usize) -> (Uuid, Value)) -> Vec<Value> {
    let mut tasks = JoinSet::new();
    for index in 0..n {
        let (app, (id, goods)) = (app.clone(), asked(index));
        tasks.spawn(async move { reserve(&app, id, &goods).await });
    }
    tasks.join_all().await
}

fn with_discount(answers: &[Value]) -> usize {
    answers.iter().filter(|answer| answer["discount"] != 0).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_as_many_orders_as_allowed_get_it() {
    let app = start().await;
    let promotion = promotion(&app, &json!({ "code": "TEN", "usage_limit": 10 })).await;
    let goods = |_| (Uuid::now_v7(), basket(&json!({ "user_id": user(), "code": "TEN" })));
    let answers = race(&app, 120, goods).await;
    assert_eq!(with_discount(&answers), 10);
    assert_eq!(answers.iter().filter(|answer| answer["rejected"]["reason"] == "used-up").count(), 110);
    assert_eq!(uses(&app, &promotion).await, (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_gets_it_as_often_as_allowed() {
    let app = start().await;
    let promotion = promotion(&app, &json!({ "code": "ONCE", "per_customer_limit": 1 })).await;
    let customer = user();
    let goods = |_| (Uuid::now_v7(), basket(&json!({ "user_id": customer, "code": "ONCE" })));
    let answers = race(&app, 20, goods).await;
    assert_eq!(with_discount(&answers), 1);
    let refused = answers.iter().filter(|answer| answer["rejected"]["reason"] == "used-up-by-customer");
    assert_eq!((refused.count(), uses(&app, &promotion).await), (19, (1, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_first_orders_at_once_one_is_the_first() {
    let app = start().await;
    // Two promotions: neither counter alone would tell.
    promotion(&app, &json!({ "code": "HELLO", "first_order_only": true })).await;
    promotion(&app, &json!({ "code": "WELCOME", "first_order_only": true })).await;
    for _ in 0..5 {
        let customer = user();
        let code = |index: usize| ["HELLO", "WELCOME"][index % 2];
        let goods = |index| (Uuid::now_v7(), basket(&json!({ "user_id": customer, "code": code(index) })));
        let answers = race(&app, 10, goods).await;
        assert_eq!(with_discount(&answers), 1);
        let refused = answers.iter().filter(|answer| answer["rejected"]["reason"] == "first-order-only");
        assert_eq!(refused.count(), 9);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_raced_reserves_once() {
    let app = start().await;
    let limits = json!({ "usage_limit": 5, "per_customer_limit": 1, "first_order_only": true });
    let promotion = promotion(&app, &limits).await;
    let (id, goods) = (Uuid::now_v7(), basket(&json!({ "user_id": user() })));
    let answers = race(&app, 20, |_| (id, goods.clone())).await;
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer["discount"] == 300), "{answers:?}");
    assert_eq!(uses(&app, &promotion).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn stacks_of_limited_promotions_never_lock_each_other_out() {
    let app = start().await;
    // Applied in the opposite order of their ids.
    let mut all = Vec::new();
    for (priority, limit) in [(1, 30), (2, 20), (3, 10)] {
        all.push(
            promotion(&app, &json!({ "stackable": true, "priority": priority, "usage_limit": limit })).await,
        );
    }
    let answers = race(&app, 100, |_| (Uuid::now_v7(), basket(&json!({ "user_id": user() })))).await;
    for (promotion, limit) in all.iter().zip([30, 20, 10]) {
        let has = |answer: &&Value| {
            let mut applied = answer["applied"].as_array().unwrap().iter();
            applied.any(|it| it["promotion_id"] == promotion["id"])
        };
        assert_eq!(answers.iter().filter(has).count(), limit);
        assert_eq!(uses(&app, promotion).await, (limit as u64, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reserving_raced_against_releasing_leaves_the_counters_right() {
    let app = start().await;
    let promotion = promotion(&app, &json!({ "usage_limit": 1 })).await;
    let customer = user();
    for _ in 0..10 {
        let (id, goods) = (Uuid::now_v7(), basket(&json!({ "user_id": customer })));
        let mut tasks = JoinSet::new();
        for index in 0..10 {
            let (app, goods) = (app.clone(), goods.clone());
            tasks.spawn(async move {
                match index % 2 {
                    0 => release(&app, id).await,
                    _ => {
                        let status = try_reserve(&app, id, &goods).await.status().as_u16();
                        assert!([200, 409].contains(&status), "{status}");
                    }
                }
            });
        }
        tasks.join_all().await;
        // Released last, or refused from the start.
        assert_eq!(uses(&app, &promotion).await, (0, 0));
    }
}
