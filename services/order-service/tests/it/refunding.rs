//! Money that the shop gives back by other means than a payment.

use config::testing::{TestKafka, eventually, wrong_fields};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Shop, id, payment, refusal, user};

fn by_hand(shop: &Shop, order: &Value, body: &Value) -> RequestBuilder {
    shop.app.as_admin(Method::POST, &format!("/api/orders/{}/refunds", id(order))).json(body)
}

fn of(amount: f64) -> Value {
    json!({ "amount": amount, "reference": "SEPA 4711" })
}

/// An order of 30 that was paid by bank transfer.
async fn transferred(shop: &Shop) -> Value {
    let lamp = shop.products.add(1_000, "USD");
    let order = shop.placed(user(), &[(&lamp, 3)]).await;
    assert_eq!(shop.move_to(id(&order), "paid").await.status(), 200);
    order
}

async fn read(shop: &Shop, order: &Value) -> Value {
    shop.read(&format!("/api/orders/{}", id(order))).await
}

async fn history(shop: &Shop, order: &Value) -> String {
    shop.read(&format!("/api/orders/{}/history", id(order))).await.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bank_transfer_paid_is_given_back_by_hand() {
    let shop = Shop::open().await;
    let listener = TestKafka::new(&shop.env).listen("order-events").await;
    let order = transferred(&shop).await;
    assert_eq!(shop.move_to(id(&order), "cancelled").await.status(), 200);
    let cancelled = listener.find(|event| event.kind == "order_cancelled").await;
    let said = ["refund_due", "paid_amount", "refunded_amount"].map(|member| cancelled.data[member].clone());
    assert_eq!(said, [json!(true), json!(30), json!(0)]);

    let part = by_hand(&shop, &order, &of(10.5)).send().await.unwrap();
    assert_eq!(part.status(), 200);
    let part: Value = part.json().await.unwrap();
    assert_eq!((&part["status"], &part["refunded_amount"]), (&json!("cancelled"), &json!(10.5)));
    let event = listener.find(|event| event.kind == "order_refunded_by_hand").await;
    let told = ["order_id", "refund_amount", "refunded_amount", "return_id", "reference"]
        .map(|member| event.data[member].clone());
    assert_eq!(told, [order["id"].clone(), json!(10.5), json!(10.5), Value::Null, json!("SEPA 4711")]);

    let (status, problem) = refusal(by_hand(&shop, &order, &of(19.51))).await;
    assert_eq!(
        (status, &problem["code"], &problem["refundable"]),
        (409, &json!("refund-exceeds-paid"), &json!(19.5))
    );
    let rest: Value = by_hand(&shop, &order, &of(19.5)).send().await.unwrap().json().await.unwrap();
    assert_eq!((&rest["status"], &rest["refunded_amount"]), (&json!("refunded"), &json!(30)));
    let moved = listener.find(|event| event.kind == "order_status_updated").await;
    assert_eq!((&moved.data["status"], &moved.data["refund_due"]), (&json!("refunded"), &json!(false)));
    assert_eq!(refusal(by_hand(&shop, &order, &of(0.01))).await.1["refundable"], 0);
    assert!(history(&shop, &order).await.contains("19.50 USD were given back by hand: SEPA 4711"));
    let summary = shop.read("/api/orders/analytics/summary").await;
    assert_eq!((&summary["refunded"], &summary["revenue"]), (&json!(30), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_refund_by_hand() {
    let shop = Shop::open().await;
    let order = transferred(&shop).await;
    let path = format!("/api/orders/{}/refunds", id(&order));
    let owner = order["user_id"].as_u64().unwrap();
    assert_eq!(refusal(shop.app.as_client(owner, Method::POST, &path).json(&of(1.0))).await.0, 403);
    let (status, problem) =
        refusal(by_hand(&shop, &order, &json!({ "amount": -1, "reference": "a\nb" }))).await;
    assert_eq!((status, wrong_fields(&problem)), (422, vec!["amount", "reference"]));
    for (body, field) in [
        (json!({ "amount": 0, "reference": "x" }), "amount"),
        (json!({ "amount": 1.005, "reference": "x" }), "amount"),
        (json!({ "amount": 1, "reference": "x", "return_id": 1 }), "return_id"),
    ] {
        let (status, problem) = refusal(by_hand(&shop, &order, &body)).await;
        assert_eq!((status, wrong_fields(&problem)), (422, vec![field]));
    }
    assert_eq!(refusal(by_hand(&shop, &json!({ "id": 1 }), &of(1.0))).await.0, 404);
    assert_eq!(read(&shop, &order).await["refunded_amount"], 0);
    let lamp = shop.products.add(1_000, "USD");
    let unpaid = shop.placed(user(), &[(&lamp, 1)]).await;
    assert_eq!(refusal(by_hand(&shop, &unpaid, &of(1.0))).await.1["code"], "refund-exceeds-paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_refund_by_hand_is_recorded_once_and_many_at_once_give_no_more_than_was_paid() {
    let shop = Shop::open().await;
    let order = transferred(&shop).await;
    let send = || by_hand(&shop, &order, &of(6.0)).header("Idempotency-Key", "once").send();
    let first: Value = send().await.unwrap().json().await.unwrap();
    let again = send().await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let request = by_hand(&shop, &order, &of(6.0));
        tasks.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let mut statuses = tasks.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [[200; 4].as_slice(), &[409; 6]].concat());
    let now = read(&shop, &order).await;
    assert_eq!((&now["status"], &now["refunded_amount"]), (&json!("refunded"), &json!(30)));
    assert_eq!(shop.read("/api/orders/analytics/summary").await["refunded"], 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_ends_when_all_of_it_was_given_back_and_payments_are_asked_for_the_rest_only() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let listener = kafka.listen("order-events").await;
    let order = transferred(&shop).await;
    for status in ["fulfilling", "shipped", "delivered"] {
        assert_eq!(shop.move_to(id(&order), status).await.status(), 200);
    }
    let owner = order["user_id"].as_u64().unwrap();
    let item = json!({ "product_id": order["items"][0]["product_id"], "quantity": 2, "reason": "broken" });
    let returns = format!("/api/orders/{}/returns", id(&order));
    let asked = shop.app.as_client(owner, Method::POST, &returns).json(&json!({ "items": [item] }));
    let back: Value = asked.send().await.unwrap().json().await.unwrap();
    let decide = async |verb: &str| -> Value {
        let path = format!("{returns}/{}/{verb}", id(&back));
        shop.app.as_admin(Method::POST, &path).send().await.unwrap().json().await.unwrap()
    };
    let of_return = |amount: f64| {
        let mut body = of(amount);
        body["return_id"] = back["id"].clone();
        body
    };
    let (status, problem) = refusal(by_hand(&shop, &order, &of_return(20.0))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("illegal-transition")), "nobody has decided yet");
    assert_eq!(read(&shop, &order).await["refunded_amount"], 0);
    for verb in ["approve", "receive", "refund"] {
        decide(verb).await;
    }
    let due = listener.find(|event| event.kind == "return_refund_due").await;
    assert_eq!(due.data["refund_amount"], 20);
    assert_eq!(by_hand(&shop, &order, &of_return(5.0)).send().await.unwrap().status(), 200);
    let asked_again = decide("refund").await;
    let seen = ["status", "refund_amount", "refunded_amount"].map(|member| asked_again[member].clone());
    assert_eq!(seen, [json!("refunding"), json!(20), json!(5)]);
    let due = listener.find(|event| event.kind == "return_refund_due").await;
    assert_eq!(due.data["refund_amount"], 15, "payment-service doesn't know of the five");
    assert_eq!(by_hand(&shop, &order, &of_return(15.0)).send().await.unwrap().status(), 200);
    let ended = listener.find(|event| event.kind == "return_refunded").await;
    assert_eq!((&ended.data["return_id"], &ended.data["refunded_amount"]), (&back["id"], &json!(20)));
    let ended = shop.read(&format!("{returns}/{}", id(&back))).await;
    assert_eq!((&ended["status"], &ended["refunded_amount"]), (&json!("refunded"), &json!(20)));
    assert_eq!(read(&shop, &order).await["status"], "delivered");

    // A payment that gives it back as well, late: no more is counted than was paid.
    let more =
        json!({ "refund_amount": 20, "refunded_total": 20, "fully_refunded": true, "return_id": back["id"] });
    kafka.send(&payment("payment_refunded", &order, &more)).await;
    eventually("it is heard of", || async {
        let now = read(&shop, &order).await["refunded_amount"].clone();
        if now == 30 { Ok(()) } else { Err(now.to_string()) }
    })
    .await;
    assert_eq!(shop.read("/api/orders/analytics/summary").await["revenue"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_promised_money_back_for_what_cost_nothing() {
    let shop = Shop::open().await;
    let listener = TestKafka::new(&shop.env).listen("order-events").await;
    let gift = shop.products.add(0, "USD");
    let order = shop.placed(user(), &[(&gift, 1)]).await;
    assert_eq!(order["status"], "paid");
    assert_eq!(shop.move_to(id(&order), "cancelled").await.status(), 200);
    let cancelled = listener.find(|event| event.kind == "order_cancelled").await;
    assert_eq!(cancelled.data["refund_due"], false);
}
