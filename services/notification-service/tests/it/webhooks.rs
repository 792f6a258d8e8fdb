//! Posts to webhooks.

use std::time::{Duration, Instant};

use config::testing::{TestEnv, event, eventually, refusal, wrong_fields};
use reqwest::Method;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{SHOPPER, STRANGER, Shop, get, user_event};

async fn add(shop: &Shop, user: u64, url: &str) -> Value {
    let answer = shop
        .app
        .as_client(user, Method::POST, "/api/notifications/webhooks")
        .json(&json!({ "url": url }))
        .send();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 201);
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_signed_and_repeated_until_it_is_taken() {
    let receiver = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/hook"))
        .respond_with(ResponseTemplate::new(500))
        .up_to_n_times(1)
        .mount(&receiver)
        .await;
    Mock::given(method("POST"))
        .and(path("/hook"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&receiver)
        .await;
    let shop = Shop::open().await;
    let webhook = add(&shop, SHOPPER, &format!("{}/hook", receiver.uri())).await;
    let listed = get(&shop.app, SHOPPER, "/api/notifications/webhooks").await;
    assert_eq!(
        (&listed["items"][0]["id"], listed["items"][0].get("secret")),
        (&webhook["id"], Some(&Value::Null))
    );
    shop.posted(STRANGER, "not yours").await;
    let created = shop.posted(SHOPPER, "hello").await;
    let sent = shop.delivery("channel=webhook", |it| it["status"] == "sent").await;
    assert_eq!((&sent["attempts"], &sent["notification_id"]), (&json!(2), &created["id"]));

    let requests = receiver.received_requests().await.unwrap();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert_eq!(request.headers["webhook-id"], sent["message_id"].as_str().unwrap());
        let body: Value = request.body_json().unwrap();
        assert_eq!(
            (&body["notification_id"], &body["type"], &body["message"]),
            (&created["id"], &json!("custom"), &json!("hello"))
        );
        let signature = request.headers["webhook-signature"].to_str().unwrap();
        let (time, mac) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
        assert_eq!(
            mac,
            hmac(webhook["secret"].as_str().unwrap(), &[time.as_bytes(), b".", &request.body].concat())
        );
    }

    let path = format!("/api/notifications/webhooks/{}", webhook["id"]);
    assert_eq!(shop.app.as_client(STRANGER, Method::DELETE, &path).send().await.unwrap().status(), 404);
    assert_eq!(shop.app.as_client(SHOPPER, Method::DELETE, &path).send().await.unwrap().status(), 204);
    shop.posted(SHOPPER, "again").await;
    assert_eq!(shop.deliveries("channel=webhook").await.len(), 1);
    shop.app.stop().await;
}

