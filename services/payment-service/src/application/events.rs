//! What the service tells the others; docs/EVENTS.md.

use chrono::{DateTime, Utc};
use config::kafka::Event;
use config::money::{Amount, Money};
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{Account, Dispute, DisputeStatus, Operation, Payment, ReturnId};

const TOPIC: &str = "payment-events";

/// What every payment event carries.
#[derive(Debug, Serialize, JsonSchema)]
struct About {
    payment_id: u64,
    order_id: u64,
    user_id: u64,
    amount: Amount,
    currency: &'static str,
    payment_method: &'static str,
}

impl About {
    fn new(payment: &Payment, amount: Money) -> Self {
        Self {
            payment_id: payment.id.get(),
            order_id: payment.order_id.get(),
            user_id: payment.user_id.get(),
            amount: amount.into(),
            currency: amount.currency().code(),
            payment_method: payment.method.as_str(),
        }
    }
}

/// Money is set aside for the order, or will be handed over with the parcel (`cod`).
#[derive(Debug, Serialize, JsonSchema)]
pub struct PaymentAuthorized {
    #[serde(flatten)]
    about: About,
}

impl PaymentAuthorized {
    pub fn new(payment: &Payment) -> Self {
        Self { about: About::new(payment, payment.amount) }
    }
}

/// It isn't any more: the shop gave it back, or the provider gave it up.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PaymentVoided {
    #[serde(flatten)]
    about: About,
}

impl PaymentVoided {
    pub fn new(payment: &Payment) -> Self {
        Self { about: About::new(payment, payment.amount) }
    }
}

/// Money was taken; `amount` is how much.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PaymentProcessed {
    #[serde(flatten)]
    about: About,
    transaction_id: String,
    /// What the customer agreed to; more than `amount` where a part was captured.
    authorized_amount: Amount,
}

impl PaymentProcessed {
    pub fn new(payment: &Payment) -> Self {
        let transaction_id = payment.transaction_id.clone().unwrap_or_default();
        let authorized_amount = payment.amount.into();
        Self { about: About::new(payment, payment.captured), transaction_id, authorized_amount }
    }
}

/// The provider declined, or the customer never confirmed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PaymentFailed {
    #[serde(flatten)]
    about: About,
    code: String,
    message: String,
    /// Whether its order is over, cancelled or refunded: nobody waits for it to be paid.
    order_over: bool,
}

impl PaymentFailed {
    pub fn new(account: &Account, payment: &Payment) -> Self {
        let (code, message) = payment.decline.clone().map(|it| (it.code, it.message)).unwrap_or_default();
        let order_over = account.is_over();
        Self { about: About::new(payment, payment.amount), code, message, order_over }
    }
}

/// Money was given back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PaymentRefunded {
    #[serde(flatten)]
    about: About,
    refund_id: u64,
    refund_amount: Amount,
    refunded_total: Amount,
    fully_refunded: bool,
    reason: String,
    /// The return that it is for, or null.
    return_id: Option<u64>,
}

impl PaymentRefunded {
    pub fn new(payment: &Payment, refund: &Operation) -> Self {
        Self {
            about: About::new(payment, payment.captured),
            refund_id: refund.id.get(),
            refund_amount: refund.amount.into(),
            refunded_total: payment.refunded.into(),
            fully_refunded: payment.refunded == payment.captured,
            reason: refund.reason.clone().unwrap_or_default(),
            return_id: refund.return_id.map(ReturnId::get),
        }
    }
}

/// Money that was to be given back is with us: the provider refused, or the customer's bank didn't take it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefundFailed {
    #[serde(flatten)]
    about: About,
    refund_id: u64,
    refund_amount: Amount,
    /// Without this refund.
    refunded_total: Amount,
    reason: String,
    /// The return that it was for, or null.
    return_id: Option<u64>,
    /// Whether `payment_refunded` was told of it: that is undone.
    was_refunded: bool,
}

impl RefundFailed {
    pub fn new(payment: &Payment, refund: &Operation, was_refunded: bool) -> Self {
        Self {
            about: About::new(payment, payment.captured),
            refund_id: refund.id.get(),
            refund_amount: refund.amount.into(),
            refunded_total: payment.refunded.into(),
            reason: refund.reason.clone().unwrap_or_default(),
            return_id: refund.return_id.map(ReturnId::get),
            was_refunded,
        }
    }
}

