//! What the service hears and says.

use chrono::{DateTime, TimeDelta, Utc};
use config::clock::{Clock as _, SystemClock};
use config::kafka::Envelope;
use config::testing::{TestKafka, event, eventually};
use order_service::Orders;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Shop, id, payment, shipment, user};

/// The shop with an order in it, and Kafka.
async fn ordered() -> (Shop, TestKafka, Value) {
    let shop = Shop::open().await;
    let lamp = shop.products.add(150_000, "USD");
    let order = shop.placed(user(), &[(&lamp, 2)]).await;
    let kafka = TestKafka::new(&shop.env);
    (shop, kafka, order)
}

async fn becomes(shop: &Shop, order: &Value, status: &str) {
    eventually(&format!("the order is {status}"), || async {
        let now = shop.status(id(order)).await;
        if now == status { Ok(()) } else { Err(now) }
    })
    .await;
}

/// The history's reasons once there are so many lines.
async fn history(shop: &Shop, order: &Value, lines: usize) -> Vec<String> {
    eventually(&format!("{lines} lines of history"), || async {
        let history = shop.read(&format!("/api/orders/{}/history", id(order))).await;
        let reasons: Vec<_> =
            history["items"].as_array().unwrap().iter().map(|entry| entry["reason"].to_string()).collect();
        if reasons.len() == lines { Ok(reasons) } else { Err(format!("{reasons:?}")) }
    })
    .await
}

