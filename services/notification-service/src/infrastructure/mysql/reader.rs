//! Reads outside a unit of work.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{Db, First, StoreError};
use config::id::UserId;
use config::page::{Paging, Slice};
use sqlx::{MySql, QueryBuilder};

use super::deliveries::{DeliveryRow, SELECT_DELIVERIES};
use super::notifications::preferences;
use super::{NotificationRow, owner, owner_column};
use crate::application::{DeliveryFilter, DeliveryRecord, NotificationRecord, Owner, Reader, Webhook};
use crate::domain::{DeliveryId, NotificationId, Preferences, WebhookId};

const SELECT_NOTIFICATIONS: &str =
    "SELECT id, user_id, type, title, message, read_at, created_at FROM notifications WHERE listed = TRUE";

/// Without its condition.
const SELECT_WEBHOOKS: &str = "SELECT id, owner, url, secret, created_at FROM webhooks WHERE ";

type WebhookRow = (u64, u64, String, String, DateTime<Utc>);

fn webhook((id, column, url, secret, created_at): WebhookRow) -> Webhook {
    Webhook { id: WebhookId::new(id), owner: owner(column), url, secret, created_at }
}

fn push_filter(query: &mut QueryBuilder<MySql>, filter: DeliveryFilter) {
    if let Some(status) = filter.status {
        query.push(" AND d.status = ").push_bind(status.as_str());
    }
    if let Some(channel) = filter.channel {
        query.push(" AND d.channel = ").push_bind(channel.as_str());
    }
    if let Some(user) = filter.user {
        query.push(" AND d.user_id = ").push_bind(user.get());
    }
    if let Some(notification) = filter.notification {
        query.push(" AND d.notification_id = ").push_bind(notification.get());
    }
}

#[async_trait]
impl Reader for Db {
    async fn list(
        &self,
        user: UserId,
        unread_only: bool,
        paging: Paging,
    ) -> Result<Slice<NotificationRecord>, StoreError> {
        let which = if unread_only { " AND read_at IS NULL" } else { "" };
        let count = "SELECT COUNT(*) FROM notifications WHERE listed = TRUE";
        let matching = |query: &mut QueryBuilder<MySql>| {
            query.push(which).push(" AND user_id = ").push_bind(user.get());
        };
        let first = First::Newest("id");
        let Slice { items, total } =
            self.part::<NotificationRow>(count, SELECT_NOTIFICATIONS, matching, first, paging).await?;
        Ok(Slice { items: items.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?, total })
    }

    async fn unread(&self, user: UserId) -> Result<u64, StoreError> {
        let unread: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM notifications WHERE user_id = ? AND listed = TRUE AND read_at IS NULL",
        )
        .bind(user.get())
        .fetch_one(self.pool())
        .await?;
        Ok(unread.unsigned_abs())
    }

    async fn notification(&self, id: NotificationId) -> Result<Option<NotificationRecord>, StoreError> {
        let mut select = QueryBuilder::<MySql>::new(SELECT_NOTIFICATIONS);
        select.push(" AND id = ").push_bind(id.get());
        let row: Option<NotificationRow> = select.build_query_as().fetch_optional(self.pool()).await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn after(
        &self,
        user: UserId,
        id: NotificationId,
        limit: u32,
    ) -> Result<Vec<NotificationRecord>, StoreError> {
        let mut select = QueryBuilder::<MySql>::new(SELECT_NOTIFICATIONS);
        select.push(" AND user_id = ").push_bind(user.get()).push(" AND id > ").push_bind(id.get());
        select.push(" ORDER BY id LIMIT ").push_bind(limit);
        let rows: Vec<NotificationRow> = select.build_query_as().fetch_all(self.pool()).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn chosen(&self, user: UserId) -> Result<Preferences, StoreError> {
        let rows = sqlx::query_as("SELECT type, channel, enabled FROM preferences WHERE user_id = ?")
            .bind(user.get())
            .fetch_all(self.pool())
            .await?;
        preferences(rows)
    }

    async fn deliveries(
        &self,
        filter: DeliveryFilter,
        paging: Paging,
    ) -> Result<Slice<DeliveryRecord>, StoreError> {
        let count = "SELECT COUNT(*) FROM deliveries d WHERE TRUE";
        let matching = |query: &mut QueryBuilder<MySql>| push_filter(query, filter);
        let first = First::Newest("d.id");
        let Slice { items, total } =
            self.part::<DeliveryRow>(count, SELECT_DELIVERIES, matching, first, paging).await?;
        Ok(Slice { items: items.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?, total })
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<DeliveryRecord>, StoreError> {
        let mut select = QueryBuilder::<MySql>::new(SELECT_DELIVERIES);
        select.push(" AND d.id = ").push_bind(id.get());
        let row: Option<DeliveryRow> = select.build_query_as().fetch_optional(self.pool()).await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn webhooks(&self, owner: Owner) -> Result<Vec<Webhook>, StoreError> {
        let mut select = QueryBuilder::<MySql>::new(SELECT_WEBHOOKS);
        select.push("owner = ").push_bind(owner_column(owner)).push(" ORDER BY id");
        let rows: Vec<WebhookRow> = select.build_query_as().fetch_all(self.pool()).await?;
        Ok(rows.into_iter().map(webhook).collect())
    }

    async fn webhook(&self, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let mut select = QueryBuilder::<MySql>::new(SELECT_WEBHOOKS);
        select.push("id = ").push_bind(id.get());
        let row: Option<WebhookRow> = select.build_query_as().fetch_optional(self.pool()).await?;
        Ok(row.map(webhook))
    }
}