fn hmac(secret: &str, message: &[u8]) -> String {
    use hmac::{Hmac, Mac as _};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_holds_up_no_other() {
    let receiver = MockServer::start().await;
    // Not as long as the service waits.
    let hanging = ResponseTemplate::new(200).set_delay(Duration::from_secs(8));
    Mock::given(path("/hanging")).respond_with(hanging).mount(&receiver).await;
    Mock::given(path("/prompt")).respond_with(ResponseTemplate::new(204)).mount(&receiver).await;
    let shop = Shop::open().await;
    add(&shop, SHOPPER, &format!("{}/hanging", receiver.uri())).await;
    add(&shop, STRANGER, &format!("{}/prompt", receiver.uri())).await;
    let arrived = async |path: &str| {
        let requests = receiver.received_requests().await.unwrap();
        requests.iter().filter(|request| request.url.path() == path).count()
    };
    for number in 0..5 {
        shop.posted(SHOPPER, &format!("hello {number}")).await;
    }
    eventually("some hang", || async {
        if arrived("/hanging").await > 0 { Ok(()) } else { Err("none".to_owned()) }
    })
    .await;
    let posted = Instant::now();
    shop.posted(STRANGER, "hello").await;
    eventually("the other's post", || async {
        if arrived("/prompt").await > 0 { Ok(()) } else { Err("none".to_owned()) }
    })
    .await;
    assert!(posted.elapsed() < Duration::from_secs(4), "{:?}", posted.elapsed());
    assert!(arrived("/hanging").await <= 2, "the others wait");
    shop.app.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let receiver = MockServer::start().await;
    let away = ResponseTemplate::new(302).insert_header("location", format!("{}/inside", receiver.uri()));
    Mock::given(path("/hook")).respond_with(away).mount(&receiver).await;
    Mock::given(path("/inside")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&receiver).await;
    let shop = Shop::open_with(|env| env.set("DELIVERY_ATTEMPTS", "2")).await;
    add(&shop, SHOPPER, &format!("{}/hook", receiver.uri())).await;
    shop.posted(SHOPPER, "hello").await;
    let dead = shop.delivery("channel=webhook", |it| it["status"] == "dead").await;
    assert_eq!(dead["last_error"], "it answered 302");
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shops_webhook_is_the_administrators_and_hears_of_everybody() {
    let receiver = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&receiver).await;
    let shop = Shop::open().await;
    let body = json!({ "url": receiver.uri(), "shop": true });
    let by_client = shop
        .app
        .as_client(SHOPPER, Method::POST, "/api/notifications/webhooks")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(by_client).await.0, 403);
    let answer =
        shop.app.as_admin(Method::POST, "/api/notifications/webhooks").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    for user in [SHOPPER, STRANGER] {
        shop.posted(user, "hello").await;
    }
    eventually("both posts", || async {
        let users: Vec<Value> = receiver
            .received_requests()
            .await
            .unwrap()
            .iter()
            .map(|it| it.body_json::<Value>().unwrap()["user_id"].clone())
            .collect();
        if users.contains(&json!(SHOPPER)) && users.contains(&json!(STRANGER)) {
            Ok(())
        } else {
            Err(format!("{users:?}"))
        }
    })
    .await;
    assert_eq!(get(&shop.app, SHOPPER, "/api/notifications/webhooks").await["items"], json!([]));
    shop.app.stop().await;
}

