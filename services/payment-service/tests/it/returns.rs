//! Payments that are refused, and the money for goods that came back.

use config::kafka::Envelope;
use config::testing::{TestKafka, eventually};
use payment_service::Payments;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Shop, of_order, problem};

fn due(order: u64, back: u64, amount: u32) -> Envelope {
    of_order("return_refund_due", order, &json!({ "return_id": back, "refund_amount": amount }))
}

const REFUNDED: &str = "SELECT CAST(COALESCE(SUM(amount), 0) AS SIGNED) FROM simulator_refunds";

async fn has_refunded(shop: &Shop, minor: i64) {
    eventually("the provider has given it back", || async {
        let now = shop.count(REFUNDED).await;
        if now == minor { Ok(()) } else { Err(now.to_string()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_payment_goes_back_once_and_the_order_can_be_paid_again() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let events = kafka.listen("payment-events").await;
    let order = shop.order(1);
    let first = shop.paid(order, json!({})).await["id"].clone();
    assert_eq!(problem(shop.pay(order, json!({})).await).await.1, "order-paid");
    // The order costs 2000 by now.
    shop.order_as(1, |order| order["total_amount"] = json!(2000));
    let refused = of_order("order_payment_refused", order, &json!({ "payment_id": first, "amount": 3000 }));
    let again = of_order("order_payment_refused", order, &json!({ "payment_id": first, "amount": 3000 }));
    for event in [&refused, &refused, &again] {
        kafka.send(event).await;
    }
    let refunded = shop.becomes(&first, "refunded").await;
    assert_eq!(refunded["refunds"].as_array().unwrap().len(), 1);
    let told = events.find(|event| event.kind == "payment_refunded").await;
    assert_eq!(
        (&told.data["reason"], &told.data["fully_refunded"], &told.data["return_id"]),
        (&json!("wrong_amount"), &json!(true), &Value::Null)
    );
    let second = shop.paid(order, json!({ "amount": 2000 })).await;
    assert_eq!(second["status"], "succeeded");
    let (status, code, _) = problem(shop.pay(order, json!({ "amount": 2000 })).await).await;
    assert_eq!((status, code.as_str()), (409, "order-paid"));
    // Late news of the first leave the second alone.
    kafka.send(&again).await;
    kafka.send(&due(order, 1, 500)).await;
    has_refunded(&shop, 350_000).await;
    assert_eq!(shop.get(&first).await["refunds"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_payment_goes_back_for_its_orders_reason() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let events = kafka.listen("payment-events").await;
    for (order, said, reason) in
        [(1, "paid_otherwise", "paid_otherwise"), (2, "known_to_later_versions", "wrong_amount")]
    {
        let payment = shop.paid(shop.order(order), json!({})).await["id"].clone();
        let refused = json!({ "payment_id": payment, "amount": 3000, "reason": said });
        kafka.send(&of_order("order_payment_refused", order, &refused)).await;
        let told = events.find(|event| event.kind == "payment_refunded").await;
        assert_eq!((&told.data["payment_id"], &told.data["reason"]), (&payment, &json!(reason)));
        assert_eq!(shop.get(&payment).await["refunds"][0]["reason"], reason);
    }
    let kept = "SELECT COUNT(*) FROM payments WHERE refused_for IN ('paid_otherwise', 'wrong_amount')";
    assert_eq!(shop.count(kept).await, 2);
    // The version before doesn't write it.
    sqlx::query("UPDATE payments SET refused_for = NULL").execute(&shop.db).await.unwrap();
    assert_eq!(shop.read("/api/payments").await["total"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_orders_payment_is_not_refused() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let mine = shop.paid(shop.order(1), json!({})).await["id"].clone();
    kafka.send(&of_order("order_payment_refused", 2, &json!({ "payment_id": mine, "amount": 3000 }))).await;
    // Behind it in order: when this one has an effect, the other had none.
    shop.order(2);
    let other = shop.paid(2, json!({})).await["id"].clone();
    kafka.send(&of_order("order_payment_refused", 2, &json!({ "payment_id": other, "amount": 3000 }))).await;
    shop.becomes(&other, "refunded").await;
    assert_eq!(shop.get(&mine).await["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_payments_money_goes_back_although_the_service_dies() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let order = shop.order(1);
    let payment = shop.paid(order, json!({})).await["id"].clone();
    // The provider hangs until the service is dead.
    let mut busy = shop.db.begin().await.unwrap();
    sqlx::query("SELECT * FROM simulator_charges FOR UPDATE").fetch_all(&mut *busy).await.unwrap();
    kafka
        .send(&of_order("order_payment_refused", order, &json!({ "payment_id": payment, "amount": 3000 })))
        .await;
    let begun = "SELECT COUNT(*) FROM operations WHERE kind = 'refund'";
    eventually("the refund is begun", || async {
        if shop.count(begun).await == 1 { Ok(()) } else { Err("not begun".to_owned()) }
    })
    .await;
    let Shop { env, app, db, .. } = shop;
    app.kill().await;
    busy.rollback().await.unwrap();
    let next = env.start::<Payments>().await;
    eventually("the next instance gives it back", || async {
        let path = format!("/api/payments/{payment}");
        let now: Value = next.as_admin(Method::GET, &path).send().await.unwrap().json().await.unwrap();
        if now["status"] == "refunded" { Ok(()) } else { Err(now.to_string()) }
    })
    .await;
    let refunds: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM simulator_refunds").fetch_one(&db).await.unwrap();
    assert_eq!(refunds, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_returns_money_goes_back_once_and_what_is_missing_is_told() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let events = kafka.listen("payment-events").await;
    let order = shop.order(1);
    let payment = shop.paid(order, json!({})).await["id"].clone();
    let first = due(order, 5, 1000);
    // The same message, and the same return told again.
    for event in [&first, &first, &due(order, 5, 1000)] {
        kafka.send(event).await;
    }
    let refunded = events.find(|event| event.kind == "payment_refunded").await;
    assert_eq!(
        (&refunded.data["return_id"], &refunded.data["refund_amount"], &refunded.data["reason"]),
        (&json!(5), &json!(1000), &json!("return"))
    );
    // The return came to cost more, and only the difference goes back.
    kafka.send(&due(order, 5, 1200)).await;
    has_refunded(&shop, 120_000).await;
    kafka.send(&due(order, 6, 2000)).await;
    let short = events.find(|event| event.kind == "return_refund_short").await;
    assert_eq!((&short.data["return_id"], &short.data["missing_amount"]), (&json!(6), &json!(200)));
    assert_eq!(short.data["disputed"], 0);
    shop.becomes(&payment, "refunded").await;
    // An order that was never paid here.
    kafka.send(&due(9, 7, 10)).await;
    let short = events.find(|event| event.kind == "return_refund_short").await;
    assert_eq!((short.key.as_str(), &short.data["missing_amount"]), ("9", &json!(10)));
    assert_eq!(shop.count(REFUNDED).await, 300_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_of_a_returns_money_a_bank_decides_on_is_told() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let events = kafka.listen("payment-events").await;
    let order = shop.order(1);
    let payment = shop.paid(order, json!({})).await["id"].clone();
    shop.disputed("evt_1", "dispute.opened", &payment, 2500.0).await;
    let short = async |back: u64, amount: u32| {
        kafka.send(&due(order, back, amount)).await;
        let told = events.find(|event| event.kind == "return_refund_short").await.data;
        assert_eq!(told["return_id"], back);
        (told["missing_amount"].clone(), told["disputed"].clone())
    };
    assert_eq!(short(1, 600).await, (json!(100), json!(100)), "500 are left");
    has_refunded(&shop, 50_000).await;
    assert_eq!(short(2, 2600).await, (json!(2600), json!(2500)));
    shop.disputed("evt_2", "dispute.lost", &payment, 2500.0).await;
    assert_eq!(short(3, 10).await, (json!(10), json!(0)), "nobody decides any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn returns_and_an_administrators_refunds_never_exceed_the_payment() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let order = shop.order(1);
    let payment = shop.paid(order, json!({})).await["id"].clone();
    let returns = (1..=20_u64).map(|back| {
        let shop = shop.clone();
        tokio::spawn(async move { TestKafka::new(&shop.env).send(&due(1, back, 100)).await })
    });
    let path = format!("/api/payments/{payment}/refund");
    let refunds = (0..20).map(|_| {
        let (shop, path) = (shop.clone(), path.clone());
        tokio::spawn(async move {
            shop.admin(&path, json!({ "amount": 100, "reason": "race" })).await;
        })
    });
    for task in returns.chain(refunds).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let handled = "SELECT COUNT(*) FROM inbox";
    eventually("every return is handled", || async {
        let now = shop.count(handled).await;
        if now == 20 { Ok(()) } else { Err(now.to_string()) }
    })
    .await;
    // Whatever a busy machine refused of the refunds can be refunded now; not a cent more.
    shop.admin(&path, json!({ "reason": "rest" })).await;
    shop.becomes(&payment, "refunded").await;
    assert_eq!(shop.count(REFUNDED).await, 300_000);
}
