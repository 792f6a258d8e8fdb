//! What can go wrong.

use std::time::Duration;

use config::database::StoreError;
use config::jwt_auth::AuthError;
use config::money::{Amount, Money};
use config::problem::{Fault, FieldError, InvalidFields, Kind};
use config::registry::CallError;
use serde_json::{Map, Value, json};

use super::{ProviderError, WebhookError};
use crate::domain::{Decline, DisputeId, OrderId, Payment, PaymentId, Refusal};

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
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) | Self::NoOrder(_) | Self::NoDispute(_) | Self::NoProvider => Kind::NotFound,
            Self::WrongAmount(_) | Self::Refused(Refusal::TooMuch { .. } | Refusal::Nothing) => Kind::Invalid,
            Self::Refused(Refusal::TooManyDeclines { .. }) => Kind::TooManyRequests,
            Self::NotPayable(_) | Self::EvidenceRefused(_) | Self::Refused(_) => Kind::Conflict,
            Self::Declined { .. } => Kind::PaymentRequired,
            Self::Webhook(WebhookError::Signature) => Kind::Unauthenticated,
            Self::Webhook(WebhookError::Body) => Kind::Malformed,
            Self::Webhook(WebhookError::Store(error)) => error.kind(),
            Self::Provider(_) => Kind::Unavailable,
            Self::Fields(error) => error.kind(),
            Self::Auth(error) => error.kind(),
            Self::Orders(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "payment-not-found",
            Self::NoOrder(_) => "order-not-found",
            Self::NoDispute(_) => "dispute-not-found",
            Self::NoProvider => "provider-not-found",
            Self::EvidenceRefused(_) => "evidence-refused",
            Self::WrongAmount(_) => "wrong-amount",
            Self::NotPayable(status) if status == "cancelled" => "order-cancelled",
            // Where order-service says that it is refunded, it is named so, too.
            Self::NotPayable(_) | Self::Refused(Refusal::OrderPaid | Refusal::OrderRefunded) => "order-paid",
            Self::Declined { .. } => "payment-declined",
            Self::Refused(Refusal::OrderCancelled) => "order-cancelled",
            Self::Refused(Refusal::InProgress) => "payment-in-progress",
            Self::Refused(Refusal::TooManyDeclines { .. }) => "too-many-declines",
            Self::Refused(Refusal::Busy) => "operation-in-progress",
            Self::Refused(Refusal::Illegal { .. } | Refusal::BelongsToItsOrder) => "illegal-payment-state",
            Self::Refused(Refusal::NoEvidence(_)) => "illegal-dispute-state",
            Self::Refused(Refusal::TooMuch { .. }) => "amount-exceeds-payment",
            Self::Refused(Refusal::Nothing) => "invalid-amount",
            Self::Webhook(WebhookError::Signature) => "webhook-signature-invalid",
            Self::Webhook(WebhookError::Body) => "webhook-unreadable",
            Self::Webhook(WebhookError::Store(error)) => error.code(),
            Self::Provider(_) => "provider-unavailable",
            Self::Fields(error) => error.code(),
            Self::Auth(error) => error.code(),
            Self::Orders(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn errors(&self) -> Vec<FieldError> {
        match self {
            Self::Fields(error) => error.errors(),
            _ => Vec::new(),
        }
    }

    fn extensions(&self) -> Map<String, Value> {
        let members = match self {
            Self::WrongAmount(due) => {
                json!({ "amount_due": Amount::from(*due), "currency": due.currency().code() })
            }
            Self::Declined { payment_id, decline } => {
                json!({ "decline_code": decline.code, "payment_id": payment_id.get() })
            }
            Self::Refused(Refusal::TooMuch { left, .. }) => {
                json!({ "amount_left": Amount::from(*left), "currency": left.currency().code() })
            }
            Self::Refused(Refusal::NoEvidence(status)) => json!({ "dispute_status": status.as_str() }),
            Self::Refused(Refusal::Illegal { status, .. }) => json!({ "payment_status": status.as_str() }),
            _ => Value::Null,
        };
        members.as_object().cloned().unwrap_or_default()
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Provider(_) => Some(Duration::from_secs(5)),
            Self::Refused(Refusal::TooManyDeclines { wait }) => Some(*wait),
            _ => None,
        }
    }
}
