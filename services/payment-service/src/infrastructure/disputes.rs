//! Disputes, in a transaction and outside.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{Db, First, StoreError, Tx, stored};
use config::id::UserId;
use config::money::{Currency, Money};
use config::page::{Paging, Slice};
use sqlx::{FromRow, MySql, QueryBuilder};

use crate::application::{DisputeFilter, DisputeReader, DisputeRepository, NewDispute};
use crate::domain::{Dispute, DisputeId, DisputeStatus, OrderId, PaymentId, ProviderName};

/// The columns of [`DisputeRow`].
macro_rules! select_disputes {
    ($rest:literal) => {
        concat!(
            "SELECT id, payment_id, order_id, user_id, provider, reference, status, reason, amount, currency, \
             evidence_due_at, evidence_submitted_at, created_at, updated_at FROM disputes ",
            $rest
        )
    };
}

#[derive(FromRow)]
struct DisputeRow {
    id: u64,
    payment_id: u64,
    order_id: u64,
    user_id: u64,
    provider: String,
    reference: String,
    status: String,
    reason: String,
    amount: i64,
    currency: String,
    evidence_due_at: Option<DateTime<Utc>>,
    evidence_submitted_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<DisputeRow> for Dispute {
    type Error = StoreError;

    fn try_from(row: DisputeRow) -> Result<Self, StoreError> {
        let currency: Currency = stored(&row.currency)?;
        Ok(Self {
            id: DisputeId::new(row.id),
            payment_id: PaymentId::new(row.payment_id),
            order_id: OrderId::new(row.order_id),
            user_id: UserId::new(row.user_id),
            provider: stored(&row.provider)?,
            reference: row.reference,
            status: stored(&row.status)?,
            reason: row.reason,
            amount: Money::from_minor(row.amount, currency),
            evidence_due_at: row.evidence_due_at,
            evidence_submitted_at: row.evidence_submitted_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

#[async_trait]
impl DisputeRepository for Tx {
    async fn dispute(&mut self, id: DisputeId) -> Result<Option<Dispute>, StoreError> {
        let row: Option<DisputeRow> = sqlx::query_as(select_disputes!("WHERE id = ?"))
            .bind(id.get())
            .fetch_optional(self.connection())
            .await?;
        row.map(Dispute::try_from).transpose()
    }

    async fn dispute_by_reference(
        &mut self,
        provider: ProviderName,
        reference: &str,
    ) -> Result<Option<Dispute>, StoreError> {
        let row: Option<DisputeRow> =
            sqlx::query_as(select_disputes!("WHERE provider = ? AND reference = ?"))
                .bind(provider.as_str())
                .bind(reference)
                .fetch_optional(self.connection())
                .await?;
        row.map(Dispute::try_from).transpose()
    }

    async fn disputes_of(&mut self, payment: PaymentId) -> Result<Vec<Dispute>, StoreError> {
        let rows: Vec<DisputeRow> = sqlx::query_as(select_disputes!("WHERE payment_id = ? ORDER BY id"))
            .bind(payment.get())
            .fetch_all(self.connection())
            .await?;
        rows.into_iter().map(Dispute::try_from).collect()
    }

    async fn add_dispute(
        &mut self,
        dispute: &NewDispute<'_>,
        now: DateTime<Utc>,
    ) -> Result<Dispute, StoreError> {
        let NewDispute { payment, news } = dispute;
        let status = DisputeStatus::Opened;
        // The client's time has no microseconds of its own, and the column knows no zone.
        let due = news.evidence_due_at.map(|due| due.naive_utc());
        let inserted = sqlx::query(
            "INSERT INTO disputes (payment_id, order_id, user_id, provider, reference, status, reason, amount, currency, \
             evidence_due_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(payment.id.get())
        .bind(payment.order_id.get())
        .bind(payment.user_id.get())
        .bind(payment.provider.as_str())
        .bind(&news.reference)
        .bind(status.as_str())
        .bind(&news.reason)
        .bind(news.amount.minor())
        .bind(news.amount.currency().code())
        .bind(due)
        .bind(now)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(Dispute {
            id: DisputeId::new(inserted.last_insert_id()),
            payment_id: payment.id,
            order_id: payment.order_id,
            user_id: payment.user_id,
            provider: payment.provider,
            reference: news.reference.clone(),
            status,
            reason: news.reason.clone(),
            amount: news.amount,
            evidence_due_at: news.evidence_due_at,
            evidence_submitted_at: None,
            created_at: now,
            updated_at: now,
        })
    }

    async fn save_dispute(&mut self, dispute: &Dispute, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE disputes SET status = ?, evidence_due_at = ?, evidence_submitted_at = ?, updated_at = ? WHERE id = ?",
        )
        .bind(dispute.status.as_str())
        .bind(dispute.evidence_due_at.map(|due| due.naive_utc()))
        .bind(dispute.evidence_submitted_at)
        .bind(now)
        .bind(dispute.id.get())
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[async_trait]
impl DisputeReader for Db {
    async fn dispute(&self, id: DisputeId) -> Result<Option<Dispute>, StoreError> {
        let row: Option<DisputeRow> = sqlx::query_as(select_disputes!("WHERE id = ?"))
            .bind(id.get())
            .fetch_optional(self.pool())
            .await?;
        row.map(Dispute::try_from).transpose()
    }

    async fn disputes(&self, filter: DisputeFilter, paging: Paging) -> Result<Slice<Dispute>, StoreError> {
        let (count, select) = ("SELECT COUNT(*) FROM disputes WHERE TRUE", select_disputes!("WHERE TRUE"));
        let matching = |query: &mut QueryBuilder<MySql>| {
            if let Some(payment) = filter.payment_id.map(PaymentId::get) {
                query.push(" AND payment_id = ").push_bind(payment);
            }
            if let Some(status) = filter.status.map(DisputeStatus::as_str) {
                query.push(" AND status = ").push_bind(status);
            }
        };
        let rows: Slice<DisputeRow> = self.part(count, select, matching, First::Newest("id"), paging).await?;
        let items = rows.items.into_iter().map(Dispute::try_from).collect::<Result<_, _>>()?;
        Ok(Slice { items, total: rows.total })
    }
}
