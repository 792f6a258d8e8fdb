//! What is said, and what is left unsaid.

use config::kafka::Envelope;
use config::testing::{event, eventually};
use serde_json::{Value, json};

use crate::support::{SHOPPER, Shop, merge, order_event, shipping_event};

/// How an administrator is told.
async fn told(shop: &Shop, kind: &str) -> String {
    shop.notification(2, kind).await["message"].as_str().unwrap().to_owned()
}

fn payment(kind: &str, more: Value) -> Envelope {
    let mut data = json!({
        "payment_id": 3, "order_id": 5, "user_id": SHOPPER, "amount": 25.5, "currency": "USD",
    });
    merge(&mut data, more);
    event("payment-events", kind, 5, data)
}

/// A shipment's event, with what else it tells.
fn parcel(kind: &str, status: &str, more: Value) -> Envelope {
    let mut event = shipping_event(kind, 62, status);
    merge(&mut event.data, more);
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_on_the_way_is_no_news() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    for (previous, status) in [
        ("packed", "in_transit"),
        ("in_transit", "in_transit"),
        ("in_transit", "in_transit"),
        ("in_transit", "out_for_delivery"),
        ("out_for_delivery", "delivered"),
    ] {
        let moved = parcel("shipment_updated", status, json!({ "previous_status": previous }));
        shop.kafka.send(&moved).await;
    }
    shop.mail("Order 62 has arrived").await;
    shop.mail("Order 62 arrives today").await;
    shop.mail("Order 62 is on its way").await;
    assert_eq!((&shop.list(SHOPPER).await["total"], shop.mails().len()), (&json!(3), 3));
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_picked_up_has_no_carrier_and_cash_is_asked_for() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    let fetched = json!({
        "collected": true, "previous_status": "picked", "cash_due": 30.5, "currency": "USD",
    });
    shop.kafka.send(&parcel("shipment_created", "pending", fetched.clone())).await;
    shop.kafka.send(&parcel("shipment_updated", "packed", fetched)).await;
    for title in ["Order 62 can be picked up soon", "Order 62 is ready to be picked up"] {
        let mail = shop.mail(title).await;
        for part in [&mail.text, &mail.html] {
            assert!(!part.contains("Carrier") && !part.contains("SHOP0005"), "{part}");
            assert!(!part.contains("Expected"), "{part}");
        }
    }
    let ready = shop.notification(SHOPPER, "shipment_updated").await;
    assert_eq!(ready["message"], "Your order is packed and waits for you. Please have 30.50 USD ready.");
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_ended_with_its_order_is_not_told() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    shop.kafka.send(&payment("payment_failed", json!({ "code": "expired", "order_over": true }))).await;
    shop.kafka.send(&payment("payment_failed", json!({ "code": "expired_card" }))).await;
    let told = shop.notification(SHOPPER, "payment_failed").await["message"].to_string();
    assert!(told.contains("The card has expired."), "{told}");
    assert_eq!(shop.list(SHOPPER).await["total"], 1);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_hear_of_a_parcel_that_left_too_early() {
    let shop = Shop::open().await;
    shop.introduce_as(2, json!({ "role": "admin" })).await;
    shop.kafka.send(&parcel("shipment_beyond_recall", "in_transit", json!({}))).await;
    assert!(told(&shop, "shipment_beyond_recall").await.contains("brought back"));
    // The shopper has been told that the order is cancelled.
    assert_eq!(shop.list(SHOPPER).await["total"], 0);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_hear_what_is_to_be_paid_by_hand_and_what_is_not_yet() {
    let shop = Shop::open().await;
    shop.introduce_as(2, json!({ "role": "admin" })).await;
    let by_hand = json!({ "order_id": 5, "user_id": SHOPPER, "amount": 1234.5, "currency": "USD" });
    shop.kafka.send(&event("payment-events", "refund_by_hand_due", 5, by_hand)).await;
    assert_eq!(
        told(&shop, "refund_by_hand_due").await,
        "1,234.50 USD that the customer has paid can be given back by no payment. Please pay it back by hand, and \
         record that with POST /api/orders/5/refunds."
    );
    let short = json!({
        "order_id": 5, "user_id": SHOPPER, "return_id": 4, "missing_amount": 10.8, "disputed": 5,
        "currency": "USD",
    });
    shop.kafka.send(&event("payment-events", "return_refund_short", 5, short)).await;
    assert_eq!(
        told(&shop, "return_refund_short").await,
        "No payment of the order has 10.80 USD left to give back for its return 4. 5.00 USD of it is in an open \
         dispute: please wait for the bank's decision before you pay anything by hand."
    );
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shoppers_hear_that_they_have_to_pay_again_and_that_money_was_sent_by_hand() {
    let shop = Shop::open().await;
    let until = json!({ "expires_at": "2026-12-01T12:00:00Z" });
    shop.kafka.send(&order_event("order_payment_lapsed", 63, "confirmed", until)).await;
    let lapsed = shop.notification(SHOPPER, "order_payment_lapsed").await;
    assert_eq!(lapsed["title"], "Order 63 needs another payment");
    assert_eq!(
        lapsed["message"],
        "The payment that you had arranged does not hold any longer. Please pay 3,250.24 USD again by \
         1 December 2026, 12:00 UTC, or your order is cancelled."
    );
    let refund = json!({ "refund_amount": 12.5, "return_id": null, "reference": "transfer 17" });
    shop.kafka.send(&order_event("order_refunded_by_hand", 63, "cancelled", refund)).await;
    let refunded = shop.notification(SHOPPER, "payment_refunded").await["message"].to_string();
    assert!(refunded.contains("We have sent 12.50 USD back to you."), "{refunded}");
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_promises_no_money_that_was_not_paid() {
    let shop = Shop::open().await;
    for (order, due, paid) in [(64, true, 0.0), (65, false, 20.0), (66, true, 20.0)] {
        let money = json!({ "reason": "admin", "refund_due": due, "paid_amount": paid });
        // One key: one after the other.
        let cancelled = order_event("order_cancelled", order, "cancelled", money);
        shop.kafka.send(&Envelope { key: "row".to_owned(), ..cancelled }).await;
    }
    let promised = "We have cancelled your order. What you paid comes back to you.";
    let list = eventually("the last is told", || async {
        let list = shop.list(SHOPPER).await;
        if list["total"] == 3 { Ok(list) } else { Err(list.to_string()) }
    })
    .await;
    let messages: Vec<_> = list["items"].as_array().unwrap().iter().map(|it| &it["message"]).collect();
    let silent = "We have cancelled your order.";
    assert_eq!(messages, [promised, silent, silent]);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_prices_include_tax_adds_up() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    let included = json!({ "prices_include_tax": true, "total_amount": 3009.48 });
    shop.kafka.send(&order_event("order_created", 67, "pending", included)).await;
    let mail = shop.mail("Order 67 received").await;
    let text = mail.text.replace("\r\n", "\n");
    assert!(text.contains("  Total:    3,009.48 USD\n  Includes tax: 240.76 USD\n"), "{text}");
    assert!(!text.contains("  Tax: "), "{text}");
    assert!(mail.html.contains("Includes tax") && !mail.html.contains(">Tax<"), "{}", mail.html);
    shop.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_order_is_told_with_its_names_shortened() {
    let shop = Shop::open().await;
    shop.introduce(SHOPPER).await;
    let line = json!({ "product_name": "あ".repeat(200), "quantity": 1, "price": 1 });
    let order = order_event("order_created", 73, "pending", json!({ "items": vec![line; 100] }));
    shop.kafka.send(&order).await;
    // Whole, they would be more than what is kept for an e-mail may be.
    shop.mail("Order 73 received").await;
    shop.app.stop().await;
}
