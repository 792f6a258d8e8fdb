//! Reads outside a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{Db, First, StoreError, push_list};
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
        let (count, select) = ("SELECT COUNT(*) FROM payments WHERE TRUE", select_payments!("WHERE TRUE"));
        let matching = |query: &mut QueryBuilder<MySql>| matching(query, filter);
        let Slice { items, total } = self.part(count, select, matching, First::Newest("id"), paging).await?;
        Ok(Slice { items: with_refunds(self, items).await?, total })
    }

    async fn operation_of_request(
        &self,
        request: &str,
        since: DateTime<Utc>,
    ) -> Result<Option<Operation>, StoreError> {
        let row: Option<OperationRow> =
            sqlx::query_as(select_operations!("WHERE request = ? AND created_at >= ?"))
                .bind(request)
                .bind(since)
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
        let mut select = QueryBuilder::new(select_operations!("WHERE kind = 'refund' AND payment_id IN "));
        push_list(&mut select, payments.iter().map(|payment| payment.id.get()));
        select.push(" ORDER BY id");
        let rows: Vec<OperationRow> = select.build_query_as().fetch_all(db.pool()).await?;
        found = rows.into_iter().map(Operation::try_from).collect::<Result<Vec<_>, _>>()?;
    }
    let with_refunds = |payment: Payment| {
        let refunds = found.iter().filter(|refund| refund.payment_id == payment.id).cloned().collect();
        PaymentWithRefunds { payment, refunds }
    };
    Ok(payments.into_iter().map(with_refunds).collect())
}
