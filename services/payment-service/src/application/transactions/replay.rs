//! Trying again, at an operator's word, what failed for trouble of ours.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use config::clock::Clock;
use config::database::{Begin, retrying};
use config::kafka::Envelope;
use config::money::Amount;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Deadlines, TransactionCreated, TransactionError, TransactionReader, TransactionStore};
use crate::domain::transactions::{Transaction, TransactionId};

const BATCH: u32 = 500;

/// A failed transaction, for the operators' files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    pub transaction_id: Uuid,
    /// The attempt that failed: a file is good for one replay.
    pub attempt: u32,
    pub user_id: u64,
    pub sender: String,
    pub receiver: String,
    pub amount: Amount,
    pub currency: String,
    pub payment_type: String,
    pub error_code: String,
    pub error_message: String,
    pub created_at: DateTime<Utc>,
    pub failed_at: DateTime<Utc>,
}

impl From<Transaction> for Failed {
    fn from(transaction: Transaction) -> Self {
        let (error_code, error_message) =
            transaction.failure.map(|failure| (failure.code, failure.message)).unwrap_or_default();
        Self {
            transaction_id: transaction.id.get(),
            attempt: transaction.attempt,
            user_id: transaction.user_id.get(),
            sender: transaction.sender.as_str().to_owned(),
            receiver: transaction.receiver.as_str().to_owned(),
            amount: transaction.amount.into(),
            currency: transaction.amount.currency().code().to_owned(),
            payment_type: transaction.payment_type.as_str().to_owned(),
            error_code,
            error_message,
            created_at: transaction.created_at,
            failed_at: transaction.updated_at,
        }
    }
}

/// Lists and replays failed transactions.
pub struct ReplayFailed {
    store: Arc<dyn Begin<dyn TransactionStore>>,
    reader: Arc<dyn TransactionReader>,
    clock: Arc<dyn Clock>,
    patience: TimeDelta,
}

impl ReplayFailed {
    pub fn new(
        store: Arc<dyn Begin<dyn TransactionStore>>,
        reader: Arc<dyn TransactionReader>,
        clock: Arc<dyn Clock>,
        deadlines: Deadlines,
    ) -> Self {
        let patience = TimeDelta::from_std(deadlines.pending).unwrap_or(TimeDelta::MAX);
        Self { store, reader, clock, patience }
    }

    /// Some of those that may be tried again, by id, after this one.
    pub async fn list(&self, after: Option<Uuid>) -> Result<Vec<Failed>, TransactionError> {
        let found = self.reader.troubled(after.map(TransactionId::new), BATCH).await?;
        Ok(found.into_iter().map(Failed::from).collect())
    }

    /// Has it tried again; `false` when that attempt is past, or may not be repeated.
    pub async fn replay(&self, failed: &Failed) -> Result<bool, TransactionError> {
        retrying(|| self.again(failed)).await
    }

    async fn again(&self, failed: &Failed) -> Result<bool, TransactionError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let locked = tx.lock(&[TransactionId::new(failed.transaction_id)]).await?.pop();
        let meant = |it: &Transaction| it.may_be_tried_again() && it.attempt == failed.attempt;
        let Some(mut transaction) = locked.filter(meant) else { return Ok(false) };
        tx.retry(&transaction, now, now + self.patience).await?;
        transaction.attempt += 1;
        tx.publish(Envelope::new(&TransactionCreated::new(&transaction))).await?;
        tx.commit().await?;
        Ok(true)
    }
}
