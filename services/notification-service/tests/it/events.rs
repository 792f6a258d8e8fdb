//! What the service hears, and what it makes of it.

use config::kafka::Envelope;
use config::testing::{event, eventually, refusal};
use notification_service::Notification;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{SHOPPER, Shop, get, order_event, shipping_event, user_event};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_makes_one_notification_and_one_e_mail_however_often_it_comes() {
    let shop = Shop::open().await;
    let heard = shop.kafka.listen("notification-events").await;
    shop.introduce(SHOPPER).await;
    let created =
        order_event("order_created", 41, "pending", json!({ "expires_at": "2026-11-21T05:00:00Z" }));
    let created = Envelope { request_id: "the-request".to_owned(), ..created };
    for _ in 0..3 {
        shop.kafka.send(&created).await;
    }
    // The partition keeps its order: when this has come through, so have the repetitions.
    shop.kafka
        .send(&order_event("order_status_updated", 41, "paid", json!({ "previous_status": "confirmed" })))
        .await;
    shop.mail("Order 41 is paid").await;
    shop.mail("Order 41 received").await;

    let list = shop.list(SHOPPER).await;
    assert_eq!((&list["total"], &list["unread"], &list["count"]), (&json!(2), &json!(2), &json!(2)));
    let notification = &list["items"][1];
    assert_eq!(notification["title"], "Order 41 received");
    assert_eq!(notification["message"], "Thank you for your order. Its total is 3,250.24 USD.");
    assert_eq!(shop.mails().len(), 2);
    let told = heard.find(|event| event.data["notification_id"] == notification["id"]).await;
    assert_eq!(
        (told.kind.as_str(), told.key.as_str(), told.request_id.as_str()),
        ("notification_created", "7", "the-request")
    );
    let expected = json!({
        "notification_id": notification["id"], "user_id": SHOPPER, "type": "order_created",
        "title": notification["title"], "message": notification["message"],
    });
    assert_eq!(told.data, expected);
    let again = heard.find(|event| event.key == "7").await;
    assert_eq!(again.data["type"], "order_paid");
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_told_in_its_words() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    let payment = |kind, more: Value| {
        let mut data = json!({
            "payment_id": 3, "order_id": 42, "user_id": SHOPPER, "amount": 29_990_000, "currency": "VND",
            "payment_method": "credit_card",
        });
        for (name, value) in more.as_object().unwrap() {
            data[name] = value.clone();
        }
        event("payment-events", kind, 42, data)
    };
    let refund = json!({ "refund_id": 1, "refund_amount": 1_000_000, "refunded_total": 1_000_000, "fully_refunded": false, "reason": "x" });
    for event in [
        order_event(
            "order_cancelled",
            42,
            "cancelled",
            json!({ "previous_status": "paid", "reason": "expired", "refund_due": true }),
        ),
        payment("payment_processed", json!({ "transaction_id": "t" })),
        payment("payment_failed", json!({ "code": "insufficient_funds", "message": "no" })),
        payment("payment_refunded", refund),
        shipping_event("shipment_created", 42, "pending"),
        shipping_event("shipment_updated", 42, "packed"),
        shipping_event("shipment_updated", 42, "in_transit"),
        shipping_event("shipment_updated", 42, "delivered"),
    ] {
        shop.kafka.send(&event).await;
    }
    for (kind, title, message) in [
        (
            "order_cancelled",
            "Order 42 is cancelled",
            "We have cancelled your order, for it was not paid in time. What you paid comes back to you.",
        ),
        (
            "payment_failed",
            "Payment for order 42 failed",
            "Your payment of 29,990,000 VND did not go through. There was not enough money on the account. Please try again, or pay another way.",
        ),
        (
            "payment_refunded",
            "Refund for order 42",
            "We have sent 1,000,000 VND back to you. It may take your bank a few days.",
        ),
        ("shipment_created", "Order 42 will be on its way soon", "We are packing your order."),
        ("shipment_updated", "Order 42 is on its way", "The carrier has your parcel."),
        ("delivered", "Order 42 has arrived", "Your parcel has been delivered. Enjoy!"),
    ] {
        let notification = shop.notification(SHOPPER, kind).await;
        assert_eq!((&notification["title"], &notification["message"]), (&json!(title), &json!(message)));
        shop.mail(title).await;
    }
    assert_eq!(shop.list(SHOPPER).await["total"], 6);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_is_welcomed_and_asked_to_confirm() {
    let shop = Shop::open().await;
    shop.kafka
        .send(&user_event("user_registered", SHOPPER, json!({ "verification_token": "v-token" })))
        .await;
    shop.mail("Welcome!").await;
    let mail = shop.mail("Confirm your e-mail address").await;
    assert!(mail.text.contains("https://shop.example/front/verify-email?token=v-token"), "{}", mail.text);
    // The link is in the e-mail and nowhere else.
    let list = shop.list(SHOPPER).await;
    assert_eq!((&list["total"], &list["items"][0]["type"]), (&json!(1), &json!("welcome")));
    let pool = shop.pool().await;
    eventually("the token is gone from the database", || async {
        let kept: Vec<Option<String>> = sqlx::query_scalar("SELECT details FROM deliveries")
            .fetch_all(&pool)
            .await
            .map_err(|error| error.to_string())?;
        if kept.iter().all(Option::is_none) { Ok(()) } else { Err(format!("{kept:?}")) }
    })
    .await;
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_replaced_hears_of_it() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    let off = json!({ "items": [{ "type": "email_changed", "email": false }] });
    let answer = shop.app.as_client(SHOPPER, Method::PUT, "/api/notifications/preferences").json(&off);
    assert_eq!(refusal(answer.send().await.unwrap()).await.0, 422);
    let respelled = user_event("user_updated", SHOPPER, json!({ "email": "User7@Example.com" }));
    let moved =
        user_event("user_updated", SHOPPER, json!({ "email": "thief@example.com", "full_name": "A Thief" }));
    for event in [&respelled, &moved, &moved] {
        shop.kafka.send(event).await;
    }
    let mail = shop.mail("Your e-mail address was changed").await;
    assert!(mail.header("To").ends_with("<User7@Example.com>"), "{}", mail.header("To"));
    for part in [&mail.text, &mail.html] {
        assert!(part.contains("Ana") && !part.to_lowercase().contains("thief"), "{part}");
    }
    // The list is the account's, whoever has it.
    assert_eq!(shop.notification(SHOPPER, "email_changed").await["title"], mail.header("Subject"));
    shop.posted(SHOPPER, "hello").await;
    let next = shop.mail("A message for you").await;
    assert!(next.header("To").ends_with("<thief@example.com>"), "{}", next.header("To"));
    assert_eq!(shop.mails().len(), 2);
    let pool = shop.pool().await;
    eventually("the old address is gone from the database", || async {
        let kept: Vec<Option<String>> = sqlx::query_scalar("SELECT details FROM deliveries")
            .fetch_all(&pool)
            .await
            .map_err(|error| error.to_string())?;
        if kept.iter().all(Option::is_none) { Ok(()) } else { Err(format!("{kept:?}")) }
    })
    .await;
    // An older event that comes late is no change.
    let mut late = user_event("user_updated", SHOPPER, json!({ "email": "older@example.com" }));
    late.time -= std::time::Duration::from_secs(60);
    shop.kafka.send(&late).await;
    let confirm = json!({ "email": "thief@example.com", "verification_token": "v-token" });
    shop.kafka.send(&user_event("email_verification_requested", SHOPPER, confirm)).await;
    shop.mail("Confirm your e-mail address").await;
    assert_eq!(shop.list(SHOPPER).await["total"], 2);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_user_leaves_nothing_behind() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    shop.posted(SHOPPER, "hello").await;
    shop.mail("A message for you").await;
    shop.kafka.send(&user_event("user_deleted", SHOPPER, json!({ "is_active": false }))).await;
    eventually("the list is empty", || async {
        let list = shop.list(SHOPPER).await;
        if list["total"] == 0 { Ok(()) } else { Err(list.to_string()) }
    })
    .await;
    let pool = shop.pool().await;
    let kept: (String, String, bool) =
        sqlx::query_as("SELECT email, name, is_active FROM contacts").fetch_one(&pool).await.unwrap();
    assert_eq!(kept, (String::new(), String::new(), false));
    // An older event that comes late doesn't bring the person back.
    let mut late = user_event("user_updated", SHOPPER, json!({}));
    late.time -= std::time::Duration::from_secs(60);
    shop.kafka.send(&late).await;
    shop.kafka.send(&user_event("user_updated", 9, json!({}))).await;
    shop.introduce(SHOPPER + 100).await;
    let email: String =
        sqlx::query_scalar("SELECT email FROM contacts WHERE user_id = 7").fetch_one(&pool).await.unwrap();
    assert_eq!(email, "");
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_hear_of_what_waits_for_them() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    shop.kafka.send(&user_event("user_updated", 2, json!({ "role": "admin" }))).await;
    let pool = shop.pool().await;
    eventually("the administrator is known", || async {
        let admins: Vec<u64> =
            sqlx::query_scalar("SELECT user_id FROM contacts WHERE is_admin").fetch_all(&pool).await.unwrap();
        if admins == [2] { Ok(()) } else { Err(format!("{admins:?}")) }
    })
    .await;
    let low = json!({ "product_id": "507f1f77bcf86cd799439011", "available": 3, "threshold": 5 });
    shop.kafka.send(&event("inventory-events", "inventory_low", 1, low)).await;
    let told = shop.notification(2, "low_stock").await;
    assert_eq!(
        told["message"],
        "3 units of product 507f1f77bcf86cd799439011 are left; it counts as low from 5 on."
    );
    let short = json!({
        "order_id": 5, "user_id": SHOPPER, "return_id": 4, "missing_amount": 10.8, "currency": "USD",
    });
    shop.kafka.send(&event("payment-events", "return_refund_short", 5, short)).await;
    let told = shop.notification(2, "return_refund_short").await;
    assert_eq!(
        told["message"],
        "No payment of the order has 10.80 USD left to give back for its return 4. Please refund it by hand."
    );
    let back = json!({
        "order_id": 5, "user_id": SHOPPER, "return_id": 4, "refund_amount": 1510.8, "currency": "USD",
        "note": null,
    });
    shop.kafka.send(&event("order-events", "return_requested", 5, back)).await;
    let told = shop.notification(2, "return_requested").await;
    assert_eq!(told["title"], "A return of order 5 was asked for");
    assert_eq!(told["message"], "Return 4 is worth 1,510.80 USD. Please approve or reject it.");
    let failed = json!({
        "order_id": 5, "payment_id": 6, "user_id": SHOPPER, "refund_amount": 1234.5, "currency": "USD",
        "was_refunded": true,
    });
    shop.kafka.send(&event("payment-events", "refund_failed", 5, failed)).await;
    let told = shop.notification(2, "refund_failed").await["message"].to_string();
    assert!(
        told.contains("1,234.50 USD of payment 6") && told.contains("was told that it is back"),
        "{told}"
    );
    for (kind, status) in [
        ("dispute_opened", "opened"),
        ("dispute_updated", "evidence_due"),
        ("dispute_updated", "evidence_submitted"),
        ("dispute_updated", "lost"),
    ] {
        let dispute = json!({
            "order_id": 5, "user_id": SHOPPER, "currency": "USD", "dispute_id": 7, "disputed_amount": 30.0,
            "status": status, "evidence_due_at": "2026-12-01T12:00:00Z",
        });
        shop.kafka.send(&event("payment-events", kind, 5, dispute)).await;
    }
    eventually("the administrator hears of the dispute", || async {
        let list = shop.list(2).await;
        let told: Vec<_> =
            list["items"].as_array().unwrap().iter().rev().map(|item| &item["message"]).collect();
        let wanted = [
            "The customer's bank has taken back 30.00 USD. Dispute 7 is open.",
            "Please say by 1 December 2026, 12:00 UTC why 30.00 USD are yours, as the evidence of dispute 7.",
            "Dispute 7 is lost: 30.00 USD stay with the customer.",
        ];
        if told.ends_with(&wanted.map(Value::from).each_ref()) { Ok(()) } else { Err(format!("{told:?}")) }
    })
    .await;
    assert_eq!(shop.list(SHOPPER).await["total"], 0);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shoppers_hear_what_becomes_of_their_returns() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    for (kind, note, message) in [
        ("return_approved", None, "Please send the goods to us. When they are here, you get 10.80 USD back."),
        ("return_rejected", Some("worn"), "We can't take the goods back: worn"),
    ] {
        let back = json!({
            "order_id": 5, "user_id": SHOPPER, "return_id": 4, "refund_amount": 10.8, "currency": "USD",
            "note": note,
        });
        shop.kafka.send(&event("order-events", kind, 5, back)).await;
        assert_eq!(shop.notification(SHOPPER, kind).await["message"], message);
    }
    // A type that is not known yet, and looks like none that is.
    shop.kafka.send(&event("user-events", "user_knighted", SHOPPER, json!({ "sword": "silver" }))).await;
    shop.introduce(SHOPPER + 1).await;
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wishers_hear_of_prices_and_stock_once_unless_they_do_not_want_to() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    let off = json!({ "items": [{ "type": "wish_back_in_stock", "email": false }] });
    let answer = shop.app.as_client(SHOPPER, Method::PUT, "/api/notifications/preferences").json(&off);
    assert_eq!(answer.send().await.unwrap().status(), 200);
    let product = "507f1f77bcf86cd799439011";
    let back = json!({
        "user_id": SHOPPER, "product_id": product, "product_name": "Phin cà phê inox", "available": 2,
    });
    let dropped = json!({
        "user_id": SHOPPER, "product_id": product, "product_name": "Phin cà phê inox",
        "old_price": 6.5, "new_price": 5, "currency": "USD",
    });
    for event in [
        event("favourite-events", "wish_back_in_stock", SHOPPER, back),
        event("favourite-events", "wish_price_dropped", SHOPPER, dropped),
    ] {
        for _ in 0..3 {
            shop.kafka.send(&event).await;
        }
    }
    // As it travels: RFC 2047.
    shop.mail("Phin =?utf-8?b?Y8OgIHBow6o=?= inox costs less now").await;
    let told = shop.notification(SHOPPER, "wish_price_dropped").await;
    assert_eq!(
        told["message"],
        "You wished for Phin cà phê inox. It costs 5.00 USD now, down from 6.50 USD."
    );
    let told = shop.notification(SHOPPER, "wish_back_in_stock").await;
    assert_eq!(
        told["message"],
        "You wished for Phin cà phê inox. It can be ordered again. Only 2 are there."
    );
    assert_eq!((&shop.list(SHOPPER).await["total"], shop.mails().len()), (&json!(2), 1));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_read_blocks_nothing() {
    let shop = Shop::open().await;
    let poison = event("order-events", "order_created", 43, json!({ "order_id": "not a number" }));
    shop.kafka.send(&poison).await;
    let unknown = event("order-events", "order_praised", 43, json!({}));
    shop.kafka.send(&unknown).await;
    shop.kafka.send(&order_event("order_created", 43, "pending", json!({}))).await;
    shop.notification(SHOPPER, "order_created").await;
    shop.kafka.dead_letter("order-events", poison.id).await;
    assert_eq!(shop.list(SHOPPER).await["total"], 1);
    let (status, _) =
        refusal(shop.app.request(Method::GET, "/api/notifications").send().await.unwrap()).await;
    assert_eq!(status, 401);
    shop.app.stop().await;
}

/// How often the inbox was written, and its rows.
async fn claims(shop_pool: &sqlx::MySqlPool) -> (i64, i64) {
    sqlx::query_as("SELECT COUNT(DISTINCT claimed_at), COUNT(*) FROM inbox")
        .fetch_one(shop_pool)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_wait_in_a_row_share_transactions() {
    let shop = Shop::open().await;
    let pool = shop.pool().await;
    let no_mail = json!({ "items": [{ "type": "order_created", "email": false }] });
    let answer = shop.app.as_client(1007, Method::PUT, "/api/notifications/preferences").json(&no_mail);
    assert_eq!(answer.send().await.unwrap().status(), 200);
    shop.app.stop().await;
    let created = |order| order_event("order_created", order, "pending", json!({ "user_id": 1000 + order }));
    let messages: Vec<_> = (1..=40).map(created).collect();
    for message in &messages {
        shop.kafka.send(message).await;
    }
    let app = shop.env.start::<Notification>().await;
    for order in 1..=40 {
        eventually("everybody is told", || async {
            let list = get(&app, 1000 + order, "/api/notifications").await;
            if list["total"] == 1 { Ok(()) } else { Err(list.to_string()) }
        })
        .await;
    }
    let (writes, rows) = claims(&pool).await;
    assert_eq!(rows, 40);
    assert!(writes < 40, "{writes} transactions");
    // To each their own, by the ways that they chose.
    let told: Vec<(u64, String, i64, i64)> = sqlx::query_as(
        "SELECT n.user_id, n.title, CAST(SUM(d.user_id = n.user_id) AS SIGNED), COUNT(*) FROM notifications n \
         JOIN deliveries d ON d.notification_id = n.id GROUP BY n.id, n.user_id, n.title",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(told.len(), 40);
    for (user, title, own, all) in told {
        assert_eq!(title, format!("Order {} received", user - 1000));
        assert_eq!((own, all), if user == 1007 { (1, 1) } else { (2, 2) }, "{user}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_with_repetitions_and_poison_acts_once_for_each_that_is_good() {
    let shop = Shop::open().await;
    let pool = shop.pool().await;
    shop.app.stop().await;
    let poison = event("order-events", "order_created", 43, json!({ "order_id": "not a number" }));
    for order in 1..=20 {
        let created = order_event("order_created", order, "pending", json!({ "user_id": 1000 + order }));
        // One key: one after the other.
        let created = Envelope { key: "row".to_owned(), ..created };
        for _ in 0..(if order % 3 == 0 { 3 } else { 1 }) {
            shop.kafka.send(&created).await;
        }
        if order == 10 {
            shop.kafka.send(&Envelope { key: "row".to_owned(), ..poison.clone() }).await;
        }
    }
    let app = shop.env.start::<Notification>().await;
    shop.kafka.dead_letter("order-events", poison.id).await;
    eventually("everybody is told", || async {
        let (_, rows) = claims(&pool).await;
        if rows == 20 { Ok(()) } else { Err(rows.to_string()) }
    })
    .await;
    for order in 1..=20 {
        assert_eq!(get(&app, 1000 + order, "/api/notifications").await["total"], 1, "{order}");
    }
    app.stop().await;
}
