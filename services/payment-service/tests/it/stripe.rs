//! Payments through Stripe, as far as `localstripe` plays it.

use config::testing::{eventually, wrong_fields};
use serde_json::{Value, json};

use crate::localstripe::LocalStripe;
use crate::support::{Shop, problem};

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_charged_and_the_notice_of_it_is_old_news() {
    let stripe = LocalStripe::start().await;
    let shop = stripe.shop(&[]).await;
    let paid = shop.paid(shop.order(1), json!({ "payment_token": "pm_card_visa" })).await;
    assert_eq!((&paid["status"], &paid["provider"]), (&json!("succeeded"), &json!("stripe")));
    let intent = stripe.intent(&paid).await;
    assert_eq!((&intent["amount"], &intent["currency"]), (&json!(300_000), &json!("usd")));
    assert_eq!(intent["metadata"]["charge"].as_str().unwrap().len(), 36);
    eventually("the notice is here", || async {
        match shop.count("SELECT COUNT(*) FROM webhook_events WHERE provider = 'stripe'").await {
            1 => Ok(()),
            other => Err(format!("{other} notices")),
        }
    })
    .await;
    let entries = shop.count("SELECT COUNT(*) FROM ledger_entries").await;
    assert_eq!(entries, 6, "an authorization and a capture, once");
    shop.ledger_is_right().await;
    assert_eq!(stripe.get("/v1/payment_intents").await["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_makes_room_for_another() {
    let stripe = LocalStripe::start().await;
    let shop = stripe.shop(&[]).await;
    let order = shop.order(1);
    let declined = shop.pay(order, json!({ "payment_token": "pm_card_chargeCustomerFail" })).await;
    let (status, code, body) = problem(declined).await;
    assert_eq!((status, code.as_str()), (402, "payment-declined"));
    assert_eq!(body["decline_code"], "card_declined");
    let paid = shop.paid(order, json!({ "payment_token": "pm_card_visa" })).await;
    assert_eq!(paid["status"], "succeeded");
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_confirms_in_the_browser_and_the_notice_tells_us() {
    let stripe = LocalStripe::start().await;
    let shop = stripe.shop(&[]).await;
    let card = stripe.payment_method("4000002500003155").await;
    let payment = shop.paid(shop.order(1), json!({ "payment_token": card })).await;
    assert_eq!(payment["status"], "requires_action");
    let action = &payment["next_action"];
    assert_eq!((&action["type"], &action["url"]), (&json!("use_stripe_sdk"), &Value::Null));
    let secret = action["client_secret"].as_str().unwrap();
    let intent = secret.split("_secret_").next().unwrap();
    let confirmation = json!({ "client_secret": secret, "success": true });
    stripe.post(&format!("/v1/payment_intents/{intent}/_authenticate"), confirmation).await;
    let paid = shop.becomes(&payment["id"], "succeeded").await;
    assert_eq!((&paid["transaction_id"], &paid["next_action"]), (&json!(intent), &Value::Null));
    assert_eq!(shop.count("SELECT COUNT(action_secret) FROM payments").await, 0, "it is forgotten");
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_fails_to_confirm_is_asked_about_and_not_charged() {
    let stripe = LocalStripe::start().await;
    let shop = stripe.shop(&[("CONFIRMATION_SECONDS", "2")]).await;
    let card = stripe.payment_method("4000002500003155").await;
    let failed = shop.paid(shop.order(1), json!({ "payment_token": card })).await;
    let secret = failed["next_action"]["client_secret"].as_str().unwrap();
    let intent = secret.split("_secret_").next().unwrap().to_owned();
    let confirmation = json!({ "client_secret": secret, "success": false });
    stripe.post(&format!("/v1/payment_intents/{intent}/_authenticate"), confirmation).await;
    let left = shop.paid(shop.order(2), json!({ "payment_token": card })).await;
    let failed = shop.becomes(&failed["id"], "failed").await;
    assert_eq!(failed["failure"]["code"], "authentication_failed");
    let left = shop.becomes(&left["id"], "failed").await;
    assert_eq!(left["failure"]["code"], "abandoned");
    let intents = stripe.get("/v1/payment_intents").await;
    for intent in intents["data"].as_array().unwrap() {
        assert_eq!(intent["status"], "canceled", "{intent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn authorized_money_is_captured_in_part_refunded_in_part_or_given_back() {
    let stripe = LocalStripe::start().await;
    let shop = stripe.shop(&[]).await;
    let held = json!({ "payment_token": "pm_card_visa", "capture": false });
    let payment = shop.paid(shop.order(1), held.clone()).await;
    assert_eq!(payment["status"], "authorized");
    assert_eq!(stripe.intent(&payment).await["status"], "requires_capture");
    let path = format!("/api/payments/{}", payment["id"]);
    let captured = shop.admin(&format!("{path}/capture"), json!({ "amount": 1000 })).await;
    assert_eq!(captured.json::<Value>().await.unwrap()["captured_amount"], 1000);
    assert_eq!(stripe.intent(&payment).await["status"], "succeeded");
    let refund = json!({ "amount": 250.5, "reason": "one is broken" });
    let refunded: Value = shop.admin(&format!("{path}/refund"), refund).await.json().await.unwrap();
    assert_eq!((&refunded["status"], &refunded["refunded_amount"]), (&json!("succeeded"), &json!(250.5)));
    let refunds = stripe.get("/v1/refunds").await;
    let ours = |refund: &&Value| refund["metadata"]["refund"].is_string();
    let ours: Vec<&Value> = refunds["data"].as_array().unwrap().iter().filter(ours).collect();
    assert_eq!(ours.len(), 1);
    assert_eq!(ours[0]["amount"], 25_050);
    let other = shop.paid(shop.order(2), held).await;
    let voided = shop.admin(&format!("/api/payments/{}/void", other["id"]), json!({})).await;
    assert_eq!(voided.json::<Value>().await.unwrap()["status"], "voided");
    assert_eq!(stripe.intent(&other).await["status"], "canceled");
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_orders_money_goes_back_once() {
    let stripe = LocalStripe::start().await;
    let shop = stripe.shop(&[]).await;
    let paid = shop.paid(shop.order(1), json!({ "payment_token": "pm_card_visa" })).await;
    shop.cancel(1).await;
    let refunded = shop.becomes(&paid["id"], "refunded").await;
    assert_eq!(refunded["refunds"].as_array().unwrap().len(), 1);
    let refunds = stripe.get("/v1/refunds").await;
    assert_eq!(refunds["data"].as_array().unwrap().len(), 1);
    assert_eq!(refunds["data"][0]["amount"], 300_000);
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_themselves_and_what_stripe_does_not_take_are_refused_before_it_hears_of_them() {
    let stripe = LocalStripe::start().await;
    let shop = stripe.shop(&[]).await;
    let order = shop.order(1);
    let card = json!({ "number": "4242424242424242", "exp_month": 12, "exp_year": 2090, "cvc": "123" });
    let fields = async |more: Value| {
        let (status, _, body) = problem(shop.pay(order, more).await).await;
        assert_eq!(status, 422, "{body}");
        wrong_fields(&body).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(fields(json!({ "card": card })).await, ["card"]);
    assert_eq!(fields(json!({})).await, ["payment_token"]);
    for token in ["tok_success", "pm_", "4242424242424242", "pm_card visa", "pm_/../v1/refunds"] {
        assert_eq!(fields(json!({ "payment_token": token })).await, ["payment_token"], "{token}");
    }
    let paypal = json!({ "payment_method": "paypal" });
    assert_eq!(fields(paypal).await, ["payment_method", "payment_token"], "both at once");
    for nobody in ["cash", "paypal"] {
        let notice = shop.notice(nobody, "Stripe-Signature", crate::support::STRIPE_SECRET, b"{}".to_vec());
        assert_eq!(problem(notice.await).await.1, "provider-not-found");
    }
    let cash = shop.paid(order, json!({ "payment_method": "cod" })).await;
    assert_eq!((&cash["status"], &cash["provider"]), (&json!("authorized"), &json!("cash")));
    let brought = shop.admin(&format!("/api/payments/{}/capture", cash["id"]), json!({})).await;
    assert_eq!(brought.json::<Value>().await.unwrap()["status"], "succeeded");
    assert_eq!(stripe.get("/v1/payment_intents").await["data"], json!([]));
    shop.ledger_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_stays_with_the_provider_that_it_began_with() {
    let stripe = LocalStripe::start().await;
    let mut shop = Shop::with(&[]).await;
    let simulated = shop.paid(shop.order(1), json!({})).await;
    let paid = {
        let settings = crate::support::stripe_settings(&stripe.url);
        shop.restart(&settings).await;
        shop.paid(shop.order(2), json!({ "payment_token": "pm_card_visa" })).await
    };
    let mut back = crate::support::stripe_settings(&stripe.url);
    back[0].1 = "simulator".to_owned();
    shop.restart(&back).await;
    for (payment, provider) in [(simulated, "simulator"), (paid, "stripe")] {
        let refund = json!({ "reason": "changed my mind" });
        let refunded = shop.admin(&format!("/api/payments/{}/refund", payment["id"]), refund).await;
        assert_eq!(refunded.json::<Value>().await.unwrap()["status"], "succeeded", "{provider}");
        assert_eq!(shop.get(&payment["id"]).await["provider"], provider);
    }
    assert_eq!(stripe.get("/v1/refunds").await["data"].as_array().unwrap().len(), 1);
    shop.ledger_is_right().await;
}
