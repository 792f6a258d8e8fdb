//! Notifications. E-mails and what events bring about are in the walk-through.

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Shop, Shopper, eventually};

use super::{answered, each, has, is_time, refused, unique, wrong_fields};

async fn sent(shop: &Shop, to: &Shopper, message: &str) -> Value {
    let new = json!({ "user_id": to.id, "message": message, "type": "custom", "title": "For a test" });
    answered(shop.admin(Method::POST, "/api/notifications/").json(&new), 201).await
}

#[tokio::test]
async fn an_administrator_sends_and_the_owner_reads() {
    let shop = Shop::shared().await;
    let (shopper, other) = (shop.shopper().await, shop.shopper().await);
    let (first, second) = (sent(&shop, &shopper, "one").await, sent(&shop, &shopper, "two").await);
    has(
        &first,
        &json!({ "user_id": shopper.id, "message": "one", "type": "custom", "title": "For a test",
        "is_read": false, "read_at": null }),
    );
    let by_id = format!("/api/notifications/{}?limit=100", shopper.id);
    for path in ["/api/notifications/?limit=100", &by_id] {
        let list = shopper.get(path).await;
        let ids = each(&list, "id");
        assert!(ids.contains(&&first["id"]) && ids.contains(&&second["id"]), "{list}");
    }
    refused(other.request(Method::GET, &by_id), 403, "not-yours").await;

    let read = |who: &Shopper| who.request(Method::PUT, &format!("/api/notifications/{}/read", first["id"]));
    let status = read(&other).send().await.unwrap().status().as_u16();
    assert!([403, 404].contains(&status), "{status}");
    let seen = answered(read(&shopper), 200).await;
    assert_eq!(seen["is_read"], true);
    is_time(&seen["read_at"]);
    let unread = shopper.get("/api/notifications/?unread=true&limit=100").await;
    assert!(
        each(&unread, "id").contains(&&second["id"]) && !each(&unread, "id").contains(&&first["id"]),
        "{unread}"
    );
    assert_eq!(unread["unread"], unread["total"], "{unread}");

    let all = answered(shopper.request(Method::PUT, "/api/notifications/read-all"), 200).await;
    assert!(all["updated"].as_u64() >= Some(1), "{all}");
    eventually("nothing is unread", || async {
        answered(shopper.request(Method::PUT, "/api/notifications/read-all"), 200).await;
        let left = shopper.get(&format!("/api/notifications/{}?unread=true", shopper.id)).await;
        if left["total"] == 0 { Ok(()) } else { Err(left.to_string()) }
    })
    .await;
    let gone = format!("/api/notifications/{}", first["id"]);
    answered(shopper.request(Method::DELETE, &gone), 204).await;
    assert!(!each(&shopper.get("/api/notifications/?limit=100").await, "id").contains(&&first["id"]));
}

#[tokio::test]
async fn what_is_wrong_with_a_notification_is_named_at_once() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let wrong = json!({ "user_id": shopper.id, "message": "", "type": "gossip", "channel": "smoke" });
    let fields = wrong_fields(shop.admin(Method::POST, "/api/notifications/").json(&wrong)).await;
    assert_eq!(fields, ["channel", "message", "type"]);
}

#[tokio::test]
async fn the_stream_brings_what_is_new() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let message = unique("streamed ");
    let stream = shopper.request(Method::GET, "/api/notifications/stream").send().await.unwrap();
    assert_eq!(stream.status(), 200);
    assert!(stream.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    let made = sent(&shop, &shopper, &message).await;
    let mut parts = stream.bytes_stream();
    let mut heard = String::new();
    while !heard.contains(&message) {
        let part = tokio::time::timeout(Duration::from_secs(30), parts.next()).await;
        let part = part.unwrap_or_else(|_| panic!("only this was heard: {heard}")).unwrap().unwrap();
        heard.push_str(&String::from_utf8_lossy(&part));
    }
    // What was heard is the notification itself.
    let data = heard.lines().filter_map(|line| line.strip_prefix("data:")).find(|it| it.contains(&message));
    let event: Value = serde_json::from_str(data.unwrap()).unwrap();
    assert_eq!((&event["id"], &event["message"]), (&made["id"], &json!(message)), "{heard}");
}

