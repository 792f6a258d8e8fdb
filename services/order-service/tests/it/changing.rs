//! Changing and cancelling orders.

use config::testing::{TestKafka, eventually};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Shop, id, payment, refusal, user};

fn put(shop: &Shop, user: u64, order: u64, body: &Value) -> RequestBuilder {
    shop.app.as_client(user, Method::PUT, &format!("/api/orders/{order}")).json(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_changes_the_address_until_the_order_is_packed() {
    let shop = Shop::open().await;
    let listener = TestKafka::new(&shop.env).listen("order-events").await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let order = id(&shop.placed(owner, &[(&lamp, 1)]).await);
    let elsewhere = json!({ "shipping_address": "1 Hàng Bạc, Hà Nội" });
    let changed = put(&shop, owner, order, &elsewhere).header("If-Match", "\"1\"").send().await.unwrap();
    assert_eq!((changed.status().as_u16(), &changed.headers()["etag"]), (200, &"\"2\"".parse().unwrap()));
    assert_eq!(changed.json::<Value>().await.unwrap()["shipping_address"], elsewhere["shipping_address"]);
    let stale = refusal(put(&shop, owner, order, &elsewhere).header("If-Match", "\"1\"")).await;
    assert_eq!((stale.0, &stale.1["code"]), (412, &json!("stale-version")));
    assert_eq!(refusal(put(&shop, owner + 1, order, &elsewhere)).await.0, 403);
    assert_eq!(refusal(put(&shop, owner, order, &json!({}))).await.0, 422);
    for (status, version) in [("confirmed", 4), ("paid", 6)] {
        assert_eq!(shop.move_to(order, status).await.status(), 200);
        let corrected = json!({ "shipping_address": format!("2 Hàng Bạc, {status}") });
        assert_eq!(put(&shop, owner, order, &corrected).send().await.unwrap().status(), 200);
        let told = listener.find(|event| event.kind == "order_readdressed").await;
        let said = ["order_id", "user_id", "version", "shipping_address"].map(|it| told.data[it].clone());
        let address = corrected["shipping_address"].clone();
        assert_eq!(said, [json!(order), json!(owner), json!(version), address]);
        let (status, problem) =
            refusal(put(&shop, owner, order, &json!({ "shipping_address": "1 Main St, Austin, TX, USA" })))
                .await;
        assert_eq!((status, &problem["code"]), (409, &json!("other-place")));
        assert_eq!(refusal(put(&shop, owner + 1, order, &elsewhere)).await.0, 403);
    }
    let history = shop.read(&format!("/api/orders/{order}/history")).await.to_string();
    assert_eq!(history.matches("the address was changed").count(), 2, "{history}");
    assert_eq!(shop.move_to(order, "fulfilling").await.status(), 200);
    let (status, problem) = refusal(put(&shop, owner, order, &elsewhere)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("address-fixed")));
    assert_eq!(shop.read(&format!("/api/orders/{order}")).await["shipping_address"], "2 Hàng Bạc, paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_move_an_order_along_and_nobody_else_does() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let order = id(&shop.placed(owner, &[(&lamp, 1)]).await);
    assert_eq!(refusal(put(&shop, owner, order, &json!({ "status": "paid" }))).await.0, 403);
    let skip = shop.app.as_admin(Method::PUT, &format!("/api/orders/{order}"));
    let (status, problem) = refusal(skip.json(&json!({ "status": "shipped" }))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("illegal-transition")));
    assert_eq!(problem["legal"], json!(["confirmed", "paid", "cancelled"]));
    assert_eq!(shop.move_to(order, "lost").await.status(), 422);
    for status in ["confirmed", "paid", "fulfilling", "shipped", "delivered", "refunded"] {
        assert_eq!(shop.move_to(order, status).await.status(), 200, "{status}");
    }
    let history = shop.read(&format!("/api/orders/{order}/history")).await;
    let moves: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|entry| (&entry["to"], &entry["actor"])).collect();
    let by_admin = |status: &'static str| (json!(status), json!("admin"));
    let expected = [
        (json!("pending"), json!("customer")),
        by_admin("confirmed"),
        by_admin("paid"),
        by_admin("fulfilling"),
        by_admin("shipped"),
        by_admin("delivered"),
        by_admin("refunded"),
    ];
    assert!(moves.into_iter().eq(expected.iter().map(|(to, actor)| (to, actor))), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_cancelled_once_and_stays_readable() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let by_post = id(&shop.placed(owner, &[(&lamp, 1)]).await);
    let by_delete = id(&shop.placed(owner, &[(&lamp, 1)]).await);
    let cancel = |user: u64| shop.app.as_client(user, Method::POST, &format!("/api/orders/{by_post}/cancel"));
    assert_eq!(refusal(cancel(owner + 1)).await.0, 403);
    assert_eq!(refusal(cancel(owner).json(&json!({ "reason": "x".repeat(501) }))).await.0, 422);
    let cancelled = cancel(owner).json(&json!({ "reason": "too dear" })).send().await.unwrap();
    let cancelled: Value = cancelled.json().await.unwrap();
    assert_eq!((&cancelled["status"], &cancelled["expires_at"]), (&json!("cancelled"), &Value::Null));
    let (status, problem) = refusal(cancel(owner)).await;
    assert_eq!((status, &problem["legal"]), (409, &json!([])));
    let history = shop.read(&format!("/api/orders/{by_post}/history")).await;
    let last = json!({ "from": "pending", "to": "cancelled", "actor": "customer", "actor_id": owner, "reason": "too dear" });
    let entry = &history["items"][1];
    assert!(last.as_object().unwrap().iter().all(|(name, value)| &entry[name] == value), "{entry}");

    let delete =
        shop.app.as_client(owner, Method::DELETE, &format!("/api/orders/{by_delete}")).send().await.unwrap();
    assert_eq!(delete.status(), 200);
    assert_eq!(shop.status(by_delete).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packed_order_is_cancelled_by_administrators_only() {
    let shop = Shop::open().await;
    let (lamp, owner) = (shop.products.add(1, "USD"), user());
    let order = id(&shop.placed(owner, &[(&lamp, 1)]).await);
    for status in ["paid", "fulfilling"] {
        shop.move_to(order, status).await;
    }
    let cancel = format!("/api/orders/{order}/cancel");
    assert_eq!(refusal(shop.app.as_client(owner, Method::POST, &cancel)).await.0, 409);
    assert_eq!(shop.app.as_admin(Method::POST, &cancel).send().await.unwrap().status(), 200);
}

/// Waits until the order's history says so.
async fn remarked(shop: &Shop, order: &Value, text: &str) {
    eventually(text, || async {
        let history = shop.read(&format!("/api/orders/{}/history", id(order))).await.to_string();
        if history.contains(text) { Ok(()) } else { Err(history) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_shop_trusts_has_time_whatever_payments_do() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let lamp = shop.products.add(1, "USD");
    let order = shop.placed(user(), &[(&lamp, 1)]).await;
    assert_eq!(shop.move_to(id(&order), "confirmed").await.status(), 200);
    for kind in ["payment_authorized", "payment_voided"] {
        kafka.send(&payment(kind, &order, &json!({}))).await;
    }
    remarked(&shop, &order, "payment 7 was given up").await;
    let now = shop.read(&format!("/api/orders/{}", id(&order))).await;
    assert_eq!((&now["status"], &now["expires_at"]), (&json!("confirmed"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_that_was_given_up_is_not_made_again_by_a_late_message() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let lamp = shop.products.add(1, "USD");
    let order = shop.placed(user(), &[(&lamp, 1)]).await;
    for kind in ["payment_voided", "payment_authorized"] {
        kafka.send(&payment(kind, &order, &json!({}))).await;
    }
    remarked(&shop, &order, "payment 7 was authorized when the order was pending already").await;
    let now = shop.read(&format!("/api/orders/{}", id(&order))).await;
    assert_eq!((&now["status"], now["expires_at"].is_string()), (&json!("pending"), true));
    kafka.send(&payment("payment_authorized", &order, &json!({ "payment_id": 8 }))).await;
    remarked(&shop, &order, "payment 8 has its money set aside").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_version_before_was_paid_is_refunded() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let lamp = shop.products.add(1_000, "USD");
    let order = shop.placed(user(), &[(&lamp, 1)]).await;
    kafka.send(&payment("payment_processed", &order, &json!({}))).await;
    remarked(&shop, &order, "payment 7").await;
    shop.sql("UPDATE orders SET paid = NULL").await;
    let path = format!("/api/orders/{}", id(&order));
    assert_eq!(shop.read(&path).await["paid_amount"], 10);
    let all = json!({ "refund_amount": 10, "refunded_total": 10, "fully_refunded": true });
    kafka.send(&payment("payment_refunded", &order, &all)).await;
    remarked(&shop, &order, "were refunded").await;
    assert_eq!(shop.read(&path).await["refunded_amount"], 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_is_let_go_when_the_shop_was_paid_otherwise() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let lamp = shop.products.add(1_000, "USD");
    let order = shop.placed(user(), &[(&lamp, 1)]).await;
    kafka.send(&payment("payment_authorized", &order, &json!({ "payment_method": "cod" }))).await;
    remarked(&shop, &order, "is cash on delivery").await;
    assert_eq!(shop.move_to(id(&order), "paid").await.status(), 200);
    kafka.send(&payment("payment_authorized", &order, &json!({ "payment_id": 8 }))).await;
    for number in [7, 8] {
        let told = listener.find(|event| event.kind == "order_payment_refused").await;
        assert_eq!(
            (&told.data["payment_id"], &told.data["reason"]),
            (&json!(number), &json!("paid_otherwise"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_once_more_than_an_administrator_knew_goes_back() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let lamp = shop.products.add(1_000, "USD");
    let order = shop.placed(user(), &[(&lamp, 1)]).await;
    assert_eq!(shop.move_to(id(&order), "paid").await.status(), 200);
    // It was under way, and nobody had promised anything before.
    kafka.send(&payment("payment_processed", &order, &json!({}))).await;
    let told = listener.find(|event| event.kind == "order_payment_refused").await;
    let said = ["payment_id", "amount", "reason"].map(|member| told.data[member].clone());
    assert_eq!(said, [json!(7), json!(10), json!("paid_otherwise")]);
    let all = json!({ "refund_amount": 10, "refunded_total": 10, "fully_refunded": true });
    kafka.send(&payment("payment_refunded", &order, &all)).await;
    remarked(&shop, &order, "of payment 7 were refunded").await;
    let now = shop.read(&format!("/api/orders/{}", id(&order))).await;
    let seen = ["status", "paid_amount", "refunded_amount"].map(|member| now[member].clone());
    assert_eq!(seen, [json!("paid"), json!(10), json!(0)]);

    // What has paid an order is wanted, however often it says so.
    let other = shop.placed(user(), &[(&lamp, 1)]).await;
    for _ in 0..2 {
        kafka.send(&payment("payment_processed", &other, &json!({ "payment_id": 8 }))).await;
    }
    remarked(&shop, &other, "payment 8 came when the order was paid already").await;
    // A dead letter that is sent again.
    kafka.send(&payment("payment_authorized", &other, &json!({ "payment_id": 8 }))).await;
    kafka.send(&payment("payment_processed", &other, &json!({ "payment_id": 9 }))).await;
    let told = listener.find(|event| event.kind == "order_payment_refused").await;
    assert_eq!(told.data["payment_id"], 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_payment_hears_the_true_reason_whatever_its_amount() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let lamp = shop.products.add(1_000, "USD");
    // Somebody began to pay each of them before it got another price.
    let [by_hand, cancelled, open] = [
        shop.placed(user(), &[(&lamp, 1)]).await,
        shop.placed(user(), &[(&lamp, 1)]).await,
        shop.placed(user(), &[(&lamp, 1)]).await,
    ];
    assert_eq!(shop.move_to(id(&by_hand), "paid").await.status(), 200);
    assert_eq!(shop.move_to(id(&cancelled), "cancelled").await.status(), 200);
    let refused = async |order: &Value| {
        let key = id(order).to_string();
        let told = listener.find(|event| event.kind == "order_payment_refused" && event.key == key).await;
        ["payment_id", "amount", "reason"].map(|member| told.data[member].clone())
    };
    for (kind, number) in [("payment_authorized", 7), ("payment_processed", 8)] {
        kafka.send(&payment(kind, &by_hand, &json!({ "payment_id": number, "amount": 9 }))).await;
        assert_eq!(refused(&by_hand).await, [json!(number), json!(9), json!("paid_otherwise")]);
    }
    kafka.send(&payment("payment_processed", &open, &json!({ "amount": 9 }))).await;
    assert_eq!(refused(&open).await, [json!(7), json!(9), json!("wrong_amount")]);
    // payment-service knows of the cancellation by itself.
    kafka.send(&payment("payment_processed", &cancelled, &json!({ "amount": 9 }))).await;
    remarked(&shop, &cancelled, "payment 7 came when the order was cancelled already").await;
}
