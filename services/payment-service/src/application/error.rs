//! What can go wrong.

use std::time::Duration;

use config::database::StoreError;
use config::jwt_auth::AuthError;
use config::money::{Amount, Money};
use config::problem::{Facts, Fault, InvalidFields, Kind};
use config::registry::CallError;
use serde_json::json;

use super::{ProviderError, WebhookError};
use crate::domain::{Decline, DisputeId, OrderId, Payment, PaymentId, Refusal};

/// When a provider that gave no answer is worth another try.
const PROVIDER_PAUSE: Duration = Duration::from_secs(5);

/// Why a use case did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    #[error("there is no payment {0}")]
    NotFound(PaymentId),
    #[error("there is no order {0}")]
    NoOrder(OrderId),
    #[error("there is no dispute {0}")]
    NoDispute(DisputeId),
    #[error("there is no such payment provider")]
    NoProvider,
    #[error("the provider refuses the evidence: {}", .0.message)]
    EvidenceRefused(Decline),
    #[error("the order's amount due is {0}")]
    WrongAmount(Money),
    #[error("the order can't be paid: it is {0}")]
    NotPayable(String),
    #[error("the payment was declined: {}", .decline.message)]
    Declined { payment_id: PaymentId, decline: Decline },
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Fields(#[from] InvalidFields),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    #[error(transparent)]
    Orders(#[from] CallError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PaymentError {
    /// What the customer of a failed payment is told.
    pub fn declined(payment: &Payment) -> Self {
        let unknown = || Decline::coded("card_declined");
        Self::Declined { payment_id: payment.id, decline: payment.decline.clone().unwrap_or_else(unknown) }
    }
}

impl Fault for PaymentError {
    fn facts(&self) -> Facts {
        match self {
            Self::NotFound(_) => Kind::NotFound.coded("payment-not-found"),
            Self::NoOrder(_) => Kind::NotFound.coded("order-not-found"),
            Self::NoDispute(_) => Kind::NotFound.coded("dispute-not-found"),
            Self::NoProvider => Kind::NotFound.coded("provider-not-found"),
            Self::EvidenceRefused(_) => Kind::Conflict.coded("evidence-refused"),
            Self::WrongAmount(due) => Kind::Invalid
                .coded("wrong-amount")
                .with(json!({ "amount_due": Amount::from(*due), "currency": due.currency().code() })),
            Self::NotPayable(status) if status == "cancelled" => Kind::Conflict.coded("order-cancelled"),
            // Where order-service says that it is refunded, it is named so, too.
            Self::NotPayable(_) => Kind::Conflict.coded("order-paid"),
            Self::Declined { payment_id, decline } => Kind::PaymentRequired
                .coded("payment-declined")
                .with(json!({ "decline_code": decline.code, "payment_id": payment_id.get() })),
            Self::Refused(refusal) => refusal.facts(),
            Self::Fields(error) => error.facts(),
            Self::Auth(error) => error.facts(),
            Self::Webhook(error) => error.facts(),
            Self::Orders(error) => error.facts(),
            Self::Provider(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}

impl Fault for Refusal {
    fn facts(&self) -> Facts {
        match self {
            Self::Illegal { status, .. } => Kind::Conflict
                .coded("illegal-payment-state")
                .with(json!({ "payment_status": status.as_str() })),
            Self::Busy => Kind::Conflict.coded("operation-in-progress"),
            Self::TooMuch { left, .. } => Kind::Invalid
                .coded("amount-exceeds-payment")
                .with(json!({ "amount_left": Amount::from(*left), "currency": left.currency().code() })),
            Self::BelongsToItsOrder => Kind::Conflict.coded("illegal-payment-state"),
            Self::Nothing => Kind::Invalid.coded("invalid-amount"),
            Self::OrderPaid | Self::OrderRefunded => Kind::Conflict.coded("order-paid"),
            Self::OrderCancelled => Kind::Conflict.coded("order-cancelled"),
            Self::InProgress => Kind::Conflict.coded("payment-in-progress"),
            Self::TooManyDeclines { wait } => {
                Kind::TooManyRequests.coded("too-many-declines").again_after(*wait)
            }
            Self::NoEvidence(status) => Kind::Conflict
                .coded("illegal-dispute-state")
                .with(json!({ "dispute_status": status.as_str() })),
        }
    }
}

impl Fault for WebhookError {
    fn facts(&self) -> Facts {
        match self {
            Self::Signature => Kind::Unauthenticated.coded("webhook-signature-invalid"),
            Self::Body => Kind::Malformed.coded("webhook-unreadable"),
            Self::Store(error) => error.facts(),
        }
    }
}

impl Fault for ProviderError {
    fn facts(&self) -> Facts {
        match self {
            Self::Unavailable(_) | Self::Unknown(_) => {
                Kind::Unavailable.coded("provider-unavailable").again_after(PROVIDER_PAUSE)
            }
        }
    }
}
