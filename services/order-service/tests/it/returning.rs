//! Goods that come back.

use std::sync::Arc;

use config::testing::{TestKafka, eventually, wrong_fields};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Shop, id, order_body, payment, refusal, user};

/// An order of three lamps for 10.80 each with the tax, and 14.99 of shipping, paid by payment 7 and delivered.
async fn delivered(shop: &Shop, kafka: &TestKafka, owner: u64, lamp: &str) -> Value {
    let mut body = order_body(&[(lamp, 3)]);
    body["shipping_address"] = json!("1 Main St, Austin, TX 78701, USA");
    body["shipping_method"] = json!("express");
    let order = shop.app.as_client(owner, Method::POST, "/api/orders").json(&body).send().await.unwrap();
    assert_eq!(order.status(), 201);
    let order: Value = order.json().await.unwrap();
    kafka.send(&payment("payment_processed", &order, &json!({}))).await;
    eventually("it is paid", || async {
        let now = shop.status(id(&order)).await;
        if now == "paid" { Ok(()) } else { Err(now) }
    })
    .await;
    for status in ["fulfilling", "shipped", "delivered"] {
        assert_eq!(shop.move_to(id(&order), status).await.status(), 200);
    }
    order
}

fn ask(shop: &Shop, user: u64, order: &Value, items: &[(&str, i64)]) -> RequestBuilder {
    let item =
        |(product, n): &(&str, i64)| json!({ "product_id": product, "quantity": n, "reason": "too big" });
    let items: Vec<_> = items.iter().map(item).collect();
    let request = shop.app.as_client(user, Method::POST, &format!("/api/orders/{}/returns", id(order)));
    request.json(&json!({ "items": items, "comment": "sorry" }))
}

async fn asked(shop: &Shop, user: u64, order: &Value, items: &[(&str, i64)]) -> Value {
    let response = ask(shop, user, order, items).send().await.unwrap();
    assert_eq!(response.status(), 201);
    response.json().await.unwrap()
}

fn path(order: &Value, back: &Value) -> String {
    format!("/api/orders/{}/returns/{}", id(order), id(back))
}

async fn decide(shop: &Shop, order: &Value, back: &Value, verb: &str, body: Value) -> Value {
    let request = shop.app.as_admin(Method::POST, &format!("{}/{verb}", path(order, back))).json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "{verb}");
    response.json().await.unwrap()
}

/// payment-service gives this much back for the return.
async fn refund(kafka: &TestKafka, order: &Value, back: &Value, amount: f64, fully: bool) {
    let more = json!({
        "refund_amount": amount, "refunded_total": amount, "fully_refunded": fully, "return_id": back["id"],
    });
    let event = payment("payment_refunded", order, &more);
    for _ in 0..3 {
        kafka.send(&event).await;
    }
}