async fn add_for_the_shop(shop: &Shop, url: &str) {
    let body = json!({ "url": url, "shop": true });
    let answer = shop.app.as_admin(Method::POST, "/api/notifications/webhooks").json(&body).send();
    assert_eq!(answer.await.unwrap().status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shops_webhook_hears_of_everything_once_whatever_users_prefer() {
    let receiver = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&receiver).await;
    let shop = Shop::open().await;
    for admin in [2, 3] {
        shop.introduce_as(admin, json!({ "role": "admin" })).await;
    }
    add_for_the_shop(&shop, &receiver.uri()).await;
    add(&shop, SHOPPER, &format!("{}/own", receiver.uri())).await;
    let off = json!({ "items": [{ "type": "custom", "webhook": false }] });
    let answer = shop.app.as_client(SHOPPER, Method::PUT, "/api/notifications/preferences").json(&off);
    assert_eq!(answer.send().await.unwrap().status(), 200);
    shop.posted(SHOPPER, "hello").await;
    let low = json!({ "product_id": "507f1f77bcf86cd799439011", "available": 3, "threshold": 5 });
    shop.kafka.send(&event("inventory-events", "inventory_low", 1, low)).await;
    for admin in [2, 3] {
        shop.notification(admin, "low_stock").await;
    }
    eventually("both are posted", || async {
        let sent = shop.deliveries("channel=webhook&status=sent").await;
        if sent.len() == 2 { Ok(()) } else { Err(format!("{sent:?}")) }
    })
    .await;
    let told: Vec<Value> = shop.deliveries("channel=webhook").await;
    let kinds: Vec<_> = told.iter().rev().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["custom", "low_stock"], "{told:?}");
    let posts = receiver.received_requests().await.unwrap();
    assert!(posts.iter().all(|post| post.url.path() == "/"), "to the shop's alone");
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_and_the_end_of_an_account_end_its_webhooks() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    shop.introduce(STRANGER).await;
    add(&shop, SHOPPER, "http://127.0.0.1:9/7").await;
    add(&shop, STRANGER, "http://127.0.0.1:9/8").await;
    add_for_the_shop(&shop, "http://127.0.0.1:9/shop").await;
    let path = "/api/notifications/webhooks";
    shop.kafka.send(&user_event("password_changed", SHOPPER, json!({}))).await;
    shop.mail("Your password was changed").await;
    assert_eq!(get(&shop.app, SHOPPER, path).await["items"], json!([]));
    assert_eq!(get(&shop.app, STRANGER, path).await["items"].as_array().unwrap().len(), 1);
    shop.kafka.send(&user_event("user_deactivated", STRANGER, json!({ "is_active": false }))).await;
    eventually("the other's are gone, too", || async {
        let left = get(&shop.app, STRANGER, path).await;
        if left["items"] == json!([]) { Ok(()) } else { Err(left.to_string()) }
    })
    .await;
    let of_shop = shop.app.as_admin(Method::GET, &format!("{path}?shop=true")).send().await.unwrap();
    assert_eq!(of_shop.json::<Value>().await.unwrap()["items"].as_array().unwrap().len(), 1);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_accounts_webhook_gets_nothing() {
    let receiver = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(204)).expect(0).mount(&receiver).await;
    let shop = Shop::open().await;
    shop.introduce_as(SHOPPER, json!({ "is_active": false })).await;
    add(&shop, SHOPPER, &receiver.uri()).await;
    shop.posted(SHOPPER, "hello").await;
    let dead = shop.delivery("channel=webhook", |it| it["status"] == "dead").await;
    assert_eq!(dead["last_error"], "the account is not active");
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_owns_the_account_hears_of_a_new_webhook() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    shop.introduce_as(2, json!({ "role": "admin" })).await;
    let off = json!({ "items": [{ "type": "webhook_added", "email": false }] });
    let answer = shop.app.as_client(SHOPPER, Method::PUT, "/api/notifications/preferences").json(&off);
    assert_eq!(refusal(answer.send().await.unwrap()).await.0, 422);
    add(&shop, SHOPPER, "https://call-this-number.example.com/").await;
    let mail = shop.mail("A webhook was added").await;
    assert!(mail.header("To").ends_with("<user7@example.com>"), "{}", mail.header("To"));
    // Whoever added it may have chosen its name to be read.
    assert!(!mail.text.contains("call-this-number"), "{}", mail.text);
    assert_eq!(shop.notification(SHOPPER, "webhook_added").await["title"], mail.header("Subject"));
    add_for_the_shop(&shop, "https://example.com/shop").await;
    let told = shop.notification(2, "webhook_added").await["message"].to_string();
    assert!(told.contains("everybody's notifications"), "{told}");
    // It isn't told to webhooks: they may be a stranger's.
    assert_eq!(shop.deliveries("channel=webhook").await, Vec::<Value>::new());
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_production_nothing_private_is_reached() {
    let receiver = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&receiver).await;
    let production = |env: TestEnv| {
        let env = env.set("ENVIRONMENT", "production").set("INTERNAL_TOKEN", "a-token-that-nobody-guesses");
        env.set("DELIVERY_ATTEMPTS", "2")
    };
    let shop = Shop::open_with(production).await;
    for url in [
        receiver.uri().as_str(),
        "https://127.0.0.1/",
        "https://localhost/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "ftp://example.com",
        "nonsense",
    ] {
        let answer = shop
            .app
            .as_client(SHOPPER, Method::POST, "/api/notifications/webhooks")
            .json(&json!({ "url": url }))
            .send();
        let (status, problem) = refusal(answer.await.unwrap()).await;
        assert_eq!((status, wrong_fields(&problem)), (422, vec!["url"]), "{url}");
    }
    // One that was kept before the rule was.
    sqlx::query("INSERT INTO webhooks (owner, slot, url, secret, created_at) VALUES (?, 0, ?, 'whsec_1', UTC_TIMESTAMP(6))")
        .bind(SHOPPER)
        .bind(receiver.uri())
        .execute(&shop.pool().await)
        .await
        .unwrap();
    shop.posted(SHOPPER, "hello").await;
    let dead = shop.delivery("channel=webhook", |it| it["status"] == "dead").await;
    assert_eq!(dead["last_error"], "the URL must begin with https://");
    shop.app.stop().await;
}