/// A customer has asked their bank for the money back, and the bank has taken it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DisputeOpened {
    #[serde(flatten)]
    about: About,
    #[serde(flatten)]
    dispute: AboutDispute,
}

/// It has come further: evidence is due, was sent, or the bank has decided.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DisputeUpdated {
    #[serde(flatten)]
    about: About,
    #[serde(flatten)]
    dispute: AboutDispute,
    previous_status: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AboutDispute {
    dispute_id: u64,
    /// What the bank has taken back, in the payment's currency.
    disputed_amount: Amount,
    /// Such as `fraudulent`.
    reason: String,
    status: &'static str,
    /// Until when the shop may say something, or null.
    evidence_due_at: Option<DateTime<Utc>>,
}

impl AboutDispute {
    fn new(dispute: &Dispute) -> Self {
        Self {
            dispute_id: dispute.id.get(),
            disputed_amount: dispute.amount.into(),
            reason: dispute.reason.clone(),
            status: dispute.status.as_str(),
            evidence_due_at: dispute.evidence_due_at,
        }
    }
}

impl DisputeOpened {
    pub fn new(payment: &Payment, dispute: &Dispute) -> Self {
        Self { about: About::new(payment, payment.captured), dispute: AboutDispute::new(dispute) }
    }
}

impl DisputeUpdated {
    pub fn new(payment: &Payment, dispute: &Dispute, previous: DisputeStatus) -> Self {
        Self {
            about: About::new(payment, payment.captured),
            dispute: AboutDispute::new(dispute),
            previous_status: previous.as_str(),
        }
    }
}

/// No payment can give back what is to be given back for a return: this is for an administrator.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReturnRefundShort {
    order_id: u64,
    user_id: u64,
    return_id: u64,
    missing_amount: Amount,
    currency: &'static str,
    /// What of it is in a dispute that the customer's bank has not decided: it has the money.
    disputed: Amount,
}

impl ReturnRefundShort {
    pub fn new(account: &Account, return_id: ReturnId, missing: Money, disputed: Money) -> Self {
        Self {
            order_id: account.order_id.get(),
            user_id: account.user_id.get(),
            return_id: return_id.get(),
            missing_amount: missing.into(),
            currency: missing.currency().code(),
            disputed: disputed.into(),
        }
    }
}

/// An order is over, and so much of what was paid for it no payment can give back, as none took it: this is for an
/// administrator.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefundByHandDue {
    order_id: u64,
    user_id: u64,
    amount: Amount,
    currency: &'static str,
}

impl RefundByHandDue {
    pub fn new(account: &Account, amount: Money) -> Self {
        Self {
            order_id: account.order_id.get(),
            user_id: account.user_id.get(),
            amount: amount.into(),
            currency: amount.currency().code(),
        }
    }
}

macro_rules! order_events {
    ($($event:ty: $name:literal),+ $(,)?) => {$(
        impl Event for $event {
            const TOPIC: &'static str = TOPIC;
            const TYPE: &'static str = $name;

            fn key(&self) -> String {
                self.order_id.to_string()
            }
        }
    )+};
}
order_events! {
    ReturnRefundShort: "return_refund_short",
    RefundByHandDue: "refund_by_hand_due",
}

macro_rules! payment_events {
    ($($event:ty: $name:literal),+ $(,)?) => {$(
        impl Event for $event {
            const TOPIC: &'static str = TOPIC;
            const TYPE: &'static str = $name;

            fn key(&self) -> String {
                self.about.order_id.to_string()
            }
        }
    )+};
}
payment_events! {
    PaymentAuthorized: "payment_authorized",
    PaymentVoided: "payment_voided",
    PaymentProcessed: "payment_processed",
    PaymentFailed: "payment_failed",
    PaymentRefunded: "payment_refunded",
    RefundFailed: "refund_failed",
    DisputeOpened: "dispute_opened",
    DisputeUpdated: "dispute_updated",
}