async fn becomes(shop: &Shop, path: &str, status: &str) -> Value {
    eventually(status, || async {
        let now = shop.read(path).await;
        if now["status"] == status { Ok(now) } else { Err(now.to_string()) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_come_back_piece_by_piece_until_the_order_is_undone() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    let order = delivered(&shop, &kafka, owner, &lamp).await;
    // 30 + 2.40 of tax for the goods, 14.99 + 1.19 for the shipping.
    assert_eq!(order["total_amount"], 48.58);
    let first = asked(&shop, owner, &order, &[(&lamp, 1)]).await;
    assert_eq!((&first["status"], &first["refund_amount"]), (&json!("requested"), &json!(10.8)));
    let approved = decide(&shop, &order, &first, "approve", json!({ "note": "send it" })).await;
    assert_eq!((&approved["status"], &approved["note"]), (&json!("approved"), &json!("send it")));
    let received = decide(
        &shop,
        &order,
        &first,
        "receive",
        json!({ "items": [{ "product_id": lamp, "restock": false }] }),
    )
    .await;
    assert_eq!(received["items"][0]["restock"], false);
    let due = decide(&shop, &order, &first, "refund", json!({})).await;
    assert_eq!(due["status"], "refunding");
    refund(&kafka, &order, &first, 10.8, false).await;
    becomes(&shop, &path(&order, &first), "refunded").await;
    for (kind, restock) in [
        ("return_requested", Value::Null),
        ("return_approved", Value::Null),
        ("return_received", json!([])),
        ("return_refund_due", Value::Null),
        ("return_refunded", Value::Null),
    ] {
        let event = listener.find(|event| event.kind.starts_with("return_")).await;
        assert_eq!((event.kind.as_str(), &event.data["restock"]), (kind, &restock));
        assert_eq!((&event.data["return_id"], &event.data["refund_amount"]), (&first["id"], &json!(10.8)));
        assert_eq!(
            event.data["return_items"][0],
            json!({ "product_id": lamp, "quantity": 1, "reason": "too big" })
        );
        assert_eq!(event.data["order_id"], order["id"]);
    }
    let partly = shop.read(&format!("/api/orders/{}", id(&order))).await;
    assert_eq!(
        (&partly["status"], &partly["refunded_amount"], &partly["items"][0]["returned"]),
        (&json!("delivered"), &json!(10.8), &json!(1))
    );

    let rest = asked(&shop, owner, &order, &[(&lamp, 2)]).await;
    for verb in ["approve", "receive"] {
        decide(&shop, &order, &rest, verb, json!({})).await;
    }
    let due = decide(&shop, &order, &rest, "refund", json!({ "refund_shipping": true })).await;
    assert_eq!((&due["refund_amount"], &due["refund_shipping"]), (&json!(37.78), &json!(16.18)));
    let event = listener.find(|event| event.kind == "return_received").await;
    assert_eq!(event.data["restock"], json!([{ "product_id": lamp, "quantity": 2 }]));
    // In two parts, as if from two payments.
    refund(&kafka, &order, &rest, 30.0, false).await;
    refund(&kafka, &order, &rest, 7.78, false).await;
    becomes(&shop, &path(&order, &rest), "refunded").await;
    let undone = becomes(&shop, &format!("/api/orders/{}", id(&order)), "refunded").await;
    assert_eq!(undone["refunded_amount"], 48.58);
    let summary = eventually("the refunds are counted", || async {
        let summary = shop.read("/api/orders/analytics/summary").await;
        if summary["refunded"] == 48.58 { Ok(summary) } else { Err(summary.to_string()) }
    })
    .await;
    assert_eq!(summary["revenue"], 0);
    let listed = shop.read("/api/orders/returns?status=refunded").await;
    assert_eq!((&listed["total"], &listed["items"][0]["id"]), (&json!(2), &rest["id"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_back() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let (lamp, vase, owner) = (shop.products.add(1_000, "USD"), shop.products.add(1, "USD"), user());
    let pending = shop.placed(owner, &[(&lamp, 1)]).await;
    let (status, problem) = refusal(ask(&shop, owner, &pending, &[(&lamp, 1)])).await;
    assert_eq!((status, &problem["code"]), (409, &json!("not-returnable")));
    // `status` is the answer's own.
    assert_eq!((&problem["status"], &problem["order_status"]), (&json!(409), &json!("pending")));
    let order = delivered(&shop, &kafka, owner, &lamp).await;
    assert_eq!(refusal(ask(&shop, owner + 1, &order, &[(&lamp, 1)])).await.0, 403);
    assert_eq!(refusal(ask(&shop, owner, &json!({ "id": 1 }), &[(&lamp, 1)])).await.0, 404);
    let (status, problem) = refusal(ask(&shop, owner, &order, &[(&lamp, 4)])).await;
    assert_eq!(
        (status, &problem["code"], &problem["returnable"]),
        (409, &json!("returned-already"), &json!(3))
    );
    let (status, problem) = refusal(ask(&shop, owner, &order, &[(&lamp, 1), (&vase, 1)])).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["items[1].product_id"]));
    let (_, problem) = refusal(ask(&shop, owner, &order, &[("x", 0), (&lamp, 1), (&lamp, 1)])).await;
    assert_eq!(wrong_fields(&problem), ["items[0].product_id", "items[0].quantity", "items[2].product_id"]);
    assert_eq!(wrong_fields(&refusal(ask(&shop, owner, &order, &[])).await.1), ["items"]);
    shop.sql("UPDATE orders SET delivered_at = '2020-01-01' WHERE status = 'delivered'").await;
    let (status, problem) = refusal(ask(&shop, owner, &order, &[(&lamp, 1)])).await;
    assert_eq!(
        (status, &problem["code"], &problem["until"]),
        (409, &json!("return-period-over"), &json!("2020-01-31T00:00:00Z"))
    );
    assert_eq!(shop.count("order_returns").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_goes_the_ways_that_are_drawn_and_only_administrators_decide() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let (lamp, vase, owner) = (shop.products.add(1_000, "USD"), shop.products.add(1, "USD"), user());
    let order = delivered(&shop, &kafka, owner, &lamp).await;
    let back = asked(&shop, owner, &order, &[(&lamp, 3)]).await;
    let here = path(&order, &back);
    for (verb, body) in [
        ("approve", json!({})),
        ("reject", json!({ "reason": "no" })),
        ("receive", json!({})),
        ("refund", json!({})),
    ] {
        let request = shop.app.as_client(owner, Method::POST, &format!("{here}/{verb}")).json(&body);
        assert_eq!(refusal(request).await.0, 403, "{verb}");
    }
    let stranger = |method: Method, end: &str| shop.app.as_client(owner + 1, method, &format!("{here}{end}"));
    assert_eq!(refusal(stranger(Method::GET, "")).await.0, 403);
    assert_eq!(refusal(stranger(Method::POST, "/cancel")).await.0, 403);
    let all = shop.app.as_client(owner, Method::GET, "/api/orders/returns");
    assert_eq!(refusal(all).await.0, 403);
    let (status, problem) = refusal(shop.app.as_admin(Method::POST, &format!("{here}/refund"))).await;
    assert_eq!((status, &problem["legal"]), (409, &json!(["approved", "rejected", "cancelled"])));
    let stale = shop.app.as_admin(Method::POST, &format!("{here}/approve")).header("If-Match", "\"9\"");
    assert_eq!(refusal(stale).await.0, 412);
    for (verb, body, end) in
        [("cancel", json!({}), "cancelled"), ("reject", json!({ "reason": "worn" }), "rejected")]
    {
        let back = asked_or(&shop, owner, &order, &lamp, (verb == "cancel").then(|| back.clone())).await;
        assert_eq!(decide(&shop, &order, &back, verb, body).await["status"], end);
        let now = shop.read(&format!("/api/orders/{}", id(&order))).await;
        assert_eq!(now["items"][0]["returned"], 0, "it can be asked for again");
    }
    let again = asked(&shop, owner, &order, &[(&lamp, 3)]).await;
    decide(&shop, &order, &again, "approve", json!({})).await;
    let cancel = shop.app.as_client(owner, Method::POST, &format!("{}/cancel", path(&order, &again)));
    assert_eq!(refusal(cancel).await.0, 409);
    let mine = shop.app.as_client(owner, Method::GET, &format!("/api/orders/{}/returns?limit=2", id(&order)));
    let mine: Value = mine.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&mine["count"], &mine["total"], &mine["items"][0]["id"]),
        (&json!(2), &json!(3), &again["id"])
    );
    let received = json!({ "items": [{ "product_id": vase, "restock": true }] });
    let receive = shop.app.as_admin(Method::POST, &format!("{}/receive", path(&order, &again)));
    let (status, problem) = refusal(receive.json(&received)).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["items[0].product_id"]));
    assert_eq!(
        refusal(shop.app.as_admin(Method::GET, &format!("/api/orders/{}/returns/1000000", id(&order))))
            .await
            .0,
        404
    );
}

/// The return that is there, or a new one of everything.
async fn asked_or(shop: &Shop, owner: u64, order: &Value, lamp: &str, there: Option<Value>) -> Value {
    match there {
        Some(back) => back,
        None => asked(shop, owner, order, &[(lamp, 3)]).await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_begins_one_return() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    let order = delivered(&shop, &kafka, owner, &lamp).await;
    let send = || ask(&shop, owner, &order, &[(&lamp, 1)]).header("Idempotency-Key", "once").send();
    let first: Value = send().await.unwrap().json().await.unwrap();
    let again = send().await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    assert_eq!(shop.count("order_returns").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_ask_no_more_comes_back_than_was_bought() {
    let shop = Arc::new(Shop::open().await);
    let kafka = TestKafka::new(&shop.env);
    let (lamp, owner) = (shop.products.add(1_001, "USD"), user());
    let order = delivered(&shop, &kafka, owner, &lamp).await;
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let request = ask(&shop, owner, &order, &[(&lamp, 1)]);
        tasks.spawn(async move {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.json::<Value>().await.unwrap())
        });
    }
    let (taken, refused): (Vec<_>, Vec<_>) =
        tasks.join_all().await.into_iter().partition(|(status, _)| *status == 201);
    assert!(refused.iter().all(|(_, problem)| problem["code"] == "returned-already"), "{refused:?}");
    // 30.03 and 2.40 of tax don't divide by three; together they are paid back.
    let cents = |(_, back): &(u16, Value)| (back["refund_amount"].as_f64().unwrap() * 100.0).round() as u64;
    assert_eq!((taken.len(), taken.iter().map(cents).sum::<u64>()), (3, 3_243));
    // And of many who refund the shipping, one does.
    for (_, back) in &taken {
        for verb in ["approve", "receive"] {
            decide(&shop, &order, back, verb, json!({})).await;
        }
    }
    let mut tasks = JoinSet::new();
    for (_, back) in &taken {
        let request = shop.app.as_admin(Method::POST, &format!("{}/refund", path(&order, back)));
        let request = request.json(&json!({ "refund_shipping": true }));
        tasks.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409]);
}

/// An order of which one piece is here again, and its 10.80 are to be given back.
async fn owed(shop: &Shop, kafka: &TestKafka) -> (Value, Value) {
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    let order = delivered(shop, kafka, owner, &lamp).await;
    let back = asked(shop, owner, &order, &[(&lamp, 1)]).await;
    for verb in ["approve", "receive", "refund"] {
        decide(shop, &order, &back, verb, json!({})).await;
    }
    (order, back)
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_a_bank_sends_back_is_owed_again() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let (order, back) = owed(&shop, &kafka).await;
    listener.find(|event| event.kind == "return_refund_due").await;
    refund(&kafka, &order, &back, 10.8, false).await;
    becomes(&shop, &path(&order, &back), "refunded").await;
    let failed = json!({ "refund_amount": 10.8, "return_id": back["id"], "was_refunded": true });
    let failed = payment("refund_failed", &order, &failed);
    for _ in 0..3 {
        kafka.send(&failed).await;
    }
    let owed = becomes(&shop, &path(&order, &back), "refunding").await;
    assert_eq!((&owed["refunded_amount"], &owed["refund_amount"]), (&json!(0), &json!(10.8)));
    let seen = shop.read(&format!("/api/orders/{}", id(&order))).await;
    assert_eq!((&seen["refunded_amount"], &seen["status"]), (&json!(0), &json!("delivered")));
    assert_eq!(shop.read("/api/orders/analytics/summary").await["refunded"], 0);
    let history = shop.read(&format!("/api/orders/{}/history", id(&order))).await.to_string();
    assert_eq!(history.matches("did not get through").count(), 1, "{history}");
    // One that never was told to be back changes no sums.
    let refused = payment("refund_failed", &order, &json!({ "refund_amount": 10.8, "was_refunded": false }));
    kafka.send(&refused).await;
    decide(&shop, &order, &back, "refund", json!({})).await;
    listener.find(|event| event.kind == "return_refund_due").await;
    refund(&kafka, &order, &back, 10.8, false).await;
    becomes(&shop, &path(&order, &back), "refunded").await;
    assert_eq!(shop.read(&format!("/api/orders/{}", id(&order))).await["refunded_amount"], 10.8);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_cant_be_given_back_is_left_to_an_administrator() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let (order, back) = owed(&shop, &kafka).await;
    listener.find(|event| event.kind == "return_refund_due").await;
    let mut short =
        payment("return_refund_short", &order, &json!({ "return_id": back["id"], "missing_amount": 10.8 }));
    short.data.as_object_mut().unwrap().remove("payment_id");
    kafka.send(&short).await;
    eventually("the history says so", || async {
        let history = shop.read(&format!("/api/orders/{}/history", id(&order))).await;
        if history.to_string().contains("10.80 USD of return") { Ok(()) } else { Err(history.to_string()) }
    })
    .await;
    assert_eq!(shop.read(&path(&order, &back)).await["status"], "refunding");
    // Asked again, it is told again.
    decide(&shop, &order, &back, "refund", json!({})).await;
    let due = listener.find(|event| event.kind == "return_refund_due").await;
    assert_eq!((&due.data["return_id"], &due.data["refund_amount"]), (&back["id"], &json!(10.8)));
}

/// Waits until so much of the order's money is back.
async fn given_back(shop: &Shop, order: &Value, amount: f64) {
    eventually("the money is counted", || async {
        let now = shop.read(&format!("/api/orders/{}", id(order))).await["refunded_amount"].clone();
        if now.as_f64() == Some(amount) { Ok(()) } else { Err(now.to_string()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_before_is_not_given_back_again() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let (lamp, owner) = (shop.products.add(1_000, "USD"), user());
    let order = delivered(&shop, &kafka, owner, &lamp).await;
    // Of 48.58, for the trouble.
    let goodwill = json!({ "refund_amount": 40, "refunded_total": 40, "fully_refunded": false });
    kafka.send(&payment("payment_refunded", &order, &goodwill)).await;
    given_back(&shop, &order, 40.0).await;
    let first = asked(&shop, owner, &order, &[(&lamp, 2)]).await;
    let second = asked(&shop, owner, &order, &[(&lamp, 1)]).await;
    for back in [&first, &second] {
        for verb in ["approve", "receive"] {
            decide(&shop, &order, back, verb, json!({})).await;
        }
        let received = listener.find(|event| event.kind == "return_received").await;
        assert_eq!(
            received.data["restock"],
            json!([{ "product_id": lamp, "quantity": back["items"][0]["quantity"] }])
        );
    }
    let due = decide(&shop, &order, &first, "refund", json!({})).await;
    assert_eq!((&due["status"], &due["refund_amount"]), (&json!("refunding"), &json!(8.58)));
    let told = listener.find(|event| event.kind == "return_refund_due").await;
    assert_eq!(told.data["refund_amount"], 8.58);
    // The first has what is left; for the second there is nothing to wait for.
    let nothing = decide(&shop, &order, &second, "refund", json!({})).await;
    assert_eq!((&nothing["status"], &nothing["refund_amount"]), (&json!("refunded"), &json!(0)));
    let told = listener.find(|event| event.kind.starts_with("return_refund")).await;
    assert_eq!((told.kind.as_str(), &told.data["refund_amount"]), ("return_refunded", &json!(0)));
    let history = shop.read(&format!("/api/orders/{}/history", id(&order))).await.to_string();
    assert!(history.contains("refunded: nothing was left to give back"), "{history}");
    refund(&kafka, &order, &first, 8.58, true).await;
    becomes(&shop, &path(&order, &first), "refunded").await;
    let undone = becomes(&shop, &format!("/api/orders/{}", id(&order)), "refunded").await;
    assert_eq!(undone["refunded_amount"], 48.58);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_customers_bank_has_taken_back_is_not_given_back_again() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let (order, back) = owed(&shop, &kafka).await;
    listener.find(|event| event.kind == "return_refund_due").await;
    let dispute = |kind: &str, status: &str| {
        let more =
            json!({ "dispute_id": 3, "disputed_amount": 48.58, "reason": "fraudulent", "status": status });
        payment(kind, &order, &more)
    };
    let short = json!({ "return_id": back["id"], "missing_amount": 10.8, "disputed": 10.8 });
    kafka.send(&dispute("dispute_opened", "opened")).await;
    kafka.send(&payment("return_refund_short", &order, &short)).await;
    eventually("the bank is waited for", || async {
        let history = shop.read(&format!("/api/orders/{}/history", id(&order))).await.to_string();
        if history.contains("has decided on 10.80 USD") { Ok(()) } else { Err(history) }
    })
    .await;
    assert_eq!(shop.read(&format!("/api/orders/{}", id(&order))).await["refunded_amount"], 0);
    let lost = dispute("dispute_updated", "lost");
    for _ in 0..3 {
        kafka.send(&lost).await;
    }
    given_back(&shop, &order, 48.58).await;
    let seen = shop.read(&format!("/api/orders/{}", id(&order))).await;
    assert_eq!(seen["status"], "delivered", "its goods aren't back");
    assert_eq!(shop.read("/api/orders/analytics/summary").await["revenue"], 0);
    let ended = decide(&shop, &order, &back, "refund", json!({})).await;
    assert_eq!((&ended["status"], &ended["refund_amount"]), (&json!("refunded"), &json!(0)));
    let told = listener.find(|event| event.kind.starts_with("return_refund")).await;
    assert_eq!(told.kind, "return_refunded");
}
