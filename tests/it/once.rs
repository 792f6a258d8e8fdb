//! However often it is asked for, it happens once.

use std::collections::BTreeSet;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use system_tests::{Answer, Shop, Shopper, eventually, json_of};
use tokio::task::JoinSet;
use uuid::Uuid;

/// The final answers to the same request sent many times at once under one key.
async fn same_key(shopper: &Shopper, request: &RequestBuilder) -> Vec<(u16, bool, Value)> {
    let key = Uuid::new_v4().to_string();
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (shopper, request, key) = (shopper.clone(), request.try_clone().unwrap(), key.clone());
        tasks.spawn(async move {
            let Answer { status, replayed, body } = shopper.insist(request, &key).await;
            (status, replayed, body)
        });
    }
    tasks.join_all().await
}

/// All the same answer, and all but one of them a repetition.
fn must_be_one(answers: &[(u16, bool, Value)]) -> u64 {
    let ids: BTreeSet<u64> =
        answers.iter().map(|(_, _, body)| body["id"].as_u64().unwrap_or_default()).collect();
    assert!(answers.iter().all(|(status, ..)| *status == 201), "{answers:?}");
    assert_eq!(
        (ids.len(), answers.iter().filter(|(_, replayed, _)| !replayed).count()),
        (1, 1),
        "{answers:?}"
    );
    *ids.first().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_makes_one_order_one_payment_one_refund() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(100.0, 50).await);
    let order = must_be_one(&same_key(&shopper, &shopper.order(&[(&product, 1)])).await);
    shop.stock_becomes(&product, (50, 1, 49)).await;
    let payment = must_be_one(&same_key(&shopper, &shopper.pay(order, 100.0)).await);
    shop.stock_becomes(&product, (49, 0, 49)).await;
    let refund = shop
        .admin(Method::POST, &format!("/api/payments/{payment}/refund"))
        .json(&json!({ "amount": 30, "reason": "scratched" }));
    must_be_one(&same_key(&shopper, &refund).await);
    let payment = shopper.get(&format!("/api/payments/{payment}")).await;
    assert_eq!(payment["refunded_amount"], 30, "{payment}");
}

#[tokio::test]
async fn a_key_is_for_one_request_only() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(100.0, 50).await);
    let key = Uuid::new_v4().to_string();
    assert_eq!(shopper.insist(shopper.order(&[(&product, 1)]), &key).await.status, 201);
    let other = shopper.insist(shopper.order(&[(&product, 2)]), &key).await;
    assert_eq!((other.status, &other.body["code"]), (422, &json!("idempotency-key-reused")));
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_never_exceed_the_payment_however_many_race() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(100.0, 5).await);
    let (order, total) = shopper.ordered(&[(&product, 1)]).await;
    let payment = shopper.paid(order, total).await;
    let mut tasks = JoinSet::new();
    for _ in 0..30 {
        let refund = shop.admin(Method::POST, &format!("/api/payments/{payment}/refund"));
        let refund = refund.json(&json!({ "amount": 7, "reason": "race" }));
        let (shopper, key) = (shopper.clone(), Uuid::new_v4().to_string());
        tasks.spawn(async move { shopper.insist(refund, &key).await.status });
    }
    let statuses = tasks.join_all().await;
    let granted = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(granted, 14, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409, 422].contains(status)), "{statuses:?}");
    let payment = shopper.get(&format!("/api/payments/{payment}")).await;
    assert_eq!((&payment["refunded_amount"], &payment["status"]), (&json!(98), &json!("partially_refunded")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_paid_once_however_many_payments_race() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(100.0, 5).await);
    let (order, total) = shopper.ordered(&[(&product, 1)]).await;
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (shopper, key) = (shopper.clone(), Uuid::new_v4().to_string());
        tasks.spawn(async move { shopper.insist(shopper.pay(order, total), &key).await.status });
    }
    let statuses = tasks.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_raced_against_a_cancellation_ends_paid_or_refunded() {
    let shop = Shop::shared().await;
    let (shopper, product) = (shop.shopper().await, shop.product(100.0, 500).await);
    let (mut paid, mut returned) = (0, 0);
    for round in 0..12 {
        let (order, total) = shopper.ordered(&[(&product, 1)]).await;
        let cancel = shopper.request(Method::POST, &format!("/api/orders/{order}/cancel")).json(&json!({}));
        let pay = shopper.pay(order, total);
        // Both go first in turns, and at times the money has certainly been taken when the order is cancelled.
        let is_certain = round % 3 == 2;
        let pause =
            |late: bool| tokio::time::sleep(std::time::Duration::from_millis(if late { 8 } else { 0 }));
        let (payment, cancellation) = if is_certain {
            (pay.send().await.unwrap().status(), cancel.send().await.unwrap().status())
        } else {
            tokio::join!(
                async {
                    pause(round % 3 == 0).await;
                    pay.send().await.unwrap().status()
                },
                async {
                    pause(round % 3 == 1).await;
                    cancel.send().await.unwrap().status()
                },
            )
        };
        let (end, is_back) = eventually("the order ends paid or cancelled and refunded", || async {
            let order = json_of(shopper.request(Method::GET, &format!("/api/orders/{order}"))).await;
            let filter = format!("/api/payments/?order_id={}", order["id"]);
            let payments = json_of(shopper.request(Method::GET, &filter)).await;
            let all = || payments["items"].as_array().into_iter().flatten();
            let money: f64 = all().map(kept).sum();
            let is_back = all().any(|payment| payment["status"] == "refunded");
            match order["status"].as_str() {
                Some("paid") if money == 100.0 => Ok(("paid", is_back)),
                Some("cancelled" | "refunded") if money == 0.0 => Ok(("cancelled", is_back)),
                _ => Err(format!("{payment} {cancellation} {order} {payments}")),
            }
        })
        .await;
        let answers = format!("round {round}: {payment} and {cancellation}, then {end}");
        assert!(!is_certain || payment == 201, "{answers}");
        assert_eq!(end == "cancelled", cancellation == 200, "{answers}");
        assert!(end == "cancelled" || payment == 201, "{answers}");
        assert!(end == "paid" || payment != 201 || is_back, "what was taken went back: {answers}");
        paid += u64::from(end == "paid");
        returned += u64::from(is_back);
    }
    assert!(returned > 0, "money was taken and went back");
    let left = 500 - paid;
    shop.stock_becomes(&product, (left, 0, left)).await;
}

/// What the shop keeps of a payment.
fn kept(payment: &Value) -> f64 {
    match payment["status"].as_str() {
        Some("succeeded" | "partially_refunded" | "refunded") => {
            payment["amount"].as_f64().unwrap() - payment["refunded_amount"].as_f64().unwrap()
        }
        Some("processing" | "authorized" | "requires_action") => f64::NAN,
        _ => 0.0,
    }
}
