//! What the service tells of transactions; docs/EVENTS.md.

use chrono::{DateTime, Utc};
use config::kafka::Event;
use config::money::Amount;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::transactions::{Failure, Transaction};

/// What every event of a transaction carries.
#[derive(Debug, Serialize, JsonSchema)]
struct About {
    transaction_id: Uuid,
    user_id: u64,
    sender: String,
    receiver: String,
    amount: Amount,
    currency: &'static str,
    payment_type: &'static str,
    attempt: u32,
}

impl About {
    fn new(transaction: &Transaction) -> Self {
        Self {
            transaction_id: transaction.id.get(),
            user_id: transaction.user_id.get(),
            sender: transaction.sender.as_str().to_owned(),
            receiver: transaction.receiver.as_str().to_owned(),
            amount: transaction.amount.into(),
            currency: transaction.amount.currency().code(),
            payment_type: transaction.payment_type.as_str(),
            attempt: transaction.attempt,
        }
    }
}

/// It was accepted, or is to be tried again: the processor's work.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TransactionCreated {
    #[serde(flatten)]
    about: About,
}

impl TransactionCreated {
    pub fn new(transaction: &Transaction) -> Self {
        Self { about: About::new(transaction) }
    }
}

/// The money has arrived, or will on its day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TransactionCompleted {
    #[serde(flatten)]
    about: About,
    completed_at: DateTime<Utc>,
}

impl TransactionCompleted {
    pub fn new(transaction: &Transaction) -> Self {
        let completed_at = transaction.completed_at.unwrap_or(transaction.updated_at);
        Self { about: About::new(transaction), completed_at }
    }
}

/// The scheme's network refused, or did not answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TransactionFailed {
    #[serde(flatten)]
    about: About,
    error_code: String,
    error_message: String,
}

impl TransactionFailed {
    pub fn new(transaction: &Transaction, failure: &Failure) -> Self {
        Self {
            about: About::new(transaction),
            error_code: failure.code.clone(),
            error_message: failure.message.clone(),
        }
    }
}

impl Event for TransactionCreated {
    const TOPIC: &'static str = "payment-transactions";
    const TYPE: &'static str = "transaction_created";

    fn key(&self) -> String {
        self.about.sender.clone()
    }
}

impl Event for TransactionCompleted {
    const TOPIC: &'static str = "transaction-events";
    const TYPE: &'static str = "transaction_completed";

    fn key(&self) -> String {
        self.about.sender.clone()
    }
}

impl Event for TransactionFailed {
    const TOPIC: &'static str = "transaction-events";
    const TYPE: &'static str = "transaction_failed";

    fn key(&self) -> String {
        self.about.sender.clone()
    }
}
