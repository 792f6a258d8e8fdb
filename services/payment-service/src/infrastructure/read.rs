//! Reads outside a transaction.

use async_trait::async_trait;
use config::database::{Db, StoreError};
use config::id::UserId;
use config::page::{Paging, Slice};
use sqlx::{MySql, QueryBuilder};
use uuid::Uuid;

use super::rows::{OperationRow, PaymentRow, select_operations, select_payments};
use crate::application::{PaymentFilter, PaymentReader, PaymentWithRefunds};
use crate::domain::{Operation, OrderId, Payment, PaymentId, Status};

#[async_trait]
impl PaymentReader for Db {
    async fn payment(&self, id: PaymentId) -> Result<Option<PaymentWithRefunds>, StoreError> {
        let row: Option<PaymentRow> = sqlx::query_as(select_payments!("WHERE id = ?"))
            .bind(id.get())
            .fetch_optional(self.pool())
            .await?;
        match row {
            Some(row) => Ok(with_refunds(self, vec![row]).await?.pop()),
            None => Ok(None),
        }
    }

    async fn list(
        &self,
        filter: PaymentFilter,
        paging: Paging,
    ) -> Result<Slice<PaymentWithRefunds>, StoreError> {
        let mut count = QueryBuilder::new("SELECT COUNT(*) FROM payments");
        matching(&mut count, filter);
        let total: i64 = count.build_query_scalar().fetch_one(self.pool()).await?;
        let mut select = QueryBuilder::new(select_payments!(""));
        matching(&mut select, filter);
        if let Some(after) = paging.after {
            select.push(" AND id < ").push_bind(after);
        }
        select
            .push(" ORDER BY id DESC LIMIT ")
            .push_bind(paging.limit)
            .push(" OFFSET ")
            .push_bind(paging.skip);
        let rows: Vec<PaymentRow> = select.build_query_as().fetch_all(self.pool()).await?;
        Ok(Slice { items: with_refunds(self, rows).await?, total: total.unsigned_abs() })
    }

    async fn operation_of_request(&self, request: &str) -> Result<Option<Operation>, StoreError> {
        let row: Option<OperationRow> = sqlx::query_as(select_operations!("WHERE request = ?"))
            .bind(request)
            .fetch_optional(self.pool())
            .await?;
        row.map(Operation::try_from).transpose()
    }

    async fn operation_by_key(&self, key: Uuid) -> Result<Option<Operation>, StoreError> {
        let row: Option<OperationRow> = sqlx::query_as(select_operations!("WHERE provider_key = ?"))
            .bind(key)
            .fetch_optional(self.pool())
            .await?;
        row.map(Operation::try_from).transpose()
    }

    async fn charge_of(&self, payment: PaymentId) -> Result<Option<Operation>, StoreError> {
        let row: Option<OperationRow> =
            sqlx::query_as(select_operations!("WHERE payment_id = ? AND kind = 'charge'"))
                .bind(payment.get())
                .fetch_optional(self.pool())
                .await?;
        row.map(Operation::try_from).transpose()
    }
}

fn matching(query: &mut QueryBuilder<MySql>, filter: PaymentFilter) {
    query.push(" WHERE TRUE");
    if let Some(order) = filter.order_id.map(OrderId::get) {
        query.push(" AND order_id = ").push_bind(order);
    }
    if let Some(user) = filter.user_id.map(UserId::get) {
        query.push(" AND user_id = ").push_bind(user);
    }
    if let Some(status) = filter.status.map(Status::as_str) {
        query.push(" AND status = ").push_bind(status);
    }
}

/// The payments with what was given back of each, in two reads however many there are.
async fn with_refunds(db: &Db, rows: Vec<PaymentRow>) -> Result<Vec<PaymentWithRefunds>, StoreError> {
    let payments: Vec<Payment> = rows.into_iter().map(Payment::try_from).collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    if payments.iter().any(|payment| payment.captured.is_positive()) {
        let mut select = QueryBuilder::new(select_operations!("WHERE kind = 'refund' AND payment_id IN ("));
        let mut list = select.separated(",");
        for payment in &payments {
            list.push_bind(payment.id.get());
        }
        select.push(") ORDER BY id");
        let rows: Vec<OperationRow> = select.build_query_as().persistent(false).fetch_all(db.pool()).await?;
        found = rows.into_iter().map(Operation::try_from).collect::<Result<Vec<_>, _>>()?;
    }
    let with_refunds = |payment: Payment| {
        let refunds = found.iter().filter(|refund| refund.payment_id == payment.id).cloned().collect();
        PaymentWithRefunds { payment, refunds }
    };
    Ok(payments.into_iter().map(with_refunds).collect())
}
