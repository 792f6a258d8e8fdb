//! What the provider is to do for a payment.

use chrono::{DateTime, Utc};
use config::money::Money;
use uuid::Uuid;

use super::{OperationId, OrderId, PaymentId, ProviderName, ReturnId};

config::names! {
    /// What is asked of the provider.
    OperationKind {
        Charge = "charge",
        Capture = "capture",
        Void = "void",
        Refund = "refund",
    }
}

config::names! {
    /// How far it is.
    OperationState {
        Pending = "pending",
        Succeeded = "succeeded",
        Failed = "failed",
    }
}

/// Something that the provider is to do once, however often it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub id: OperationId,
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    pub provider: ProviderName,
    pub kind: OperationKind,
    pub state: OperationState,
    pub amount: Money,
    pub reason: Option<String>,
    /// The return that a refund is for.
    pub return_id: Option<ReturnId>,
    /// The provider recognises a repetition by it.
    pub key: Uuid,
    /// The charge that it is about, by the key of its own operation.
    pub charge_key: Uuid,
    /// How often the recovery job has taken it over.
    pub attempts: u32,
    pub created_at: DateTime<Utc>,
}

impl Operation {
    pub fn is_pending(&self) -> bool {
        self.state == OperationState::Pending
    }

    /// Whether it has moved money, or is about to.
    pub fn is_good(&self) -> bool {
        self.state != OperationState::Failed
    }
}