async fn send_thrice(kafka: &TestKafka, event: &Envelope) {
    for _ in 0..3 {
        kafka.send(event).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_pays_once_however_often_it_is_told() {
    let (shop, kafka, order) = ordered().await;
    let listener = kafka.listen("order-events").await;
    send_thrice(&kafka, &payment("payment_processed", &order, &json!({}))).await;
    let paid = listener.find(|event| event.kind == "order_status_updated").await;
    assert_eq!((&paid.data["status"], &paid.data["previous_status"]), (&json!("paid"), &json!("pending")));
    assert_eq!((&paid.data["version"], paid.key), (&json!(2), id(&order).to_string()));
    // Behind the three in its partition: when this one is there, they have all been handled.
    kafka.send(&payment("payment_failed", &order, &json!({ "code": "late" }))).await;
    let reasons = history(&shop, &order, 3).await;
    assert_eq!(reasons[1..], ["\"payment 7\"", "\"payment 7 failed: late\""]);
    let read = shop.read(&format!("/api/orders/{}", id(&order))).await;
    assert_eq!((&read["version"], read["paid_at"].is_string()), (&json!(2), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_says_all_that_others_need() {
    let shop = Shop::open().await;
    let listener = TestKafka::new(&shop.env).listen("order-events").await;
    let (lamp, owner) = (shop.products.add(1_999, "USD"), user());
    let order = shop.placed(owner, &[(&lamp, 2)]).await;
    let created = listener.find(|event| event.kind == "order_created").await;
    let reservation: Value = shop.asked_inventory("/reservations").await[0].body_json().unwrap();
    let expected = json!({
        "order_id": order["id"], "user_id": owner, "status": "pending",
        "items": [{
            "product_id": lamp, "product_name": "Đèn lồng", "category": "lamps", "quantity": 2, "price": 19.99,
            "discount": 0, "tax": 0, "weight_grams": 250,
        }],
        "subtotal": 39.98, "discount": 0, "tax": 0, "tax_lines": [], "prices_include_tax": false, "shipping": 0,
        "total_amount": 39.98, "paid_amount": 0, "refunded_amount": 0, "currency": "USD",
        "shipping_address": order["shipping_address"], "shipping_country": null, "shipping_state": null,
        "shipping_method": "standard", "weight_grams": 500,
        "reservation_id": reservation["reservation_id"], "promotion_code": null, "promotions": [],
        "promotion_reservation_id": null, "promotions_unavailable": false, "cash_on_delivery": false, "version": 1,
        "expires_at": created.data["expires_at"],
    });
    assert_eq!(created.data, expected);
    let cancel = shop.app.as_client(owner, Method::DELETE, &format!("/api/orders/{}", id(&order)));
    assert_eq!(cancel.send().await.unwrap().status(), 200);
    let cancelled = listener.find(|event| event.kind == "order_cancelled").await;
    let said = ["previous_status", "reason", "refund_due", "reservation_id"]
        .map(|member| cancelled.data[member].clone());
    assert_eq!(said, [json!("pending"), json!("customer"), json!(false), expected["reservation_id"].clone()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipment_moves_the_order_and_late_news_change_nothing() {
    let (shop, kafka, order) = ordered().await;
    kafka.send(&payment("payment_processed", &order, &json!({}))).await;
    becomes(&shop, &order, "paid").await;
    // Packed was lost on the way, and in_transit comes before it.
    for state in ["in_transit", "packed", "pending", "delivered", "in_transit"] {
        send_thrice(&kafka, &shipment(&order, state)).await;
    }
    kafka.send(&shipment(&order, "returned")).await;
    let reasons = history(&shop, &order, 5).await;
    assert_eq!(
        reasons[2..],
        ["\"shipment 9: in_transit\"", "\"shipment 9: delivered\"", "\"shipment 9: returned\""]
    );
    assert_eq!(shop.status(id(&order)).await, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_add_up_until_nothing_is_left() {
    let (shop, kafka, order) = ordered().await;
    kafka.send(&payment("payment_processed", &order, &json!({}))).await;
    let part = json!({ "refund_amount": 1000, "refunded_total": 1000, "fully_refunded": false });
    send_thrice(&kafka, &payment("payment_refunded", &order, &part)).await;
    history(&shop, &order, 3).await;
    let partly = shop.read(&format!("/api/orders/{}", id(&order))).await;
    assert_eq!((&partly["status"], &partly["refunded_amount"]), (&json!("paid"), &json!(1000)));
    let rest = json!({ "refund_amount": 2000, "refunded_total": 3000, "fully_refunded": true });
    kafka.send(&payment("payment_refunded", &order, &rest)).await;
    becomes(&shop, &order, "refunded").await;
    assert_eq!(shop.read(&format!("/api/orders/{}", id(&order))).await["refunded_amount"], 3000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_after_the_cancellation_is_remarked_and_its_refund_ends_the_order() {
    let (shop, kafka, order) = ordered().await;
    let listener = kafka.listen("order-events").await;
    assert_eq!(shop.move_to(id(&order), "cancelled").await.status(), 200);
    let cancelled = listener.find(|event| event.kind == "order_cancelled").await;
    assert_eq!((&cancelled.data["reason"], &cancelled.data["refund_due"]), (&json!("admin"), &json!(false)));
    kafka.send(&payment("payment_processed", &order, &json!({}))).await;
    let reasons = history(&shop, &order, 3).await;
    assert_eq!(reasons[2], "\"payment 7 came when the order was cancelled already\"");
    assert_eq!(shop.status(id(&order)).await, "cancelled");
    let refund = json!({ "refund_amount": 3000, "refunded_total": 3000, "fully_refunded": true });
    kafka.send(&payment("payment_refunded", &order, &refund)).await;
    becomes(&shop, &order, "refunded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_the_wrong_amount_pays_nothing() {
    let (shop, kafka, order) = ordered().await;
    kafka.send(&payment("payment_processed", &order, &json!({ "amount": 2999.99 }))).await;
    history(&shop, &order, 2).await;
    assert_eq!(shop.status(id(&order)).await, "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_read_goes_to_the_dead_letters_and_blocks_nothing() {
    let (shop, kafka, order) = ordered().await;
    let poison = payment("payment_processed", &order, &json!({ "amount": "a lot" }));
    kafka.send(&poison).await;
    kafka.send(&payment("payment_processed", &order, &json!({}))).await;
    becomes(&shop, &order, "paid").await;
    kafka.dead_letter("payment-events", poison.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_stock_is_gone_is_cancelled() {
    let (shop, kafka, order) = ordered().await;
    let listener = kafka.listen("order-events").await;
    kafka.send(&payment("payment_processed", &order, &json!({}))).await;
    becomes(&shop, &order, "paid").await;
    let lost = json!({ "reservation_id": Uuid::now_v7(), "order_id": order["id"], "product_id": "x" });
    send_thrice(&kafka, &event("inventory-events", "reservation_lost", "x", lost)).await;
    let cancelled = listener.find(|event| event.kind == "order_cancelled").await;
    assert_eq!(
        (&cancelled.data["reason"], &cancelled.data["refund_due"]),
        (&json!("out_of_stock"), &json!(true))
    );
    assert_eq!(history(&shop, &order, 3).await[2], "\"its stock was sold before the order was heard of\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_changes_is_known_at_once() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let lamp = shop.products.add(1_000, "USD");
    let body = json!({ "items": [{ "product_id": lamp, "quantity": 1 }] });
    let total = async || -> Value {
        let quote = shop.app.request(Method::POST, "/api/orders/quote").json(&body).send().await.unwrap();
        quote.json::<Value>().await.unwrap()["total_amount"].clone()
    };
    assert_eq!(total().await, 10);
    let update = |price: u32, version: u32| {
        let data = json!({
            "product_id": lamp, "name": "Đèn lồng", "price": price, "currency": "USD", "status": "active",
            "version": version, "weight_grams": 250,
        });
        event("product-events", "product_updated", &lamp, data)
    };
    // An instance hears what comes after it has joined: until then the same is said again.
    eventually("the new price is known", || async {
        kafka.send(&update(12, 3)).await;
        let now = total().await;
        if now == 12 { Ok(()) } else { Err(now.to_string()) }
    })
    .await;
    kafka.send(&update(11, 2)).await;
    kafka.send(&update(13, 4)).await;
    eventually("the newest price is known", || async {
        let now = total().await;
        assert_ne!(now, 11, "an older event came later");
        if now == 13 { Ok(()) } else { Err(now.to_string()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_order_expires_once_with_two_instances() {
    let shop = Shop::open_with(|env| env.set("ORDER_EXPIRY_SECONDS", "1")).await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let _other = shop.env.start::<Orders>().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(shop.placed(owner, &[(&lamp, 1)]).await);
    }
    for order in &orders {
        becomes(&shop, order, "cancelled").await;
        assert_eq!(history(&shop, order, 2).await[1], "\"expired\"");
    }
    let cancelled = listener.find(|event| event.kind == "order_cancelled").await;
    assert_eq!(cancelled.data["reason"], "expired");
    let paid = shop.move_to(id(&orders[0]), "paid").await;
    assert_eq!(paid.status(), 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_is_set_aside_keeps_the_order_until_it_is_given_up() {
    let shop =
        Shop::open_with(|env| env.set("ORDER_EXPIRY_SECONDS", "5").set("PAYMENT_LAPSE_SECONDS", "1")).await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let lamp = shop.products.add(150_000, "USD");
    // Whoever joins its group only now may need longer than an order lives.
    let first = shop.placed(user(), &[(&lamp, 1)]).await;
    kafka.send(&payment("payment_failed", &first, &json!({ "code": "first" }))).await;
    eventually("payments are heard of", || async {
        let history = shop.read(&format!("/api/orders/{}/history", id(&first))).await.to_string();
        if history.contains("failed: first") { Ok(()) } else { Err(history) }
    })
    .await;
    let order = shop.placed(user(), &[(&lamp, 2)]).await;
    kafka.send(&payment("payment_authorized", &order, &json!({ "amount": 2999.99, "payment_id": 6 }))).await;
    send_thrice(&kafka, &payment("payment_authorized", &order, &json!({}))).await;
    becomes(&shop, &order, "confirmed").await;
    let path = format!("/api/orders/{}", id(&order));
    assert_eq!(shop.read(&path).await["expires_at"], Value::Null);
    tokio::time::sleep(std::time::Duration::from_secs(7)).await;
    assert_eq!(shop.status(id(&order)).await, "confirmed");
    // Another payment's end is nothing to it.
    kafka.send(&payment("payment_voided", &order, &json!({ "payment_id": 6 }))).await;
    kafka.send(&payment("payment_voided", &order, &json!({}))).await;
    let lapsed = listener.find(|event| event.kind == "order_payment_lapsed").await;
    let said = ["order_id", "user_id", "total_amount", "currency"].map(|member| lapsed.data[member].clone());
    assert_eq!(said, [order["id"].clone(), order["user_id"].clone(), json!(3000), json!("USD")]);
    becomes(&shop, &order, "cancelled").await;
    let reasons = history(&shop, &order, 6).await;
    assert_eq!(
        reasons[1..],
        [
            "\"payment 6 is of 2999.99 USD, which is not what is due: it is given back\"",
            "\"payment 7 has its money set aside\"",
            "\"payment 6 was given up\"",
            "\"payment 7 was given up\"",
            "\"expired\"",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_is_taken_when_the_parcel_is_brought() {
    let (shop, kafka, order) = ordered().await;
    let listener = kafka.listen("order-events").await;
    let cash = json!({ "payment_method": "cod" });
    kafka.send(&payment("payment_authorized", &order, &cash)).await;
    let confirmed = listener.find(|event| event.data["status"] == "confirmed").await;
    assert_eq!((&confirmed.data["cash_on_delivery"], &confirmed.data["sold"]), (&json!(true), &json!(false)));
    kafka.send(&shipment(&order, "packed")).await;
    let packed = listener.find(|event| event.data["status"] == "fulfilling").await;
    assert_eq!((&packed.data["previous_status"], &packed.data["sold"]), (&json!("confirmed"), &json!(true)));
    kafka.send(&shipment(&order, "delivered")).await;
    let delivered = listener.find(|event| event.data["status"] == "delivered").await;
    assert_eq!(delivered.data["sold"], false, "it is sold once");
    let path = format!("/api/orders/{}", id(&order));
    let unpaid = shop.read(&path).await;
    assert_eq!((&unpaid["paid_at"], &unpaid["paid_amount"]), (&Value::Null, &json!(0)));
    assert_eq!(shop.read("/api/orders/analytics/summary").await["revenue"], 0);
    send_thrice(&kafka, &payment("payment_processed", &order, &cash)).await;
    let paid = eventually("the cash is counted", || async {
        let order = shop.read(&path).await;
        if order["paid_at"].is_string() { Ok(order) } else { Err(order.to_string()) }
    })
    .await;
    assert_eq!((&paid["status"], &paid["paid_amount"]), (&json!("delivered"), &json!(3000)));
    assert_eq!(shop.read("/api/orders/analytics/summary").await["revenue"], 3000);

    // Nobody is at home: it comes back, and was never paid for.
    let lamp = shop.products.add(1_000, "USD");
    let refused = shop.placed(user(), &[(&lamp, 1)]).await;
    kafka.send(&payment("payment_authorized", &refused, &cash)).await;
    becomes(&shop, &refused, "confirmed").await;
    kafka.send(&shipment(&refused, "in_transit")).await;
    becomes(&shop, &refused, "shipped").await;
    assert_eq!(shop.move_to(id(&refused), "refunded").await.status(), 409);
    assert_eq!(shop.move_to(id(&refused), "cancelled").await.status(), 200);
    let cancelled = listener.find(|event| event.kind == "order_cancelled").await;
    assert_eq!(
        (&cancelled.data["previous_status"], &cancelled.data["refund_due"]),
        (&json!("shipped"), &json!(false))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn less_may_be_taken_than_was_agreed() {
    let (shop, kafka, order) = ordered().await;
    kafka.send(&payment("payment_authorized", &order, &json!({}))).await;
    let part = json!({ "amount": 1000, "authorized_amount": 3000 });
    kafka.send(&payment("payment_processed", &order, &part)).await;
    becomes(&shop, &order, "paid").await;
    let path = format!("/api/orders/{}", id(&order));
    let paid = shop.read(&path).await;
    assert_eq!((&paid["total_amount"], &paid["paid_amount"]), (&json!(3000), &json!(1000)));
    let back = json!({ "refund_amount": 1000, "refunded_total": 1000, "fully_refunded": true });
    kafka.send(&payment("payment_refunded", &order, &back)).await;
    becomes(&shop, &order, "refunded").await;
    assert_eq!(shop.read(&path).await["refunded_amount"], 1000);
    assert_eq!(shop.read("/api/orders/analytics/summary").await["revenue"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_who_refunds_an_order_has_its_money_sent_back() {
    let (shop, kafka, order) = ordered().await;
    let listener = kafka.listen("order-events").await;
    kafka.send(&payment("payment_processed", &order, &json!({}))).await;
    becomes(&shop, &order, "paid").await;
    assert_eq!(shop.move_to(id(&order), "refunded").await.status(), 200);
    let asked = listener.find(|event| event.data["status"] == "refunded").await;
    assert_eq!((&asked.data["refund_due"], &asked.data["sold"]), (&json!(true), &json!(false)));
    // What comes of it.
    let all = json!({ "refund_amount": 3000, "refunded_total": 3000, "fully_refunded": true });
    kafka.send(&payment("payment_refunded", &order, &all)).await;
    eventually("the money is back", || async {
        let refunded = shop.read(&format!("/api/orders/{}", id(&order))).await["refunded_amount"].clone();
        if refunded == 3000 { Ok(()) } else { Err(refunded.to_string()) }
    })
    .await;

    let lamp = shop.products.add(1_000, "USD");
    let other = shop.placed(user(), &[(&lamp, 1)]).await;
    kafka.send(&payment("payment_processed", &other, &json!({ "payment_id": 8 }))).await;
    let all = json!({ "payment_id": 8, "refund_amount": 10, "refunded_total": 10, "fully_refunded": true });
    kafka.send(&payment("payment_refunded", &other, &all)).await;
    let followed = listener.find(|event| event.data["status"] == "refunded").await;
    assert_eq!(followed.data["refund_due"], false, "that is where it comes from");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_counted_on_a_promise_that_lapsed_has_a_day_to_pay_otherwise() {
    let (shop, kafka, order) = ordered().await;
    let listener = kafka.listen("order-events").await;
    let before = SystemClock.now();
    kafka.send(&payment("payment_authorized", &order, &json!({}))).await;
    kafka.send(&payment("payment_voided", &order, &json!({}))).await;
    let lapsed = listener.find(|event| event.kind == "order_payment_lapsed").await;
    let path = format!("/api/orders/{}", id(&order));
    let now = shop.read(&path).await;
    let end = |seen: &Value| -> DateTime<Utc> { seen["expires_at"].as_str().unwrap().parse().unwrap() };
    assert_eq!((&now["status"], end(&now)), (&json!("confirmed"), end(&lapsed.data)));
    assert!(end(&now) >= before + TimeDelta::days(1), "{now}");
    kafka.send(&payment("payment_processed", &order, &json!({ "payment_id": 8 }))).await;
    becomes(&shop, &order, "paid").await;
    assert_eq!(shop.read(&path).await["expires_at"], Value::Null);
}
