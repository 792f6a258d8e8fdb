//! The queue of deliveries.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx, push_list, stored};
use config::id::UserId;
use sqlx::{MySql, QueryBuilder};
use uuid::Uuid;

use super::NotificationRow;
use crate::application::{Contact, DeliveryQueue, DeliveryRecord, Due, Outcome};
use crate::domain::{Channel, DeliveryId, NotificationId, WebhookId};

/// Without its `WHERE`.
pub(super) const SELECT_DELIVERIES: &str = "SELECT d.id, d.message_id, d.notification_id, d.user_id, n.type, d.channel, \
    d.status, d.attempts, d.next_attempt_at, d.last_error, d.details IS NOT NULL AS has_details, d.created_at, d.updated_at \
    FROM deliveries d JOIN notifications n ON n.id = d.notification_id WHERE TRUE";

#[derive(sqlx::FromRow)]
pub(super) struct DeliveryRow {
    id: u64,
    message_id: Uuid,
    notification_id: u64,
    user_id: u64,
    r#type: String,
    channel: String,
    status: String,
    attempts: u16,
    next_attempt_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    has_details: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<DeliveryRow> for DeliveryRecord {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: DeliveryId::new(row.id),
            message_id: row.message_id,
            notification_id: NotificationId::new(row.notification_id),
            user_id: UserId::new(row.user_id),
            kind: stored(&row.r#type)?,
            channel: stored(&row.channel)?,
            status: stored(&row.status)?,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            last_error: row.last_error,
            has_details: row.has_details,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

#[derive(sqlx::FromRow)]
struct DueRow {
    delivery_id: u64,
    message_id: Uuid,
    attempts: u16,
    details: Option<String>,
    webhook_id: Option<u64>,
    traceparent: Option<String>,
    #[sqlx(flatten)]
    notification: NotificationRow,
    /// These five are of a contact that may not be here.
    email: Option<String>,
    name: Option<String>,
    is_admin: Option<bool>,
    is_active: Option<bool>,
    email_verified: Option<bool>,
}

impl DueRow {
    fn contact(&self) -> Option<Contact> {
        Some(Contact {
            user_id: UserId::new(self.notification.user_id),
            email: self.email.clone()?,
            name: self.name.clone()?,
            is_admin: self.is_admin?,
            is_active: self.is_active?,
            email_verified: self.email_verified?,
        })
    }
}

#[async_trait]
impl DeliveryQueue for Tx {
    async fn find_due(
        &mut self,
        channel: Channel,
        now: DateTime<Utc>,
        except: &[WebhookId],
        limit: u32,
    ) -> Result<Vec<(DeliveryId, Option<WebhookId>)>, StoreError> {
        let mut select = QueryBuilder::<MySql>::new("SELECT id, webhook_id FROM deliveries WHERE channel = ");
        select.push_bind(channel.as_str()).push(" AND next_attempt_at <= ").push_bind(now);
        if !except.is_empty() {
            let webhooks = except.iter().map(|webhook| webhook.get());
            push_list(select.push(" AND (webhook_id IS NULL OR webhook_id NOT IN "), webhooks);
            select.push(")");
        }
        select.push(" ORDER BY next_attempt_at LIMIT ").push_bind(limit).push(" FOR UPDATE SKIP LOCKED");
        let rows: Vec<(u64, Option<u64>)> = select.build_query_as().fetch_all(self.connection()).await?;
        Ok(rows.into_iter().map(|(id, webhook)| (DeliveryId::new(id), webhook.map(WebhookId::new))).collect())
    }

    async fn take(&mut self, ids: &[DeliveryId], until: DateTime<Utc>) -> Result<Vec<Due>, StoreError> {
        let ids = || ids.iter().map(|id| id.get());
        let lease = Uuid::now_v7();
        let mut update =
            QueryBuilder::<MySql>::new("UPDATE deliveries SET attempts = attempts + 1, lease = ");
        update.push_bind(lease).push(", next_attempt_at = ").push_bind(until).push(" WHERE id IN ");
        push_list(&mut update, ids());
        update.build().execute(self.connection()).await?;
        let mut select = QueryBuilder::<MySql>::new(
            "SELECT d.id AS delivery_id, d.message_id, d.attempts, d.details, d.webhook_id, d.traceparent, \
             n.id, n.user_id, n.type, n.title, n.message, n.read_at, n.created_at, \
             c.email, c.name, c.is_admin, c.is_active, c.email_verified \
             FROM deliveries d JOIN notifications n ON n.id = d.notification_id \
             LEFT JOIN contacts c ON c.user_id = d.user_id WHERE d.id IN ",
        );
        push_list(&mut select, ids());
        let rows: Vec<DueRow> = select.build_query_as().fetch_all(self.connection()).await?;
        let due = |row: DueRow| {
            let details = row.details.as_deref().map(serde_json::from_str).transpose();
            let contact = row.contact();
            Ok(Due {
                id: DeliveryId::new(row.delivery_id),
                message_id: row.message_id,
                lease,
                attempts: row.attempts,
                notification: row.notification.try_into()?,
                details: details.map_err(StoreError::corrupt)?,
                contact,
                webhook: row.webhook_id.map(WebhookId::new),
                traceparent: row.traceparent,
            })
        };
        rows.into_iter().map(due).collect()
    }

    async fn record(&mut self, ended: &[(Due, Outcome)], now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut recorded = 0;
        for (ended, dues) in alike(ended) {
            let mut update = outcome(ended, now);
            // They needn't have been taken together.
            push_list(update.push(" WHERE lease IN "), dues.iter().map(|due| due.lease));
            push_list(update.push(" AND id IN "), dues.iter().map(|due| due.id.get()));
            recorded += update.build().execute(self.connection()).await?.rows_affected();
        }
        Ok(recorded)
    }

    async fn delivery_for_update(&mut self, id: DeliveryId) -> Result<Option<DeliveryRecord>, StoreError> {
        let mut select = QueryBuilder::<MySql>::new(SELECT_DELIVERIES);
        select.push(" AND d.id = ").push_bind(id.get()).push(" FOR UPDATE");
        let row: Option<DeliveryRow> = select.build_query_as().fetch_optional(self.connection()).await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn restart(&mut self, id: DeliveryId, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query("UPDATE deliveries SET status = 'pending', attempts = 0, next_attempt_at = ?, updated_at = ? WHERE id = ?")
            .bind(now)
            .bind(now)
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

/// How a delivery's row ends.
#[derive(Clone, Copy, PartialEq, Eq)]
struct End<'a> {
    outcome: &'a Outcome,
    /// Whether what its e-mail says isn't kept any longer.
    erases: bool,
}

/// Those that end alike, which most do, are recorded together.
fn alike(ended: &[(Due, Outcome)]) -> Vec<(End<'_>, Vec<&Due>)> {
    let mut groups: Vec<(End<'_>, Vec<&Due>)> = Vec::new();
    for (due, outcome) in ended {
        let erases = match outcome {
            Outcome::Sent => true,
            Outcome::Dead { .. } | Outcome::Withheld { .. } => due.notification.kind.is_secret(),
            Outcome::Again { .. } => false,
        };
        let end = End { outcome, erases };
        match groups.iter_mut().find(|(other, _)| *other == end) {
            Some((_, dues)) => dues.push(due),
            None => groups.push((end, vec![due])),
        }
    }
    groups
}

/// The statement up to the rows that it is about.
fn outcome(End { outcome, erases }: End<'_>, now: DateTime<Utc>) -> QueryBuilder<MySql> {
    let mut update = QueryBuilder::<MySql>::new("UPDATE deliveries SET lease = NULL, updated_at = ");
    update.push_bind(now);
    if erases {
        update.push(", details = NULL");
    }
    match outcome {
        Outcome::Sent => {
            update.push(", status = 'sent', next_attempt_at = NULL, last_error = NULL");
        }
        Outcome::Again { after, reason, counted } => {
            update.push(if *counted { ", status = 'failed'" } else { ", attempts = attempts - 1" });
            update
                .push(", next_attempt_at = ")
                .push_bind(now + *after)
                .push(", last_error = ")
                .push_bind(reason.clone());
        }
        Outcome::Dead { reason } | Outcome::Withheld { reason } => {
            update.push(", status = 'dead', next_attempt_at = NULL, last_error = ").push_bind(reason.clone());
        }
    }
    update
}
