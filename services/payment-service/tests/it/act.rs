//! Capturing, voiding, refunding.

use config::testing::TestKafka;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Shop, problem};

#[tokio::test(flavor = "multi_thread")]
async fn an_authorized_payment_is_captured_in_part() {
    let shop = Shop::open().await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    let payment = shop.paid(shop.order(1), json!({ "capture": false })).await;
    assert_eq!((&payment["status"], &payment["captured_amount"]), (&json!("authorized"), &json!(0)));
    let path = format!("/api/payments/{}", payment["id"]);
    let refund = json!({ "reason": "changed my mind" });
    assert_eq!(problem(shop.admin(&format!("{path}/refund"), refund).await).await.1, "illegal-payment-state");
    let too_much = problem(shop.admin(&format!("{path}/capture"), json!({ "amount": 3000.01 })).await).await;
    assert_eq!((too_much.0, &too_much.2["amount_left"]), (422, &json!(3000)));
    for amount in [json!(0), json!(-5), json!(0.001)] {
        assert_eq!(shop.admin(&format!("{path}/capture"), json!({ "amount": amount })).await.status(), 422);
    }
    let captured = shop.admin(&format!("{path}/capture"), json!({ "amount": 1000 })).await;
    assert_eq!(captured.status(), 200);
    let captured: Value = captured.json().await.unwrap();
    assert_eq!((&captured["status"], &captured["captured_amount"]), (&json!("succeeded"), &json!(1000)));
    let first = events.find(|event| event.key == "1").await;
    assert_eq!((first.kind.as_str(), &first.data["amount"]), ("payment_authorized", &json!(3000)));
    let event = events.find(|event| event.kind == "payment_processed").await;
    assert_eq!((&event.data["amount"], &event.data["authorized_amount"]), (&json!(1000), &json!(3000)));
    for verb in ["capture", "void"] {
        let again = problem(shop.admin(&format!("{path}/{verb}"), json!({})).await).await;
        assert_eq!((again.0, again.1.as_str()), (409, "illegal-payment-state"));
    }
    assert_eq!(shop.admin("/api/payments/999/capture", json!({})).await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voided_payment_makes_room_for_another() {
    let shop = Shop::open().await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    let order = shop.order(1);
    let payment = shop.paid(order, json!({ "capture": false })).await;
    assert_eq!(problem(shop.pay(order, json!({})).await).await.1, "payment-in-progress");
    let void = shop.app.as_admin(Method::POST, &format!("/api/payments/{}/void", payment["id"]));
    let voided: Value = void.send().await.unwrap().json().await.unwrap();
    assert_eq!(voided["status"], "voided");
    let told = events.find(|event| event.kind == "payment_voided").await;
    assert_eq!((&told.data["payment_id"], &told.data["amount"]), (&payment["id"], &json!(3000)));
    assert_eq!(shop.paid(order, json!({})).await["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_is_ours_when_somebody_brought_it() {
    let shop = Shop::open().await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    let payment = shop.paid(shop.order(1), json!({ "payment_method": "cod" })).await;
    assert_eq!(payment["status"], "authorized");
    let promised = events.find(|event| event.key == "1").await;
    assert_eq!(
        (promised.kind.as_str(), &promised.data["payment_method"]),
        ("payment_authorized", &json!("cod"))
    );
    let void = shop.app.as_admin(Method::POST, &format!("/api/payments/{}/void", payment["id"]));
    assert_eq!(
        problem(void.send().await.unwrap()).await.1,
        "illegal-payment-state",
        "the parcel may be on its way"
    );
    let capture = shop.app.as_admin(Method::POST, &format!("/api/payments/{}/capture", payment["id"]));
    let captured: Value = capture.send().await.unwrap().json().await.unwrap();
    assert_eq!((&captured["status"], &captured["captured_amount"]), (&json!("succeeded"), &json!(3000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_given_back_in_parts_until_none_is_left() {
    let shop = Shop::open().await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    let payment = shop.paid(shop.order(1), json!({})).await;
    let path = format!("/api/payments/{}/refund", payment["id"]);
    for body in [json!({}), json!({ "reason": " " }), json!({ "reason": "x".repeat(201) })] {
        assert_eq!(shop.admin(&path, body).await.status(), 422);
    }
    let part = shop.admin(&path, json!({ "amount": 1000.5, "reason": "broken" })).await;
    assert_eq!(part.status(), 201);
    let part: Value = part.json().await.unwrap();
    assert_eq!(
        (&part["status"], &part["payment_status"]),
        (&json!("succeeded"), &json!("partially_refunded"))
    );
    let event = events.find(|event| event.kind == "payment_refunded").await;
    assert_eq!(event.data["refund_amount"], 1000.5);
    assert_eq!((&event.data["fully_refunded"], &event.data["reason"]), (&json!(false), &json!("broken")));
    assert_eq!(event.data["refund_id"], part["id"]);
    let too_much = problem(shop.admin(&path, json!({ "amount": 1999.51, "reason": "greed" })).await).await;
    assert_eq!((too_much.0, &too_much.2["amount_left"]), (422, &json!(1999.5)));
    assert_eq!(shop.admin(&path, json!({ "reason": "the rest" })).await.status(), 201);
    let event = events.find(|event| event.kind == "payment_refunded").await;
    assert_eq!((&event.data["fully_refunded"], &event.data["refunded_total"]), (&json!(true), &json!(3000)));
    assert_eq!(shop.admin(&path, json!({ "reason": "more" })).await.status(), 409);
    let payment = shop.get(&payment["id"]).await;
    assert_eq!((&payment["status"], payment["refunds"].as_array().unwrap().len()), (&json!("refunded"), 2));
}
