//! Accepting transactions: those that come at once share a transaction of the database, whose commit is what costs.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use config::database::{Begin, GroupCommit, StoreError, Submitted, WriteGroup};
use config::id::UserId;
use config::idempotency::{Answer, Claim};
use config::kafka::Envelope;
use config::money::Money;

use super::{Deadlines, TransactionCreated, TransactionError, TransactionStore};
use crate::domain::transactions::{
    Details, HouseRules, Party, PaymentType, Transaction, TransactionId, TransactionStatus,
};

/// What a client wants to be sent.
#[derive(Debug)]
pub struct Wanted {
    pub sender: Party,
    pub receiver: Party,
    pub amount: Money,
    pub payment_type: PaymentType,
    pub reference: Option<String>,
    pub details: Details,
}

/// Accepts transactions.
#[derive(Clone)]
pub struct Accept {
    intake: GroupCommit<Intake>,
    rules: Arc<HouseRules>,
}

impl Accept {
    pub fn new(
        store: Arc<dyn Begin<dyn TransactionStore>>,
        rules: Arc<HouseRules>,
        deadlines: Deadlines,
    ) -> Self {
        let patience = TimeDelta::from_std(deadlines.pending).unwrap_or(TimeDelta::MAX);
        Self { intake: GroupCommit::new(Intake { store, patience }), rules }
    }

    /// The transaction, pending. `show` makes the answer that any repetition gets.
    pub async fn run(
        &self,
        user_id: UserId,
        wanted: Wanted,
        claim: Option<Claim>,
        show: fn(&Transaction) -> Answer,
    ) -> Result<Transaction, TransactionError> {
        let id = TransactionId::next();
        let now = id.accepted_at();
        let transaction = Transaction {
            id,
            user_id,
            settles_on: self.rules.settles_on(wanted.payment_type, now),
            sender: wanted.sender,
            receiver: wanted.receiver,
            amount: wanted.amount,
            payment_type: wanted.payment_type,
            reference: wanted.reference,
            details: wanted.details,
            status: TransactionStatus::Pending,
            attempt: 1,
            failure: None,
            created_at: now,
            updated_at: now,
            completed_at: None,
        };
        let reply = claim.map(|claim| (claim, show(&transaction)));
        self.intake.run(Accepted { transaction: transaction.clone(), reply }).await?;
        metrics::counter!("transactions_accepted_total", "payment_type" => transaction.payment_type.as_str())
            .increment(1);
        Ok(transaction)
    }
}

/// A transaction on its way into the store.
struct Accepted {
    transaction: Transaction,
    reply: Option<(Claim, Answer)>,
}

/// Stores what is accepted.
struct Intake {
    store: Arc<dyn Begin<dyn TransactionStore>>,
    patience: TimeDelta,
}

#[async_trait]
impl WriteGroup for Intake {
    type Job = Accepted;
    type Done = ();

    async fn write(&self, group: &[Submitted<Accepted>]) -> Result<Vec<()>, StoreError> {
        let transactions: Vec<&Transaction> = group.iter().map(|it| &it.job.transaction).collect();
        let Some(newest) = transactions.iter().map(|transaction| transaction.created_at).max() else {
            return Ok(Vec::new());
        };
        let mut tx = self.store.begin().await?;
        tx.add(&transactions, newest + self.patience).await?;
        for submitted in group {
            let Accepted { transaction, reply } = &submitted.job;
            if let Some((claim, answer)) = reply {
                tx.answer(claim, answer.clone()).await?;
            }
            let event = Envelope::new(&TransactionCreated::new(transaction));
            submitted.scope(tx.publish(event)).await?;
        }
        tx.commit().await?;
        Ok(vec![(); group.len()])
    }
}
