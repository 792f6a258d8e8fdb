//! Transactions that nobody works on although they haven't ended: their process died, or their message is lost.

use std::sync::Arc;

use chrono::TimeDelta;
use config::clock::Clock;
use config::database::{Begin, retrying};
use config::kafka::Envelope;
use config::telemetry::RequestContext;

use super::{Deadlines, Due, Process, TransactionCreated, TransactionError, TransactionStore};
use crate::domain::transactions::{Transaction, TransactionStatus};

const BATCH: u32 = 200;

/// Finds them, on every instance that processes.
pub struct RecoverTransactions {
    store: Arc<dyn Begin<dyn TransactionStore>>,
    process: Process,
    clock: Arc<dyn Clock>,
    deadlines: Deadlines,
}

impl RecoverTransactions {
    pub fn new(
        store: Arc<dyn Begin<dyn TransactionStore>>,
        process: Process,
        clock: Arc<dyn Clock>,
        deadlines: Deadlines,
    ) -> Self {
        Self { store, process, clock, deadlines }
    }

    /// One round.
    pub async fn run(self: Arc<Self>) -> Result<(), TransactionError> {
        let stuck = retrying(|| self.take(TransactionStatus::Processing)).await?;
        if !stuck.is_empty() {
            tracing::warn!(count = stuck.len(), "transactions whose process died are carried out");
            let due: Vec<Due> = stuck.iter().map(due).collect();
            self.process.run(&due).await?;
        }
        let lost = retrying(|| self.take(TransactionStatus::Pending)).await?;
        if !lost.is_empty() {
            tracing::warn!(count = lost.len(), "transactions that nobody took up were told of again");
        }
        Ok(())
    }

    /// Takes those that are overdue until their next deadline. Pending ones are told of again instead of being carried
    /// out here, where their sender's others could overtake them.
    async fn take(&self, status: TransactionStatus) -> Result<Vec<Transaction>, TransactionError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let overdue = tx.overdue(status, now, BATCH).await?;
        if overdue.is_empty() {
            return Ok(overdue);
        }
        let patience = match status {
            TransactionStatus::Pending => self.deadlines.pending,
            _ => self.deadlines.processing,
        };
        let due_at = now + TimeDelta::from_std(patience).unwrap_or(TimeDelta::MAX);
        let ids: Vec<_> = overdue.iter().map(|transaction| transaction.id).collect();
        tx.postpone(&ids, due_at).await?;
        if status == TransactionStatus::Pending {
            for transaction in &overdue {
                tx.publish(Envelope::new(&TransactionCreated::new(transaction))).await?;
            }
        }
        tx.commit().await?;
        metrics::counter!("transactions_recovered_total", "status" => status.as_str())
            .increment(overdue.len() as u64);
        Ok(overdue)
    }
}

fn due(transaction: &Transaction) -> Due {
    Due {
        id: transaction.id,
        attempt: transaction.attempt,
        sender: transaction.sender.as_str().to_owned(),
        context: RequestContext::default(),
    }
}
