//! `payment-events`

use chrono::{DateTime, Utc};
use config::kafka::Envelope;
use config::money::Amount;
use serde::Deserialize;

use super::{BadEvent, money};
use crate::application::{Details, News, Notice};
use crate::domain::{NotificationType, Wording};

#[derive(Deserialize)]
struct Failed {
    order_id: u64,
    user_id: u64,
    amount: Amount,
    currency: String,
    #[serde(default)]
    code: String,
    /// Whether it ended with its order, of whose end the shopper hears.
    #[serde(default)]
    order_over: bool,
}

#[derive(Deserialize)]
struct Refunded {
    order_id: u64,
    user_id: u64,
    refund_amount: Amount,
    currency: String,
    #[serde(default)]
    fully_refunded: bool,
}

#[derive(Deserialize)]
struct Short {
    order_id: u64,
    return_id: u64,
    missing_amount: Amount,
    /// What of it is in an open dispute.
    disputed: Option<Amount>,
    currency: String,
}

#[derive(Deserialize)]
struct ByHand {
    order_id: u64,
    amount: Amount,
    currency: String,
}

#[derive(Deserialize)]
struct RefundFailed {
    order_id: u64,
    payment_id: u64,
    refund_amount: Amount,
    currency: String,
    was_refunded: bool,
}

#[derive(Deserialize)]
struct Disputed {
    order_id: u64,
    dispute_id: u64,
    disputed_amount: Amount,
    currency: String,
    status: String,
    evidence_due_at: Option<DateTime<Utc>>,
}

/// A payment that went through is told by the order's event.
pub fn news(message: &Envelope) -> Result<News, BadEvent> {
    let (user, kind, wording) = match message.kind.as_str() {
        "payment_failed" => {
            let failed: Failed = message.data()?;
            if failed.order_over {
                return Ok(News::default());
            }
            let amount = money(failed.amount, &failed.currency)?;
            let wording = Wording::payment_failed(failed.order_id, amount, &failed.code);
            (failed.user_id, NotificationType::PaymentFailed, wording)
        }
        "payment_refunded" => {
            let refunded: Refunded = message.data()?;
            let amount = money(refunded.refund_amount, &refunded.currency)?;
            let wording = Wording::payment_refunded(refunded.order_id, amount, refunded.fully_refunded);
            (refunded.user_id, NotificationType::PaymentRefunded, wording)
        }
        "return_refund_short" => {
            let short: Short = message.data()?;
            let missing = money(short.missing_amount, &short.currency)?;
            let disputed = short.disputed.map(|amount| money(amount, &short.currency)).transpose()?;
            let wording = Wording::return_refund_short(short.order_id, short.return_id, missing, disputed);
            let notice = Notice::new(NotificationType::ReturnRefundShort, wording, Details::Message);
            return Ok(News::for_admins(notice));
        }
        "refund_by_hand_due" => {
            let due: ByHand = message.data()?;
            let wording = Wording::refund_by_hand_due(due.order_id, money(due.amount, &due.currency)?);
            let notice = Notice::new(NotificationType::RefundByHandDue, wording, Details::Message);
            return Ok(News::for_admins(notice));
        }
        "refund_failed" => {
            let failed: RefundFailed = message.data()?;
            let amount = money(failed.refund_amount, &failed.currency)?;
            let RefundFailed { order_id, payment_id, was_refunded, .. } = failed;
            let wording = Wording::refund_failed(order_id, payment_id, amount, was_refunded);
            let notice = Notice::new(NotificationType::RefundFailed, wording, Details::Message);
            return Ok(News::for_admins(notice));
        }
        "dispute_opened" | "dispute_updated" => {
            let Disputed { order_id, dispute_id, status, evidence_due_at, disputed_amount, currency } =
                message.data()?;
            let amount = money(disputed_amount, &currency)?;
            let wording = Wording::dispute(order_id, dispute_id, amount, &status, evidence_due_at);
            let notice = |wording| Notice::new(NotificationType::Dispute, wording, Details::Message);
            return Ok(wording.map(notice).map(News::for_admins).unwrap_or_default());
        }
        _ => return Ok(News::default()),
    };
    Ok(News::one(user, Notice::new(kind, wording, Details::Message)))
}
