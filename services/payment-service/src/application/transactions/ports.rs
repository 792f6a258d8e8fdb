//! What the use cases of transactions need from the world outside.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, UnitOfWork};
use config::id::UserId;
use config::money::Currency;
use config::page::Slice;

use crate::domain::transactions::{Party, PaymentType, Transaction, TransactionId, TransactionStatus};

/// When something must be wrong with a transaction that hasn't ended.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// For one that waits to be processed: its message is lost.
    pub pending: Duration,
    /// For one that is being processed: its process died.
    pub processing: Duration,
}

/// Transactions of one kind that ended in one minute and took equally long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub minute: DateTime<Utc>,
    pub payment_type: PaymentType,
    pub currency: Currency,
    /// Between acceptance and end.
    pub millis: u32,
    pub completed: u64,
    pub failed: u64,
    /// Of the completed ones, in minor units.
    pub volume: i64,
}

/// Transactions, as a unit of work changes them.
#[async_trait]
pub trait TransactionRepository: Send {
    /// New ones, which are to be under way by `due_at`.
    async fn add(&mut self, transactions: &[&Transaction], due_at: DateTime<Utc>) -> Result<(), StoreError>;

    /// Those of them that exist, locked, by id.
    async fn lock(&mut self, ids: &[TransactionId]) -> Result<Vec<Transaction>, StoreError>;

    /// These locked ones are being processed, until `due_at` at most.
    async fn start(
        &mut self,
        ids: &[TransactionId],
        now: DateTime<Utc>,
        due_at: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// These locked ones have ended.
    async fn end(&mut self, ended: &[Transaction]) -> Result<(), StoreError>;

    /// Adds to what is known of minutes.
    async fn count(&mut self, counted: &[Counted]) -> Result<(), StoreError>;

    /// Of the oldest in this state those that were due, locked; what another instance has in hand is left out.
    async fn overdue(
        &mut self,
        status: TransactionStatus,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Transaction>, StoreError>;

    async fn postpone(&mut self, ids: &[TransactionId], due_at: DateTime<Utc>) -> Result<(), StoreError>;

    /// This locked one, which has failed, waits for another attempt.
    async fn retry(
        &mut self,
        transaction: &Transaction,
        now: DateTime<Utc>,
        due_at: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}

/// A unit of work on transactions.
pub trait TransactionStore: UnitOfWork + TransactionRepository {}
impl<T: UnitOfWork + TransactionRepository> TransactionStore for T {}

/// Which transactions are asked for.
#[derive(Debug, Clone, Default)]
pub struct TransactionFilter {
    pub user_id: Option<UserId>,
    pub status: Option<TransactionStatus>,
    pub payment_type: Option<PaymentType>,
    pub sender: Option<Party>,
    pub receiver: Option<Party>,
    /// Accepted then or later.
    pub from: Option<DateTime<Utc>>,
    /// Accepted before.
    pub to: Option<DateTime<Utc>>,
}

/// Which part of a list, newest first.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pub skip: u32,
    pub limit: u32,
    /// Only what was accepted before this one.
    pub before: Option<TransactionId>,
}

/// Which minutes are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub payment_type: Option<PaymentType>,
    pub currency: Option<Currency>,
}

/// Transactions, as they are read outside a unit of work.
#[async_trait]
pub trait TransactionReader: Send + Sync {
    async fn transaction(&self, id: TransactionId) -> Result<Option<Transaction>, StoreError>;
    /// Newest first. `total` counts no further than the reader cares to.
    async fn list(&self, filter: &TransactionFilter, part: Part) -> Result<Slice<Transaction>, StoreError>;
    /// In order.
    async fn minutes(&self, window: Window) -> Result<Vec<Counted>, StoreError>;
    /// Those that failed for trouble of ours, by id, after this one.
    async fn troubled(
        &self,
        after: Option<TransactionId>,
        limit: u32,
    ) -> Result<Vec<Transaction>, StoreError>;
}