#[tokio::test]
async fn who_wants_no_e_mail_of_a_kind_gets_none() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let path = "/api/notifications/preferences";
    let of = |all: &Value, kind: &str| {
        all["items"].as_array().unwrap().iter().find(|it| it["type"] == kind).cloned().unwrap()
    };
    has(&of(&shopper.get(path).await, "custom"), &json!({ "in_app": true, "email": true, "webhook": true }));
    let change = json!({ "items": [{ "type": "custom", "email": false }] });
    answered(shopper.request(Method::PUT, path).json(&change), 200).await;
    let preferences = shopper.get(path).await;
    has(&of(&preferences, "custom"), &json!({ "in_app": true, "email": false }));
    has(&of(&preferences, "order_created"), &json!({ "email": true }));
    let wrong = json!({ "items": [{ "type": "gossip", "email": false }] });
    assert!(!wrong_fields(shopper.request(Method::PUT, path).json(&wrong)).await.is_empty());

    let made = sent(&shop, &shopper, "in the shop only").await;
    let deliveries = format!("/api/notifications/deliveries?notification_id={}", made["id"]);
    let list = answered(shop.admin(Method::GET, &deliveries), 200).await;
    assert_eq!(each(&list, "channel"), ["in_app"], "{list}");
}

#[tokio::test]
async fn a_notification_may_be_for_one_channel_only() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    for channel in ["in_app", "email"] {
        let new = json!({ "user_id": shopper.id, "message": channel, "type": "custom", "channel": channel });
        let made = answered(shop.admin(Method::POST, "/api/notifications/").json(&new), 201).await;
        let path = format!("/api/notifications/deliveries?notification_id={}", made["id"]);
        assert_eq!(each(&answered(shop.admin(Method::GET, &path), 200).await, "channel"), [channel]);
    }
}

#[tokio::test]
async fn administrators_see_deliveries_and_their_attempts() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let made = sent(&shop, &shopper, "by mail").await;
    let filter = format!("notification_id={}&user_id={}&channel=email", made["id"], shopper.id);
    let path = format!("/api/notifications/deliveries?{filter}");
    let delivery = eventually("the e-mail is sent", || async {
        let list = answered(shop.admin(Method::GET, &path), 200).await;
        if list["items"][0]["status"] == "sent" {
            Ok(list["items"][0].clone())
        } else {
            Err(list.to_string())
        }
    })
    .await;
    has(&delivery, &json!({ "channel": "email", "attempts": 1, "last_error": null, "user_id": shopper.id }));
    let one = format!("/api/notifications/deliveries/{}", delivery["id"]);
    assert_eq!(answered(shop.admin(Method::GET, &one), 200).await["notification_id"], made["id"]);
    // Only what was given up is sent again.
    refused(shop.admin(Method::POST, &format!("{one}/resend")), 409, "delivery-not-dead").await;
    let others = answered(shop.admin(Method::GET, &format!("{path}&status=dead")), 200).await;
    assert_eq!(others["total"], 0);
    for path in [&path, &one] {
        refused(shopper.request(Method::GET, path), 403, "not-admin").await;
    }
}

#[tokio::test]
async fn a_webhooks_secret_is_shown_once() {
    let shop = Shop::shared().await;
    let (shopper, other) = (shop.shopper().await, shop.shopper().await);
    let path = "/api/notifications/webhooks";
    let add = |url: &str| shopper.request(Method::POST, path).json(&json!({ "url": url }));
    let made = answered(add("https://example.com/hook"), 201).await;
    assert!(made["secret"].as_str().is_some_and(|secret| secret.len() > 30), "{made}");
    let list = shopper.get(path).await;
    assert_eq!((each(&list, "id"), each(&list, "secret")), (vec![&made["id"]], vec![&Value::Null]));
    assert_eq!(each(&other.get(path).await, "id"), Vec::<&Value>::new());
    assert_eq!(wrong_fields(add("nowhere")).await, ["url"]);
    let one = format!("{path}/{}", made["id"]);
    let status = other.request(Method::DELETE, &one).send().await.unwrap().status().as_u16();
    assert!([403, 404].contains(&status), "{status}");
    answered(shopper.request(Method::DELETE, &one), 204).await;
    assert_eq!(shopper.get(path).await["items"], json!([]));
}
