//! Transactions in a unit of work: many in each statement.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx, push_list};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::rows::{TransactionRow, select_transactions, write_details};
use crate::application::transactions::{Counted, TransactionRepository};
use crate::domain::transactions::{Failure, Transaction, TransactionId, TransactionStatus};

/// Rows of a minute that are like one another: instances that write at once seldom meet in one.
const SHARDS: u8 = 16;
/// This instance's.
static SHARD: LazyLock<u8> = LazyLock::new(|| Uuid::now_v7().as_bytes()[15] % SHARDS);

#[async_trait]
impl TransactionRepository for Tx {
    async fn add(&mut self, transactions: &[&Transaction], due_at: DateTime<Utc>) -> Result<(), StoreError> {
        let details: Vec<Option<String>> =
            transactions.iter().map(|it| write_details(&it.details)).collect::<Result<_, _>>()?;
        let mut insert = QueryBuilder::new(
            "INSERT INTO transactions (transaction_id, user_id, sender, receiver, amount, currency, payment_type, \
             status, reference, details, attempt, settles_on, due_at, updated_at) ",
        );
        insert.push_values(transactions.iter().zip(&details), |mut row, (it, details)| {
            row.push_bind(it.id.get())
                .push_bind(it.user_id.get())
                .push_bind(it.sender.as_str())
                .push_bind(it.receiver.as_str())
                .push_bind(it.amount.minor())
                .push_bind(it.amount.currency().code())
                .push_bind(it.payment_type.as_str())
                .push_bind(it.status.as_str())
                .push_bind(it.reference.as_deref())
                .push_bind(details.as_deref())
                .push_bind(it.attempt)
                .push_bind(it.settles_on)
                .push_bind(due_at.naive_utc())
                .push_bind(it.updated_at.naive_utc());
        });
        insert.build().execute(self.connection()).await?;
        Ok(())
    }

    async fn lock(&mut self, ids: &[TransactionId]) -> Result<Vec<Transaction>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut select = QueryBuilder::new(select_transactions!("WHERE transaction_id IN "));
        push_list(&mut select, ids.iter().map(|id| id.get()));
        select.push(" ORDER BY transaction_id FOR UPDATE");
        let rows: Vec<TransactionRow> = select.build_query_as().fetch_all(self.connection()).await?;
        rows.into_iter().map(Transaction::try_from).collect()
    }

    async fn start(
        &mut self,
        ids: &[TransactionId],
        now: DateTime<Utc>,
        due_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut update = QueryBuilder::new("UPDATE transactions SET status = 'processing', updated_at = ");
        update.push_bind(now).push(", due_at = ").push_bind(due_at);
        update.push(" WHERE status = 'pending' AND transaction_id IN ");
        push_list(&mut update, ids.iter().map(|id| id.get()));
        update.build().execute(self.connection()).await?;
        Ok(())
    }

    async fn end(&mut self, ended: &[Transaction]) -> Result<(), StoreError> {
        type End<'a> = (TransactionStatus, Option<&'a Failure>, DateTime<Utc>);
        let mut alike: BTreeMap<Option<&Failure>, (End<'_>, Vec<TransactionId>)> = BTreeMap::new();
        for it in ended {
            let end = (it.status, it.failure.as_ref(), it.updated_at);
            alike.entry(it.failure.as_ref()).or_insert((end, Vec::new())).1.push(it.id);
        }
        for ((status, failure, now), ids) in alike.into_values() {
            let completed_at = (status == TransactionStatus::Completed).then_some(now);
            let mut update = QueryBuilder::new("UPDATE transactions SET status = ");
            update.push_bind(status.as_str()).push(", updated_at = ").push_bind(now);
            update.push(", completed_at = ").push_bind(completed_at);
            update.push(", error_code = ").push_bind(failure.map(|it| it.code.as_str()));
            update.push(", error_message = ").push_bind(failure.map(|it| it.message.as_str()));
            update.push(" WHERE status IN ('pending', 'processing') AND transaction_id IN ");
            push_list(&mut update, ids.iter().map(|id| id.get()));
            let updated = update.build().execute(self.connection()).await?;
            // They are locked and were looked at.
            if updated.rows_affected() != ids.len() as u64 {
                return Err(StoreError::corrupt("a transaction has ended twice"));
            }
        }
        Ok(())
    }

    async fn count(&mut self, counted: &[Counted]) -> Result<(), StoreError> {
        if counted.is_empty() {
            return Ok(());
        }
        let mut insert = QueryBuilder::new(
            "INSERT INTO transaction_minutes \
             (minute, payment_type, currency, millis, shard, completed, failed, volume) ",
        );
        insert.push_values(counted, |mut row, it| {
            row.push_bind(it.minute)
                .push_bind(it.payment_type.as_str())
                .push_bind(it.currency.code())
                .push_bind(it.millis)
                .push_bind(*SHARD)
                .push_bind(it.completed)
                .push_bind(it.failed)
                .push_bind(it.volume);
        });
        insert.push(
            " ON DUPLICATE KEY UPDATE completed = completed + VALUES(completed), failed = failed + VALUES(failed), \
             volume = volume + VALUES(volume)",
        );
        insert.build().execute(self.connection()).await?;
        Ok(())
    }

    async fn overdue(
        &mut self,
        status: TransactionStatus,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Transaction>, StoreError> {
        // The oldest are due first; what is behind them isn't looked at, however much it is.
        let oldest: Vec<Uuid> = sqlx::query_scalar(
            "SELECT transaction_id FROM transactions FORCE INDEX (transactions_of_status) WHERE status = ? \
             ORDER BY transaction_id LIMIT ?",
        )
        .bind(status.as_str())
        .bind(limit)
        .fetch_all(self.connection())
        .await?;
        if oldest.is_empty() {
            return Ok(Vec::new());
        }
        let oldest: Vec<_> = oldest.into_iter().map(TransactionId::new).collect();
        let mut select = QueryBuilder::new(select_transactions!("WHERE status = "));
        select.push_bind(status.as_str()).push(" AND due_at < ").push_bind(now);
        select.push(" AND transaction_id IN ");
        push_list(&mut select, oldest.iter().map(|id| id.get()));
        select.push(" ORDER BY transaction_id FOR UPDATE SKIP LOCKED");
        let rows: Vec<TransactionRow> = select.build_query_as().fetch_all(self.connection()).await?;
        rows.into_iter().map(Transaction::try_from).collect()
    }

    async fn postpone(&mut self, ids: &[TransactionId], due_at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut update = QueryBuilder::new("UPDATE transactions SET due_at = ");
        update.push_bind(due_at).push(" WHERE transaction_id IN ");
        push_list(&mut update, ids.iter().map(|id| id.get()));
        update.build().execute(self.connection()).await?;
        Ok(())
    }

    async fn retry(
        &mut self,
        transaction: &Transaction,
        now: DateTime<Utc>,
        due_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE transactions SET status = 'pending', attempt = attempt + 1, error_code = NULL, \
             error_message = NULL, updated_at = ?, due_at = ? \
             WHERE transaction_id = ? AND status = 'failed' AND attempt = ?",
        )
        .bind(now)
        .bind(due_at)
        .bind(transaction.id.get())
        .bind(transaction.attempt)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
