//! Disputes, told by the simulated provider's signed notices, and the ledger.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac as _};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::Sha256;
use system_tests::Shop;

use super::{answered, each, has, is_time, paid_order, refused, unique, whole, wrong_fields};

/// A notice, signed with the secret that this shop was given.
fn told(shop: &Shop, notice: &Value) -> RequestBuilder {
    let secret = shop.system.secrets().unwrap().simulator_webhook_secret;
    let (time, body) = (SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs(), notice.to_string());
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let mac = mac.chain_update(format!("{time}.{body}"));
    let signature = format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()));
    shop.post("/api/payments/webhooks/simulator", notice).header("Simulator-Signature", signature)
}

async fn disputed(shop: &Shop, kind: &str, payment: u64) {
    let shown = answered(shop.admin(Method::GET, &format!("/api/payments/{payment}")), 200).await;
    let dispute = json!({ "id": format!("dp_{payment}"), "reason": "fraudulent", "amount": 4, "currency": "USD",
        "evidence_due_at": "2040-01-02T03:04:05Z" });
    let data = json!({ "transaction_id": shown["transaction_id"], "dispute": dispute });
    let notice = json!({ "id": unique("evt_"), "type": kind, "data": data });
    whole(told(shop, &notice), 204).await;
}

#[tokio::test]
async fn a_dispute_is_opened_answered_and_won() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    let (order, payment, _) = paid_order(&shop, &shopper).await;
    disputed(&shop, "dispute.evidence_due", payment).await;
    let path = format!("/api/payments/disputes?payment_id={payment}&status=evidence_due");
    let list = answered(shop.admin(Method::GET, &path), 200).await;
    let dispute = list["items"][0].clone();
    has(
        &dispute,
        &json!({ "payment_id": payment, "order_id": order, "user_id": shopper.id, "amount": 4, "currency": "USD",
            "provider": "simulator", "reason": "fraudulent", "status": "evidence_due" }),
    );
    is_time(&dispute["evidence_due_at"]);
    has(&shopper.get(&format!("/api/payments/{payment}")).await, &json!({ "disputed_amount": 4 }));
    let path = format!("/api/payments/disputes/{}", dispute["id"]);
    has(&answered(shop.admin(Method::GET, &path), 200).await, &json!({ "id": dispute["id"] }));
    let evidence = |body: Value| shop.admin(Method::POST, &format!("{path}/evidence")).json(&body);
    assert_eq!(
        wrong_fields(evidence(json!({ "text": "", "tracking_number": "" }))).await,
        ["text", "tracking_number"]
    );
    let sent = answered(evidence(json!({ "text": "It was delivered." })), 200).await;
    assert_eq!(sent["status"], "evidence_submitted");
    let again = refused(evidence(json!({ "text": "And again." })), 409, "illegal-dispute-state").await;
    assert_eq!(again["dispute_status"], "evidence_submitted");
    disputed(&shop, "dispute.won", payment).await;
    assert_eq!(answered(shop.admin(Method::GET, &path), 200).await["status"], "won");
    let ledger = shop.admin(Method::GET, &format!("/api/payments/{payment}/ledger"));
    let ledger = json!({ "items": answered(ledger, 200).await["entries"] });
    for movement in ["authorization", "capture", "fee", "chargeback", "chargeback_reversal"] {
        assert!(each(&ledger, "movement").contains(&&json!(movement)), "{movement}: {ledger}");
    }
}

#[tokio::test]
async fn disputes_and_the_ledger_are_for_administrators() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    for path in ["/api/payments/disputes", "/api/payments/disputes/1", "/api/payments/ledger/check"] {
        refused(shop.get(path), 401, "token-missing").await;
        refused(shopper.request(Method::GET, path), 403, "not-admin").await;
    }
    refused(shop.admin(Method::GET, "/api/payments/disputes/999999999"), 404, "dispute-not-found").await;
    refused(shop.admin(Method::GET, "/api/payments/999999999/ledger"), 404, "payment-not-found").await;
    let unknown = shop.admin(Method::GET, "/api/payments/disputes?status=settled");
    assert_eq!(wrong_fields(unknown).await, ["status"]);
}

#[tokio::test]
async fn every_payment_agrees_with_its_books() {
    let shop = Shop::shared().await;
    let shopper = shop.shopper().await;
    paid_order(&shop, &shopper).await;
    let mut after = json!(0);
    while !after.is_null() {
        let path = format!("/api/payments/ledger/check?limit=100&after={after}");
        let check = answered(shop.admin(Method::GET, &path), 200).await;
        has(&check, &json!({ "balanced": true, "findings": [] }));
        after = check["next_after"].clone();
    }
}
