//! Orders that are cancelled.

use config::testing::{TestKafka, eventually};
use serde_json::{Value, json};

use crate::support::{SHOPPER, Shop, cancelled, of_order, problem, refunded, with_money};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_taken_or_set_aside_goes_back_once() {
    let shop = Shop::open().await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    let taken = shop.paid(shop.order(1), json!({})).await["id"].clone();
    let held = shop.paid(shop.order(2), json!({ "capture": false })).await["id"].clone();
    let asked =
        shop.paid(shop.order(3), json!({ "payment_token": "tok_action_required" })).await["id"].clone();
    let partly = shop.paid(shop.order(4), json!({})).await["id"].clone();
    let part = json!({ "amount": 1000, "reason": "one is broken" });
    assert_eq!(shop.admin(&format!("/api/payments/{partly}/refund"), part).await.status(), 201);
    for order in 1..=4 {
        shop.cancel(order).await;
    }
    let refunded = shop.becomes(&taken, "refunded").await;
    assert_eq!(refunded["refunds"].as_array().unwrap().len(), 1);
    assert_eq!(refunded["refunds"][0]["reason"], "order_cancelled");
    shop.becomes(&held, "voided").await;
    let abandoned = shop.becomes(&asked, "failed").await;
    assert_eq!(abandoned["failure"]["code"], "abandoned");
    let rest = shop.becomes(&partly, "refunded").await;
    assert_eq!(rest["refunds"][1]["amount"], 2000);
    let event = events.find(|event| event.kind == "payment_refunded" && event.key == "1").await;
    assert_eq!(
        (&event.data["reason"], &event.data["fully_refunded"]),
        (&json!("order_cancelled"), &json!(true))
    );
    assert_eq!(shop.count("SELECT CAST(SUM(refunded) AS SIGNED) FROM simulator_charges").await, 600_000);
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_takes_no_money_even_when_order_service_is_behind() {
    let shop = Shop::open().await;
    shop.cancel(1).await;
    eventually("the cancellation is known", || async {
        let known = shop.count("SELECT COUNT(*) FROM order_accounts WHERE cancelled_at IS NOT NULL").await;
        if known == 1 { Ok(()) } else { Err("unknown".to_owned()) }
    })
    .await;
    let (status, code, _) = problem(shop.pay(shop.order(1), json!({})).await).await;
    assert_eq!((status, code.as_str()), (409, "order-cancelled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_raced_against_the_cancellation_never_keeps_money() {
    let shop = std::sync::Arc::new(Shop::with(&[("SIMULATOR_SLOW_SECONDS", "0.05")]).await);
    let means = [json!({}), json!({ "payment_token": "tok_slow" }), json!({ "capture": false })];
    let races = (1..=40_u64).map(|order| {
        let (shop, means) = (shop.clone(), means[order as usize % means.len()].clone());
        shop.order(order);
        tokio::spawn(async move {
            let kafka = TestKafka::new(&shop.env);
            let event = cancelled(order);
            let (paid, ()) = tokio::join!(shop.pay(order, means), kafka.send(&event));
            (paid.status().as_u16(), paid.json::<Value>().await.unwrap())
        })
    });
    let races: Vec<_> = races.collect();
    for race in races {
        let (status, body) = race.await.unwrap();
        assert!(status == 201 || body["code"] == "order-cancelled", "{status} {body}");
    }
    let open = "SELECT COUNT(*) FROM payments WHERE status NOT IN ('refunded', 'voided', 'failed')";
    let cancellations = "SELECT COUNT(*) FROM order_accounts WHERE cancelled_at IS NOT NULL";
    eventually("all are cancelled and undone", || async {
        let (open, cancellations) = (shop.count(open).await, shop.count(cancellations).await);
        if (open, cancellations) == (0, 40) {
            Ok(())
        } else {
            Err(format!("{open} open, {cancellations} cancelled"))
        }
    })
    .await;
    let kept = "SELECT COUNT(*) FROM simulator_charges WHERE captured <> refunded OR state = 'authorized'";
    assert_eq!(shop.count(kept).await, 0, "the provider agrees");
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_money_of_an_order_that_an_administrator_refunds_goes_back() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let (kept, partly) =
        (shop.paid(shop.order(1), json!({})).await, shop.paid(shop.order(2), json!({})).await);
    let part = json!({ "amount": 1000, "reason": "one is broken" });
    assert_eq!(shop.admin(&format!("/api/payments/{}/refund", partly["id"]), part).await.status(), 201);
    for event in [refunded(1, false), refunded(2, true), refunded(2, true)] {
        kafka.send(&event).await;
    }
    let rest = shop.becomes(&partly["id"], "refunded").await;
    assert_eq!(rest["refunds"].as_array().unwrap().len(), 2, "{rest}");
    assert_eq!(
        (&rest["refunds"][1]["amount"], &rest["refunds"][1]["reason"]),
        (&json!(2000), &json!("order_refunded"))
    );
    assert_eq!(shop.get(&kept["id"]).await["status"], "succeeded");
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_payment_can_give_back_is_told_to_people_once() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let events = kafka.listen("payment-events").await;
    // Its payment gives all of it back, also that of which order-service has not heard.
    let by_payment = shop.paid(shop.order(1), json!({})).await["id"].clone();
    kafka.send(&with_money(cancelled(1), 3000, 0)).await;
    // Nobody has paid this one.
    kafka.send(&with_money(cancelled(2), 0, 0)).await;
    // An administrator has marked this one as paid; and then there is more.
    let first = with_money(cancelled(3), 3000, 0);
    let again = with_money(refunded(3, true), 3000, 0);
    for event in [&first, &first, &again, &with_money(cancelled(3), 3500, 0)] {
        kafka.send(event).await;
    }
    let by_hand = async |order: u64| {
        let key = order.to_string();
        events.find(|event| event.kind == "refund_by_hand_due" && event.key == key).await.data
    };
    let told = |order: u64, amount: u32| json!({ "order_id": order, "user_id": SHOPPER, "amount": amount, "currency": "USD" });
    assert_eq!(by_hand(3).await, told(3, 3000));
    assert_eq!(by_hand(3).await, told(3, 500));
    // Of this one a part was given back by hand.
    kafka.send(&with_money(refunded(4, true), 3000, 1000)).await;
    assert_eq!(by_hand(4).await, told(4, 2000));
    shop.becomes(&by_payment, "refunded").await;
    eventually("all are over", || async {
        let over =
            "SELECT COUNT(*) FROM order_accounts WHERE COALESCE(cancelled_at, refunded_at) IS NOT NULL";
        let over = shop.count(over).await;
        if over == 4 { Ok(()) } else { Err(format!("{over} orders")) }
    })
    .await;
    let others = "SELECT COUNT(*) FROM order_accounts WHERE order_id IN (1, 2) AND told_by_hand <> 0";
    assert_eq!(shop.count(others).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_refused_payment_seemed_to_give_back_is_told_to_people() {
    let shop = Shop::open().await;
    let kafka = TestKafka::new(&shop.env);
    let events = kafka.listen("payment-events").await;
    let payment = shop.paid(shop.order(1), json!({})).await["id"].clone();
    // It was marked as paid before this payment, which order-service hears of when the order is over.
    kafka.send(&with_money(cancelled(1), 3000, 0)).await;
    shop.becomes(&payment, "refunded").await;
    let refusal = json!({ "payment_id": payment, "amount": 3000, "reason": "paid_otherwise" });
    for _ in 0..2 {
        kafka.send(&with_money(of_order("order_payment_refused", 1, &refusal), 3000, 0)).await;
    }
    let told = events.find(|event| event.kind == "refund_by_hand_due").await.data;
    assert_eq!((&told["order_id"], &told["amount"]), (&json!(1), &json!(3000)));
    kafka.send(&with_money(refunded(1, true), 3500, 0)).await;
    let more = events.find(|event| event.kind == "refund_by_hand_due").await.data;
    assert_eq!(more["amount"], 500, "what was told once isn't told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_ends_with_its_order_says_so() {
    let shop = Shop::open().await;
    let events = TestKafka::new(&shop.env).listen("payment-events").await;
    shop.paid(shop.order(1), json!({ "payment_token": "tok_action_required" })).await;
    shop.cancel(1).await;
    let failed = events.find(|event| event.kind == "payment_failed").await;
    assert_eq!((&failed.data["code"], &failed.data["order_over"]), (&json!("abandoned"), &json!(true)));
}
