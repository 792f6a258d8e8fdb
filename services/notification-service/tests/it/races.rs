//! Many at once.

use std::collections::HashSet;
use std::sync::Arc;

use config::testing::eventually;
use notification_service::Notification;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{SHOPPER, Shop, order_event};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_twenty_times_at_once_makes_one_notification() {
    let shop = Arc::new(Shop::open().await);
    let post = |shop: Arc<Shop>| async move {
        let body = json!({ "user_id": SHOPPER, "type": "custom", "message": "hello" });
        let request = shop
            .app
            .as_admin(Method::POST, "/api/notifications")
            .header("Idempotency-Key", "once")
            .json(&body);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap())
    };
    let tasks: Vec<_> = (0..20).map(|_| tokio::spawn(post(shop.clone()))).collect();
    let mut created = HashSet::new();
    for task in tasks {
        match task.await.unwrap() {
            (201, body) => _ = created.insert(body["id"].as_u64().unwrap()),
            (status, body) => assert_eq!((status, &body["code"]), (409, &json!("idempotency-key-running"))),
        }
    }
    assert_eq!(created.len(), 1);
    let (status, replayed) = post(shop.clone()).await;
    assert_eq!((status, replayed["id"].as_u64()), (201, created.into_iter().next()));
    assert_eq!(shop.list(SHOPPER).await["total"], 1);
    let other = json!({ "user_id": SHOPPER, "type": "custom", "message": "another" });
    let reused =
        shop.app.as_admin(Method::POST, "/api/notifications").header("Idempotency-Key", "once").json(&other);
    assert_eq!(reused.send().await.unwrap().status(), 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_send_each_e_mail_once() {
    let shop = Shop::open().await;
    let other = shop.env.start::<Notification>().await;
    shop.introduce(SHOPPER).await;
    for order in 100..150 {
        shop.kafka.send(&order_event("order_created", order, "pending", json!({}))).await;
    }
    for order in 100..150 {
        shop.mail(&format!("Order {order} received")).await;
    }
    let sent = eventually("all are recorded as sent", || async {
        let sent = shop.deliveries("channel=email&status=sent").await;
        if sent.len() == 50 { Ok(sent) } else { Err(format!("{} are", sent.len())) }
    })
    .await;
    assert!(sent.iter().all(|delivery| delivery["attempts"] == 1), "{sent:?}");
    let ids: HashSet<_> = shop.mails().iter().map(|mail| mail.header("Message-ID").to_owned()).collect();
    assert_eq!(ids.len(), 50);
    other.stop().await;
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_more_webhooks_than_the_limit() {
    let shop = Arc::new(Shop::open().await);
    let tasks: Vec<_> = (0..30)
        .map(|number| {
            let shop = shop.clone();
            tokio::spawn(async move {
                let body = json!({ "url": format!("https://example.com/{number}") });
                let answer = shop
                    .app
                    .as_client(SHOPPER, Method::POST, "/api/notifications/webhooks")
                    .json(&body)
                    .send();
                answer.await.unwrap().status().as_u16()
            })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        match task.await.unwrap() {
            201 => created += 1,
            status => assert_eq!(status, 409),
        }
    }
    assert_eq!(created, 5);
}
