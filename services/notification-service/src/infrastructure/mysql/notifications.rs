//! Notifications and preferences.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::id::UserId;
use sqlx::{MySql, QueryBuilder};
use uuid::Uuid;

use crate::application::{NewDelivery, Notice, Notifications, Reach};
use crate::domain::{Choice, DeliveryStatus, NotificationId, Preferences, WebhookId};

pub(super) type ChoiceRow = (String, String, bool);

/// Rows as choices.
pub(super) fn preferences(rows: Vec<ChoiceRow>) -> Result<Preferences, StoreError> {
    let choice = |(kind, channel, enabled): ChoiceRow| {
        let kind = kind.parse().map_err(StoreError::corrupt)?;
        let channel = channel.parse().map_err(StoreError::corrupt)?;
        Ok(Choice { kind, channel, enabled })
    };
    rows.into_iter().map(choice).collect()
}

/// A row of one of three tables, as `fact` says. Each column is of one type in all of them, and never NULL: beside one
/// it would be read as another type.
#[derive(sqlx::FromRow)]
struct ReachRow {
    fact: String,
    id: u64,
    r#type: String,
    channel: String,
    enabled: bool,
}

fn reach(rows: Vec<ReachRow>) -> Result<Reach, StoreError> {
    let (mut reach, mut choices) = (Reach::default(), Vec::new());
    for row in rows {
        match row.fact.as_str() {
            "contact" => reach.known = true,
            "webhook" => reach.webhooks.push(WebhookId::new(row.id)),
            _ => choices.push((row.r#type, row.channel, row.enabled)),
        }
    }
    reach.webhooks.sort_unstable();
    reach.preferences = preferences(choices)?;
    Ok(reach)
}

#[async_trait]
impl Notifications for Tx {
    async fn preferences(&mut self, user: UserId) -> Result<Preferences, StoreError> {
        let rows = sqlx::query_as("SELECT type, channel, enabled FROM preferences WHERE user_id = ?")
            .bind(user.get())
            .fetch_all(self.connection())
            .await?;
        preferences(rows)
    }

    async fn choose(&mut self, user: UserId, choices: &[Choice]) -> Result<(), StoreError> {
        let mut insert =
            QueryBuilder::<MySql>::new("INSERT INTO preferences (user_id, type, channel, enabled) ");
        insert.push_values(choices, |mut row, choice| {
            row.push_bind(user.get())
                .push_bind(choice.kind.as_str())
                .push_bind(choice.channel.as_str())
                .push_bind(choice.enabled);
        });
        insert.push(" ON DUPLICATE KEY UPDATE enabled = VALUES(enabled)");
        insert.build().persistent(false).execute(self.connection()).await?;
        Ok(())
    }

    async fn reach(&mut self, user: UserId) -> Result<Reach, StoreError> {
        let rows: Vec<ReachRow> = sqlx::query_as(
            "SELECT 'contact' AS fact, user_id AS id, '' AS type, '' AS channel, FALSE AS enabled \
             FROM contacts WHERE user_id = ? \
             UNION ALL SELECT 'webhook', id, '', '', FALSE FROM webhooks WHERE owner IN (0, ?) \
             UNION ALL SELECT 'choice', user_id, type, channel, enabled FROM preferences WHERE user_id = ?",
        )
        .bind(user.get())
        .bind(user.get())
        .bind(user.get())
        .fetch_all(self.connection())
        .await?;
        reach(rows)
    }

    async fn add(
        &mut self,
        user: UserId,
        notice: &Notice,
        listed: bool,
        now: DateTime<Utc>,
    ) -> Result<NotificationId, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO notifications (user_id, type, title, message, listed, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(user.get())
        .bind(notice.kind.as_str())
        .bind(&notice.wording.title)
        .bind(&notice.wording.message)
        .bind(listed)
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(NotificationId::new(inserted.last_insert_id()))
    }

    async fn add_deliveries(
        &mut self,
        notification: NotificationId,
        user: UserId,
        deliveries: &[NewDelivery],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut insert = QueryBuilder::<MySql>::new(
            "INSERT INTO deliveries (message_id, notification_id, user_id, channel, webhook_id, details, status, attempts, \
             next_attempt_at, created_at, updated_at, traceparent) ",
        );
        let traceparent = config::telemetry::traceparent();
        insert.push_values(deliveries, |mut row, delivery| {
            let (status, attempts) = match delivery.due {
                Some(_) => (DeliveryStatus::Pending, 0_u16),
                None => (DeliveryStatus::Sent, 1),
            };
            row.push_bind(Uuid::now_v7())
                .push_bind(notification.get())
                .push_bind(user.get())
                .push_bind(delivery.channel.as_str())
                .push_bind(delivery.webhook.map(WebhookId::get))
                .push_bind(delivery.details.as_deref())
                .push_bind(status.as_str())
                .push_bind(attempts)
                .push_bind(delivery.due)
                .push_bind(now)
                .push_bind(now)
                .push_bind(traceparent.as_deref());
        });
        // One prepared statement for each number of deliveries; there are few.
        insert.build().execute(self.connection()).await?;
        Ok(())
    }

    async fn mark_all_read(&mut self, user: UserId, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let updated = sqlx::query(
            "UPDATE notifications SET read_at = ? WHERE user_id = ? AND listed = TRUE AND read_at IS NULL",
        )
        .bind(now)
        .bind(user.get())
        .execute(self.connection())
        .await?;
        Ok(updated.rows_affected())
    }

    async fn mark_read(&mut self, id: NotificationId, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query("UPDATE notifications SET read_at = ? WHERE id = ? AND read_at IS NULL")
            .bind(now)
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn unlist(&mut self, id: NotificationId) -> Result<(), StoreError> {
        sqlx::query("UPDATE notifications SET listed = FALSE WHERE id = ?")
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
