//! Reads outside a unit of work. Each stays on one index, however many rows there are, and says on which: left to
//! itself the optimizer would now and then rather read the whole table in the order that is asked for.

use async_trait::async_trait;
use config::database::{Db, StoreError};
use config::id::UserId;
use config::page::Slice;
use sqlx::{MySql, QueryBuilder};

use super::rows::{MinuteRow, TransactionRow, select_transactions};
use crate::application::transactions::{Counted, Part, TransactionFilter, TransactionReader, Window};
use crate::domain::transactions::{
    Party, PaymentType, TROUBLE, Transaction, TransactionId, TransactionStatus,
};

/// Lists are counted so far and no further: to count ten million rows takes seconds.
const COUNTED: u32 = 10_000;

#[async_trait]
impl TransactionReader for Db {
    async fn transaction(&self, id: TransactionId) -> Result<Option<Transaction>, StoreError> {
        let row: Option<TransactionRow> = sqlx::query_as(select_transactions!("WHERE transaction_id = ?"))
            .bind(id.get())
            .fetch_optional(self.pool())
            .await?;
        row.map(Transaction::try_from).transpose()
    }

    async fn list(&self, filter: &TransactionFilter, part: Part) -> Result<Slice<Transaction>, StoreError> {
        let mut count = counting("SELECT COUNT(*) FROM (SELECT 1 FROM transactions ", filter);
        let total: i64 = count.build_query_scalar().fetch_one(self.pool()).await?;
        let mut select = listing(select_transactions!(""), filter, part);
        let rows: Vec<TransactionRow> = select.build_query_as().fetch_all(self.pool()).await?;
        let items = rows.into_iter().map(Transaction::try_from).collect::<Result<_, _>>()?;
        Ok(Slice { items, total: total.unsigned_abs() })
    }

    async fn minutes(&self, window: Window) -> Result<Vec<Counted>, StoreError> {
        let mut select = QueryBuilder::new(
            "SELECT minute, payment_type, currency, millis, CAST(SUM(completed) AS SIGNED) AS completed, \
             CAST(SUM(failed) AS SIGNED) AS failed, CAST(SUM(volume) AS SIGNED) AS volume \
             FROM transaction_minutes FORCE INDEX (PRIMARY) WHERE minute >= ",
        );
        select.push_bind(window.from.naive_utc()).push(" AND minute < ").push_bind(window.to.naive_utc());
        if let Some(payment_type) = window.payment_type {
            select.push(" AND payment_type = ").push_bind(payment_type.as_str());
        }
        if let Some(currency) = window.currency {
            select.push(" AND currency = ").push_bind(currency.code());
        }
        select.push(" GROUP BY minute, payment_type, currency, millis ORDER BY minute, payment_type, currency, millis");
        let rows: Vec<MinuteRow> = select.build_query_as().fetch_all(self.pool()).await?;
        rows.into_iter().map(Counted::try_from).collect()
    }

    async fn troubled(
        &self,
        after: Option<TransactionId>,
        limit: u32,
    ) -> Result<Vec<Transaction>, StoreError> {
        let rows: Vec<TransactionRow> = sqlx::query_as(select_transactions!(
            "FORCE INDEX (transactions_of_status) WHERE status = 'failed' AND error_code = ? \
             AND transaction_id > ? ORDER BY transaction_id LIMIT ?"
        ))
        .bind(TROUBLE)
        .bind(after.unwrap_or(TransactionId::new(uuid::Uuid::nil())).get())
        .bind(limit)
        .fetch_all(self.pool())
        .await?;
        rows.into_iter().map(Transaction::try_from).collect()
    }
}

fn counting(start: &'static str, filter: &TransactionFilter) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(start);
    matching(&mut query, filter);
    query.push(" LIMIT ").push_bind(COUNTED).push(") AS matching");
    query
}

fn listing(start: &'static str, filter: &TransactionFilter, part: Part) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new(start);
    matching(&mut query, filter);
    if let Some(id) = part.before {
        query.push(" AND transaction_id < ").push_bind(id.get());
    }
    query.push(" ORDER BY transaction_id DESC LIMIT ").push_bind(part.limit);
    query.push(" OFFSET ").push_bind(part.skip);
    query
}

/// The index that leaves the least to look at: an account has few transactions, a scheme many. Of an account that others
/// use, too, a user looks at no more than is the user's.
fn index(filter: &TransactionFilter) -> &'static str {
    match filter {
        TransactionFilter { user_id: Some(_), sender: Some(_), .. } => "transactions_of_user_and_sender",
        TransactionFilter { user_id: Some(_), receiver: Some(_), .. } => "transactions_of_user_and_receiver",
        TransactionFilter { sender: Some(_), .. } => "transactions_of_sender",
        TransactionFilter { receiver: Some(_), .. } => "transactions_of_receiver",
        TransactionFilter { user_id: Some(_), .. } => "transactions_of_user",
        TransactionFilter { payment_type: Some(_), status: Some(_), .. } => "transactions_of_type_and_status",
        TransactionFilter { status: Some(_), .. } => "transactions_of_status",
        TransactionFilter { payment_type: Some(_), .. } => "transactions_of_type",
        _ => "PRIMARY",
    }
}

fn matching(query: &mut QueryBuilder<MySql>, filter: &TransactionFilter) {
    query.push("FORCE INDEX (").push(index(filter)).push(") WHERE TRUE");
    if let Some(user) = filter.user_id.map(UserId::get) {
        query.push(" AND user_id = ").push_bind(user);
    }
    if let Some(sender) = filter.sender.as_ref().map(Party::as_str) {
        query.push(" AND sender = ").push_bind(sender.to_owned());
    }
    if let Some(receiver) = filter.receiver.as_ref().map(Party::as_str) {
        query.push(" AND receiver = ").push_bind(receiver.to_owned());
    }
    if let Some(status) = filter.status.map(TransactionStatus::as_str) {
        query.push(" AND status = ").push_bind(status);
    }
    if let Some(payment_type) = filter.payment_type.map(PaymentType::as_str) {
        query.push(" AND payment_type = ").push_bind(payment_type);
    }
    if let Some(from) = filter.from {
        query.push(" AND transaction_id >= ").push_bind(TransactionId::first_at(from).get());
    }
    if let Some(to) = filter.to {
        query.push(" AND transaction_id < ").push_bind(TransactionId::first_at(to).get());
    }
}

#[cfg(test)]
#[path = "plans.rs"]
mod plans;
