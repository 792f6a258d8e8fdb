//! The HTTP API: lists, marks, preferences, and who may do what.

use config::testing::{refusal, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{SHOPPER, STRANGER, Shop, get, order_event};

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_the_callers_own_and_the_newest_first() {
    let shop = Shop::open().await;
    for number in 1..=3 {
        shop.posted(SHOPPER, &format!("message {number}")).await;
    }
    shop.posted(STRANGER, "for somebody else").await;
    let list = shop.list(SHOPPER).await;
    let messages: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|item| item["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["message 3", "message 2", "message 1"]);
    assert_eq!(list["items"][0]["title"], "A message for you");
    assert_eq!(list, get(&shop.app, SHOPPER, "/api/notifications/7/?limit=100").await);

    let first = get(&shop.app, SHOPPER, "/api/notifications?limit=2").await;
    let next = first["next_cursor"].as_str().unwrap();
    let rest = get(&shop.app, SHOPPER, &format!("/api/notifications?limit=2&cursor={next}")).await;
    assert_eq!(
        (&rest["items"][0]["message"], &rest["next_cursor"], &rest["total"]),
        (&json!("message 1"), &Value::Null, &json!(3))
    );
    let skipped = get(&shop.app, SHOPPER, "/api/notifications?skip=1&limit=1").await;
    assert_eq!(skipped["items"][0]["message"], "message 2");

    let answer = shop.app.as_client(STRANGER, Method::GET, "/api/notifications/7").send().await.unwrap();
    assert_eq!(refusal(answer).await.0, 403);
    let answer =
        shop.app.as_client(STRANGER, Method::GET, "/api/notifications?user_id=7").send().await.unwrap();
    assert_eq!(refusal(answer).await.0, 403);
    let answer = shop.app.as_admin(Method::GET, "/api/notifications/7").send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["total"], 3);
    let answer =
        shop.app.as_client(SHOPPER, Method::GET, "/api/notifications?limit=0&skip=-1").send().await.unwrap();
    let (status, problem) = refusal(answer).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["skip", "limit"]));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_stays_read() {
    let shop = Shop::open().await;
    let first = shop.posted(SHOPPER, "one").await;
    shop.posted(SHOPPER, "two").await;
    shop.posted(STRANGER, "three").await;
    let path = format!("/api/notifications/{}/read", first["id"]);
    let answer = shop.app.as_client(STRANGER, Method::PUT, &path).send().await.unwrap();
    assert_eq!(refusal(answer).await.0, 403);
    let read: Value =
        shop.app.as_client(SHOPPER, Method::PUT, &path).send().await.unwrap().json().await.unwrap();
    assert_eq!(read["is_read"], true);
    let again: Value =
        shop.app.as_client(SHOPPER, Method::PUT, &path).send().await.unwrap().json().await.unwrap();
    assert_eq!(again["is_read"], true);

    let unread = get(&shop.app, SHOPPER, "/api/notifications?unread=true").await;
    assert_eq!(
        (&unread["total"], &unread["unread"], &unread["items"][0]["message"]),
        (&json!(1), &json!(1), &json!("two"))
    );
    assert_eq!(shop.list(SHOPPER).await["unread"], 1);
    let all = shop.app.as_client(SHOPPER, Method::PUT, "/api/notifications/read-all").send().await.unwrap();
    assert_eq!(all.json::<Value>().await.unwrap(), json!({ "updated": 1 }));
    assert_eq!(shop.list(SHOPPER).await["unread"], 0);
    assert_eq!(shop.list(STRANGER).await["unread"], 1);
    for absent in ["/api/notifications/0/read", "/api/notifications/18446744073709551615/read"] {
        assert_eq!(shop.app.as_client(SHOPPER, Method::PUT, absent).send().await.unwrap().status(), 404);
    }

    let path = format!("/api/notifications/{}", first["id"]);
    assert_eq!(shop.app.as_client(STRANGER, Method::DELETE, &path).send().await.unwrap().status(), 403);
    assert_eq!(shop.app.as_client(SHOPPER, Method::DELETE, &path).send().await.unwrap().status(), 204);
    assert_eq!(shop.app.as_client(SHOPPER, Method::DELETE, &path).send().await.unwrap().status(), 404);
    assert_eq!(shop.list(SHOPPER).await["total"], 1);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_post_and_every_wrong_field_is_named() {
    let shop = Shop::open().await;
    let good = json!({ "user_id": SHOPPER, "type": "custom", "message": "hello" });
    let request = |token: Option<u64>| match token {
        None => shop.app.request(Method::POST, "/api/notifications"),
        Some(user) => shop.app.as_client(user, Method::POST, "/api/notifications"),
    };
    assert_eq!(refusal(request(None).json(&good).send().await.unwrap()).await.0, 401);
    assert_eq!(refusal(request(Some(SHOPPER)).json(&good).send().await.unwrap()).await.0, 403);
    for path in ["/api/notifications/deliveries", "/api/notifications/deliveries/1"] {
        assert_eq!(shop.app.as_client(SHOPPER, Method::GET, path).send().await.unwrap().status(), 403);
    }
    let bad =
        json!({ "user_id": 0, "type": "gossip", "message": " ", "title": "two\nlines", "channel": "pigeon" });
    let (status, problem) = refusal(shop.post(&bad).await).await;
    assert_eq!(
        (status, wrong_fields(&problem)),
        (422, vec!["user_id", "message", "type", "title", "channel"])
    );
    let secret = json!({ "user_id": 7, "type": "password_reset", "message": "click" });
    assert_eq!(wrong_fields(&refusal(shop.post(&secret).await).await.1), ["type"]);
    let malformed = shop
        .app
        .as_admin(Method::POST, "/api/notifications")
        .header("content-type", "application/json")
        .body("{");
    assert_eq!(refusal(malformed.send().await.unwrap()).await.0, 400);
    let path = "/api/notifications/deliveries?status=lost&channel=x&skip=-1&limit=0&cursor=x";
    let answer = shop.app.as_admin(Method::GET, path).send().await.unwrap();
    let (status, problem) = refusal(answer).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["status", "channel", "skip", "limit", "cursor"]));
    assert_eq!(shop.list(SHOPPER).await["total"], 0);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_channel_is_the_only_one() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    let body = json!({ "user_id": SHOPPER, "type": "custom", "message": "hello", "title": "By mail", "channel": "email" });
    assert_eq!(shop.post(&body).await.status(), 201);
    shop.mail("By mail").await;
    assert_eq!(shop.list(SHOPPER).await["total"], 0);
    let body = json!({ "user_id": SHOPPER, "type": "custom", "message": "hello", "title": "In the shop", "channel": "in_app" });
    assert_eq!(shop.post(&body).await.status(), 201);
    let list = shop.list(SHOPPER).await;
    assert_eq!((&list["total"], &list["items"][0]["title"]), (&json!(1), &json!("In the shop")));
    let delivery = shop.delivery("channel=in_app", |_| true).await;
    assert_eq!((&delivery["status"], &delivery["attempts"]), (&json!("sent"), &json!(1)));
    shop.delivery("channel=email", |delivery| delivery["status"] == "sent").await;
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_hear_only_of_what_they_want_to() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    let all = get(&shop.app, SHOPPER, "/api/notifications/preferences").await;
    let of = |all: &Value, kind: &str| {
        all["items"].as_array().unwrap().iter().find(|it| it["type"] == kind).unwrap().clone()
    };
    assert_eq!(
        of(&all, "order_created"),
        json!({ "type": "order_created", "in_app": true, "email": true, "webhook": true, "mandatory": [] })
    );
    assert_eq!(
        of(&all, "password_reset"),
        json!({ "type": "password_reset", "in_app": false, "email": true, "webhook": false, "mandatory": ["email"] })
    );

    let put = |body: Value| {
        shop.app.as_client(SHOPPER, Method::PUT, "/api/notifications/preferences").json(&body).send()
    };
    let bad = json!({ "items": [
        { "type": "password_reset", "email": false }, { "type": "gossip", "email": false },
        { "type": "order_paid", "email": false }, { "type": "order_paid", "in_app": false },
    ] });
    let (status, problem) = refusal(put(bad).await.unwrap()).await;
    assert_eq!(
        (status, wrong_fields(&problem)),
        (422, vec!["items[0].email", "items[1].type", "items[3].type"])
    );
    let many: Vec<_> = (0..50).map(|_| json!({ "type": "order_paid" })).collect();
    assert_eq!(put(json!({ "items": many })).await.unwrap().status(), 422);

    let changed = put(json!({ "items": [{ "type": "order_created", "email": false }, { "type": "order_paid", "in_app": false }] })).await.unwrap();
    assert_eq!(of(&changed.json().await.unwrap(), "order_created")["email"], false);
    let again: Value = put(json!({ "items": [{ "type": "order_created", "in_app": true }] }))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&of(&again, "order_created")["email"], &of(&again, "order_paid")["in_app"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(get(&shop.app, STRANGER, "/api/notifications/preferences").await, all);

    shop.kafka.send(&order_event("order_created", 44, "pending", json!({}))).await;
    shop.kafka.send(&order_event("order_status_updated", 44, "paid", json!({}))).await;
    shop.mail("Order 44 is paid").await;
    let list = shop.list(SHOPPER).await;
    assert_eq!((&list["total"], &list["items"][0]["type"]), (&json!(1), &json!("order_created")));
    assert_eq!(shop.mails().len(), 1);
    shop.app.stop().await;
}
