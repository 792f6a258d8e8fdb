//! Stripe's notices: <https://docs.stripe.com/webhooks>.

use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value;

use super::amounts;
use super::wire::{BalanceTransaction, DisputeObject, Intent, RefundObject};
use crate::application::{News, WebhookError};
use crate::domain::{ChargeOutcome, Decline, DisputeNews, DisputeStatus};
use crate::infrastructure::signature::{is_name, reason};

/// The header that carries the signature.
pub const SIGNATURE: &str = "stripe-signature";

/// A notice that is our business, if the intent is.
#[derive(Debug)]
pub struct Notice {
    pub id: String,
    pub intent: String,
    pub news: News,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

/// What a notice says; `None` when it is none of our business.
pub fn read(body: &[u8]) -> Result<Option<Notice>, WebhookError> {
    let event: Event = serde_json::from_slice(body).map_err(|_| WebhookError::Body)?;
    if !is_name(&event.id) {
        return Err(WebhookError::Body);
    }
    let (intent, news) = match event.kind.as_str() {
        "payment_intent.succeeded"
        | "payment_intent.amount_capturable_updated"
        | "payment_intent.payment_failed"
        | "payment_intent.canceled" => {
            let intent: Intent = object(event.data)?;
            (intent.id.clone(), News::Charge(charged(&event.kind, intent)))
        }
        "refund.failed" | "refund.updated" | "charge.refund.updated" => {
            let refund: RefundObject = object(event.data)?;
            // Somebody's in Stripe's own pages has no mark of ours.
            let key = refund.mark().and_then(|mark| mark.parse().ok());
            let (Some(intent), Some(key), Err(_)) = (refund.payment_intent.clone(), key, refund.answer())
            else {
                return Ok(None);
            };
            (intent, News::RefundFailed(key))
        }
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.closed"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated" => {
            let dispute: DisputeObject = object(event.data)?;
            let Some(intent) = dispute.payment_intent.clone() else { return Ok(None) };
            let Some(status) = stage(&dispute.status) else { return Ok(None) };
            (intent, News::Dispute(disputed(dispute, status)?))
        }
        _ => return Ok(None),
    };
    let readable = is_name(&intent);
    readable.then_some(Some(Notice { id: event.id, intent, news })).ok_or(WebhookError::Body)
}

fn object<T: serde::de::DeserializeOwned>(data: Data) -> Result<T, WebhookError> {
    serde_json::from_value(data.object).map_err(|_| WebhookError::Body)
}

/// The type says what happened; the object may have moved on since.
fn charged(kind: &str, intent: Intent) -> ChargeOutcome {
    match kind {
        "payment_intent.succeeded" => {
            let fee = intent.fee();
            ChargeOutcome::Captured { transaction_id: intent.id, fee }
        }
        "payment_intent.amount_capturable_updated" => ChargeOutcome::Authorized { transaction_id: intent.id },
        "payment_intent.canceled" => ChargeOutcome::Lapsed,
        _ => {
            let declined = || Decline::coded("card_declined");
            ChargeOutcome::Declined(intent.last_payment_error.map_or_else(declined, |error| error.decline()))
        }
    }
}

/// An inquiry (`warning_…`) has taken no money back, and is none.
fn stage(status: &str) -> Option<DisputeStatus> {
    Some(match status {
        "needs_response" => DisputeStatus::EvidenceDue,
        "under_review" => DisputeStatus::EvidenceSubmitted,
        "won" => DisputeStatus::Won,
        "lost" => DisputeStatus::Lost,
        _ => return None,
    })
}

fn disputed(dispute: DisputeObject, status: DisputeStatus) -> Result<DisputeNews, WebhookError> {
    let amount = amounts::from_stripe(dispute.amount, &dispute.currency).ok_or(WebhookError::Body)?;
    let fits = is_name(&dispute.id) && amount.is_positive();
    let due = dispute.evidence_details.and_then(|details| details.due_by);
    fits.then(|| DisputeNews {
        reference: dispute.id,
        status,
        reason: reason(dispute.reason),
        amount,
        evidence_due_at: due.and_then(|due| DateTime::from_timestamp(due, 0)),
        fee: dispute.balance_transactions.iter().find_map(BalanceTransaction::fee),
    })
    .ok_or(WebhookError::Body)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_event(kind: &str, object: &Value) -> Result<Option<Notice>, WebhookError> {
        let event = json!({ "id": "evt_1", "type": kind, "data": { "object": object } });
        read(event.to_string().as_bytes())
    }

    #[test]
    fn the_type_says_what_has_become_of_an_intent() {
        let intent = json!({ "id": "pi_1", "status": "succeeded", "latest_charge": "ch_1" });
        let notice = read_event("payment_intent.amount_capturable_updated", &intent).unwrap().unwrap();
        assert_eq!(notice.intent, "pi_1");
        assert!(matches!(notice.news, News::Charge(ChargeOutcome::Authorized { .. })));
        let notice = read_event("payment_intent.succeeded", &intent).unwrap().unwrap();
        assert!(matches!(notice.news, News::Charge(ChargeOutcome::Captured { fee: None, .. })));
        let error =
            json!({ "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds" });
        let failed =
            json!({ "id": "pi_1", "status": "requires_payment_method", "last_payment_error": error });
        let notice = read_event("payment_intent.payment_failed", &failed).unwrap().unwrap();
        let News::Charge(ChargeOutcome::Declined(decline)) = notice.news else { panic!("{:?}", notice.news) };
        assert_eq!(decline.code, "insufficient_funds");
        assert!(read_event("customer.created", &json!({ "id": "cus_1" })).unwrap().is_none());
        assert!(read_event("payment_intent.succeeded", &json!({ "status": "succeeded" })).is_err());
        assert!(
            read_event("payment_intent.succeeded", &json!({ "id": "pi é", "status": "succeeded" })).is_err()
        );
    }

    #[test]
    fn a_refund_of_ours_that_failed_is_told_and_no_other() {
        let key = uuid::Uuid::now_v7();
        let refund = |status: &str, mark: &str| json!({ "payment_intent": "pi_1", "status": status, "metadata": { "refund": mark } });
        let ours = key.to_string();
        for (kind, status) in [("refund.failed", "failed"), ("charge.refund.updated", "canceled")] {
            let notice = read_event(kind, &refund(status, &ours)).unwrap().unwrap();
            assert_eq!((notice.intent.as_str(), notice.news), ("pi_1", News::RefundFailed(key)));
        }
        assert!(read_event("refund.updated", &refund("succeeded", &ours)).unwrap().is_none());
        assert!(read_event("refund.failed", &refund("failed", "")).unwrap().is_none());
        assert!(read_event("refund.failed", &json!({ "status": "failed" })).unwrap().is_none());
        assert!(read_event("refund.failed", &json!("re_1")).is_err());
    }

    #[test]
    fn a_dispute_has_its_money_its_fee_and_its_day() {
        let dispute = |status: &str| {
            json!({
                "id": "dp_1", "payment_intent": "pi_1", "amount": 500, "currency": "jpy", "reason": "fraudulent",
                "status": status, "evidence_details": { "due_by": 1_700_000_000 },
                "balance_transactions": [{ "fee": 1500, "currency": "usd" }],
            })
        };
        let notice = read_event("charge.dispute.created", &dispute("needs_response")).unwrap().unwrap();
        let News::Dispute(news) = notice.news else { panic!("{:?}", notice.news) };
        assert_eq!(
            (news.amount.to_string(), news.fee.unwrap().to_string()),
            ("500 JPY".into(), "15.00 USD".into())
        );
        assert_eq!(news.status, DisputeStatus::EvidenceDue);
        assert_eq!(news.evidence_due_at.unwrap().timestamp(), 1_700_000_000);
        assert!(read_event("charge.dispute.created", &dispute("warning_needs_response")).unwrap().is_none());
    }
}
