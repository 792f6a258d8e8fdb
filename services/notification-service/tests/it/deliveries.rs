//! The way out, and what stands in it.

use config::testing::{eventually, refusal};
use notification_service::Notification;
use reqwest::Method;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::smtp::SmtpServer;
use crate::support::{Mail, SHOPPER, Shop, order_event, user_event};

async fn by_smtp(
    port: u16,
    adapt: impl FnOnce(config::testing::TestEnv) -> config::testing::TestEnv,
) -> Shop {
    let port = port.to_string();
    Shop::open_with(|env| {
        adapt(env.set("SMTP_HOST", "127.0.0.1").set("SMTP_PORT", port).set("SMTP_TLS", "none"))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_mail_server_missed_it_gets_once_when_it_is_back() {
    let server = SmtpServer::start(0).await;
    let port = server.port;
    drop(server);
    let shop = by_smtp(port, |env| env).await;
    shop.introduce(SHOPPER).await;
    shop.kafka.send(&order_event("order_created", 51, "pending", json!({}))).await;
    let failed = shop
        .delivery("channel=email", |it| it["status"] == "failed" && it["attempts"].as_u64() > Some(1))
        .await;
    assert_eq!(failed["last_error"], "the mail server can't be reached");
    let server = SmtpServer::start(port).await;
    let sent = shop.delivery("channel=email", |it| it["status"] == "sent").await;
    assert_eq!(
        (&sent["last_error"], &sent["next_attempt_at"], &sent["message_id"]),
        (&Value::Null, &Value::Null, &failed["message_id"])
    );
    let received = server.received();
    assert_eq!(received.len(), 1);
    let mail = Mail::parse(&received[0]);
    assert_eq!(mail.header("Subject"), "Order 51 received");
    assert_eq!(mail.header("Message-ID"), format!("<{}@shop.example>", sent["message_id"].as_str().unwrap()));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_after_sending_repeats_itself_recognisably() {
    let server = SmtpServer::start(0).await;
    let shop = by_smtp(server.port, |env| env.set("DELIVERY_LEASE_SECONDS", "3")).await;
    shop.introduce(SHOPPER).await;
    server.fall_silent();
    shop.kafka.send(&order_event("order_created", 52, "pending", json!({}))).await;
    eventually("the server has the message", || async {
        if server.received().len() == 1 { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await;
    shop.app.kill().await;
    let app = shop.env.start::<Notification>().await;
    let received = eventually("the message comes again", || async {
        let received = server.received();
        if received.len() == 2 { Ok(received) } else { Err(format!("{}", received.len())) }
    })
    .await;
    let [first, second] =
        [&received[0], &received[1]].map(|raw| Mail::parse(raw).header("Message-ID").to_owned());
    assert_eq!(first, second);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_does_not_exist_is_given_up_and_may_be_tried_again() {
    let server = SmtpServer::start(0).await;
    let shop = by_smtp(server.port, |env| env).await;
    shop.kafka.send(&user_event("user_updated", SHOPPER, json!({ "email": "nobody@example.com" }))).await;
    shop.kafka.send(&order_event("order_created", 53, "pending", json!({}))).await;
    let dead = shop.delivery("channel=email", |it| it["status"] == "dead").await;
    // Its address stands nowhere in the log.
    assert_eq!(dead["last_error"], "the mail server refused the mailbox (550)");
    let resend = format!("/api/notifications/deliveries/{}/resend", dead["id"]);
    assert_eq!(shop.app.as_client(SHOPPER, Method::POST, &resend).send().await.unwrap().status(), 403);
    shop.kafka.send(&user_event("user_updated", SHOPPER, json!({}))).await;
    let pool = shop.pool().await;
    eventually("the new address", || async {
        let email: String = sqlx::query_scalar("SELECT email FROM contacts").fetch_one(&pool).await.unwrap();
        if email == "user7@example.com" { Ok(()) } else { Err(email) }
    })
    .await;
    let answer = shop.app.as_admin(Method::POST, &resend).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["status"], "pending");
    // Beside it is the notice to the old address, which this server refuses.
    let of_order = format!("channel=email&notification_id={}", dead["notification_id"]);
    shop.delivery(&of_order, |it| it["status"] == "sent").await;
    assert_eq!(server.received().len(), 1);
    let (status, problem) = refusal(shop.app.as_admin(Method::POST, &resend).send().await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (409, &json!("delivery-not-dead")));
    let absent =
        shop.app.as_admin(Method::POST, "/api/notifications/deliveries/0/resend").send().await.unwrap();
    assert_eq!(refusal(absent).await.0, 404);
    let one = shop
        .app
        .as_admin(Method::GET, &format!("/api/notifications/deliveries/{}", dead["id"]))
        .send()
        .await
        .unwrap();
    assert_eq!(one.json::<Value>().await.unwrap()["status"], "sent");
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_not_kept_for_a_delivery_that_was_given_up() {
    let port = SmtpServer::start(0).await.port;
    let shop = by_smtp(port, |env| env.set("DELIVERY_ATTEMPTS", "2")).await;
    shop.kafka
        .send(&user_event("password_reset_requested", SHOPPER, json!({ "reset_token": "r-token" })))
        .await;
    let dead = shop.delivery("channel=email", |it| it["status"] == "dead").await;
    assert_eq!((&dead["attempts"], &dead["type"]), (&json!(2), &json!("password_reset")));
    let kept: Option<String> =
        sqlx::query_scalar("SELECT details FROM deliveries").fetch_one(&shop.pool().await).await.unwrap();
    assert_eq!(kept, None);
    let resend = format!("/api/notifications/deliveries/{}/resend", dead["id"]);
    let (status, problem) = refusal(shop.app.as_admin(Method::POST, &resend).send().await.unwrap()).await;
    assert_eq!((status, &problem["code"]), (409, &json!("delivery-erased")));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_has_expired_is_not_sent() {
    let shop = Shop::open().await;
    let mut asked = user_event("password_reset_requested", SHOPPER, json!({ "reset_token": "r-token" }));
    asked.time -= std::time::Duration::from_secs(31 * 60);
    shop.kafka.send(&asked).await;
    let dead = shop.delivery("channel=email", |it| it["status"] == "dead").await;
    assert_eq!(dead["last_error"], "its link has expired");
    assert!(shop.mails().is_empty());
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_e_mail_waits_for_its_address() {
    let shop = Shop::open().await;
    shop.kafka.send(&order_event("order_created", 54, "pending", json!({}))).await;
    let waiting =
        shop.delivery("channel=email", |it| it["last_error"] == "the address is not known yet").await;
    // Waiting is nobody's failure.
    assert_eq!((&waiting["status"], &waiting["attempts"]), (&json!("pending"), &json!(0)));
    shop.kafka.send(&user_event("user_updated", SHOPPER, json!({}))).await;
    let mail = shop.mail("Order 54 received").await;
    assert!(mail.header("To").ends_with("<user7@example.com>"), "{}", mail.header("To"));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn user_service_is_asked_when_its_events_are_late() {
    let users = MockServer::start().await;
    let person = json!({ "id": 7, "email": "asked@example.com", "full_name": null, "is_active": true, "role": "client" });
    Mock::given(method("GET"))
        .and(path("/internal/users/7"))
        .and(header("x-service-token", "test-token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(person))
        .mount(&users)
        .await;
    Mock::given(path("/internal/users/8")).respond_with(ResponseTemplate::new(404)).mount(&users).await;
    let uri = users.uri();
    let shop = Shop::open_with(|env| env.peer("user-service", &uri).set("DELIVERY_ATTEMPTS", "2")).await;
    shop.kafka.send(&order_event("order_created", 55, "pending", json!({}))).await;
    assert_eq!(shop.mail("Order 55 received").await.header("To"), "asked@example.com");
    shop.posted(8, "to nobody").await;
    let dead = shop.delivery("channel=email&user_id=8", |it| it["status"] == "dead").await;
    assert_eq!(dead["last_error"], "there is no such user");
    shop.app.stop().await;
}
