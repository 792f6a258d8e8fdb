//! E-mails to addresses that nobody has verified: they may be anybody's.

use config::testing::eventually;
use notification_service::Notification;
use reqwest::Method;
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::smtp::SmtpServer;
use crate::support::{SHOPPER, STRANGER, Shop, order_event, user_event};

/// Until the user's address counts as verified here.
async fn verified(shop: &Shop, user: u64, email: &str) {
    let now = user_event("user_updated", user, json!({ "email": email, "email_verified": true }));
    shop.kafka.send(&now).await;
    let pool = shop.pool().await;
    eventually("the address is verified", || async {
        let verified: bool = sqlx::query_scalar("SELECT email_verified FROM contacts WHERE user_id = ?")
            .bind(user)
            .fetch_one(&pool)
            .await
            .map_err(|error| error.to_string())?;
        if verified { Ok(()) } else { Err("not yet".to_owned()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_gets_no_strangers_words() {
    let shop = Shop::open().await;
    shop.introduce_as(SHOPPER, json!({ "email_verified": false })).await;
    shop.kafka.send(&order_event("order_created", 71, "pending", json!({}))).await;
    let mail = shop.mail("Order 71 received").await;
    assert_eq!(mail.header("To"), "user7@example.com");
    for part in [&mail.text, &mail.html] {
        assert!(part.contains("Hello,") && part.contains("3,250.24 USD"), "{part}");
        assert!(!part.contains("Ana") && !part.contains("Main St") && !part.contains("Deliver to"), "{part}");
    }
    let moved = json!({ "email": "other@example.com", "email_verified": false });
    shop.kafka.send(&user_event("user_updated", SHOPPER, moved)).await;
    let mail = shop.mail("Your e-mail address was changed").await;
    assert_eq!(mail.header("To"), "user7@example.com");
    assert!(!mail.text.contains("Ana"), "{}", mail.text);

    verified(&shop, SHOPPER, "other@example.com").await;
    shop.kafka.send(&order_event("order_created", 72, "pending", json!({}))).await;
    let mail = shop.mail("Order 72 received").await;
    assert!(mail.header("To").ends_with("<other@example.com>"), "{}", mail.header("To"));
    assert!(
        mail.text.contains("Hello Ana") && mail.text.contains("Deliver to: 123 Main St"),
        "{}",
        mail.text
    );
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn user_service_tells_whether_it_is_verified() {
    let users = MockServer::start().await;
    let person = json!({
        "id": 7, "email": "asked@example.com", "full_name": "Call 555-0100", "is_active": true, "role": "client",
        "email_verified": false,
    });
    let answer = ResponseTemplate::new(200).set_body_json(person);
    Mock::given(path("/internal/users/7")).respond_with(answer).mount(&users).await;
    let uri = users.uri();
    let shop = Shop::open_with(|env| env.peer("user-service", &uri)).await;
    shop.kafka.send(&order_event("order_created", 73, "pending", json!({}))).await;
    let mail = shop.mail("Order 73 received").await;
    assert_eq!(mail.header("To"), "asked@example.com");
    assert!(!mail.text.contains("555"), "{}", mail.text);
    shop.app.stop().await;
}

/// How many e-mails were sent, and how many given up.
async fn ended(shop: &Shop) -> (usize, usize) {
    let sent = shop.deliveries("channel=email&status=sent").await.len();
    (sent, shop.deliveries("channel=email&status=dead").await.len())
}

async fn becomes(shop: &Shop, wanted: (usize, usize)) {
    eventually(&format!("{wanted:?} e-mails are sent and given up"), || async {
        let ended = ended(shop).await;
        if ended == wanted { Ok(()) } else { Err(format!("{ended:?}")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_gets_few_e_mails_a_day_however_many_send_them() {
    let shop = Shop::open_with(|env| env.set("UNVERIFIED_EMAILS_PER_DAY", "3")).await;
    let other = shop.env.start::<Notification>().await;
    let unverified = json!({ "email_verified": false });
    shop.introduce_as(SHOPPER, unverified.clone()).await;
    for order in 101..=110 {
        shop.kafka.send(&order_event("order_created", order, "pending", json!({}))).await;
    }
    becomes(&shop, (3, 7)).await;
    assert_eq!(shop.mails().len(), 3);
    let given_up = shop.deliveries("channel=email&status=dead").await;
    for delivery in &given_up {
        assert_eq!(
            delivery["last_error"],
            "the address is not verified, and has had its 3 e-mails of the day"
        );
    }
    // In the shop all of them stand.
    assert_eq!(shop.list(SHOPPER).await["total"], 10);

    // Another account with the same address gets no more of them.
    let same = json!({ "email": "User7@example.com", "email_verified": false });
    shop.introduce_as(STRANGER, same).await;
    shop.kafka.send(&order_event("order_created", 111, "pending", json!({ "user_id": STRANGER }))).await;
    becomes(&shop, (3, 8)).await;
    // What keeps the account safe is sent all the same.
    shop.kafka.send(&user_event("password_changed", SHOPPER, unverified)).await;
    becomes(&shop, (4, 8)).await;
    shop.mail("Your password was changed").await;

    verified(&shop, SHOPPER, "user7@example.com").await;
    let resend = format!("/api/notifications/deliveries/{}/resend", given_up[0]["id"]);
    assert_eq!(shop.app.as_admin(Method::POST, &resend).send().await.unwrap().status(), 200);
    becomes(&shop, (5, 7)).await;
    other.stop().await;
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_mail_server_missed_is_counted_once() {
    // Nobody listens there.
    let port = SmtpServer::start(0).await.port;
    let shop = Shop::open_with(|env| {
        let env =
            env.set("SMTP_HOST", "127.0.0.1").set("SMTP_PORT", port.to_string()).set("SMTP_TLS", "none");
        env.set("UNVERIFIED_EMAILS_PER_DAY", "2")
    })
    .await;
    shop.introduce_as(SHOPPER, json!({ "email_verified": false })).await;
    shop.kafka.send(&order_event("order_created", 121, "pending", json!({}))).await;
    let tried = |it: &Value| it["status"] == "failed" && it["attempts"].as_u64() > Some(3);
    shop.delivery("channel=email", tried).await;
    let server = SmtpServer::start(port).await;
    shop.kafka.send(&order_event("order_created", 122, "pending", json!({}))).await;
    becomes(&shop, (2, 0)).await;
    assert_eq!(server.received().len(), 2);
    shop.app.stop().await;
}
