//! Notifications and preferences.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx, padded, push_list, stored};
use config::id::UserId;
use sqlx::{MySql, QueryBuilder};
use uuid::Uuid;

use super::NOBODY;
use crate::application::{NewDelivery, NewNotification, Notifications, Reach, Reaches};
use crate::domain::{Choice, DeliveryStatus, NotificationId, Preferences, WebhookId};

pub(super) type ChoiceRow = (String, String, bool);

/// Rows as choices.
pub(super) fn preferences(rows: Vec<ChoiceRow>) -> Result<Preferences, StoreError> {
    let choice = |(kind, channel, enabled): ChoiceRow| {
        Ok(Choice { kind: stored(&kind)?, channel: stored(&channel)?, enabled })
    };
    rows.into_iter().map(choice).collect()
}

/// A row of one of three tables, as `fact` says. Each column is of one type in all of them, and never NULL: beside one
/// it would be read as another type.
#[derive(sqlx::FromRow)]
struct ReachRow {
    fact: String,
    owner: u64,
    id: u64,
    r#type: String,
    channel: String,
    enabled: bool,
}

/// What the rows say of each of the users.
fn reaches(rows: Vec<ReachRow>, users: &BTreeSet<UserId>) -> Result<Reaches, StoreError> {
    let mut known = BTreeSet::new();
    let mut webhooks: BTreeMap<u64, BTreeSet<WebhookId>> = BTreeMap::new();
    let mut choices: BTreeMap<u64, Vec<ChoiceRow>> = BTreeMap::new();
    for row in rows {
        match row.fact.as_str() {
            "contact" => drop(known.insert(row.owner)),
            "webhook" => drop(webhooks.entry(row.owner).or_default().insert(WebhookId::new(row.id))),
            _ => choices.entry(row.owner).or_default().push((row.r#type, row.channel, row.enabled)),
        }
    }
    let mut of = |owner: u64| webhooks.remove(&owner).unwrap_or_default().into_iter().collect::<Vec<_>>();
    let shop = of(NOBODY);
    let reach = |user: &UserId| {
        let reach = Reach {
            preferences: preferences(choices.remove(&user.get()).unwrap_or_default())?,
            known: known.contains(&user.get()),
            webhooks: of(user.get()),
        };
        Ok((*user, reach))
    };
    Ok(Reaches { users: users.iter().map(reach).collect::<Result<_, StoreError>>()?, shop })
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
        insert.push_values(padded(choices), |mut row, choice| {
            row.push_bind(user.get())
                .push_bind(choice.kind.as_str())
                .push_bind(choice.channel.as_str())
                .push_bind(choice.enabled);
        });
        insert.push(" ON DUPLICATE KEY UPDATE enabled = VALUES(enabled)");
        insert.build().execute(self.connection()).await?;
        Ok(())
    }

    async fn reach(&mut self, users: &BTreeSet<UserId>) -> Result<Reaches, StoreError> {
        let mut select = QueryBuilder::<MySql>::new(
            "SELECT 'contact' AS fact, user_id AS owner, user_id AS id, '' AS type, '' AS channel, FALSE AS enabled \
             FROM contacts WHERE user_id IN ",
        );
        let ids = || users.iter().map(|user| user.get());
        push_list(&mut select, ids());
        select.push(" UNION ALL SELECT 'webhook', owner, id, '', '', FALSE FROM webhooks WHERE owner IN ");
        // Those of nobody hear of everybody.
        push_list(&mut select, std::iter::once(NOBODY).chain(ids()));
        select.push(
            " UNION ALL SELECT 'choice', user_id, user_id, type, channel, enabled FROM preferences WHERE user_id IN ",
        );
        push_list(&mut select, ids());
        reaches(select.build_query_as().fetch_all(self.connection()).await?, users)
    }

    async fn add(
        &mut self,
        new: &[NewNotification<'_>],
        now: DateTime<Utc>,
    ) -> Result<Vec<NotificationId>, StoreError> {
        let mut insert = QueryBuilder::<MySql>::new(
            "INSERT INTO notifications (user_id, type, title, message, listed, created_at) ",
        );
        insert.push_values(new, |mut row, new| {
            row.push_bind(new.user.get())
                .push_bind(new.notice.kind.as_str())
                .push_bind(&new.notice.wording.title)
                .push_bind(&new.notice.wording.message)
                .push_bind(new.listed)
                .push_bind(now);
        });
        let inserted = insert.build().execute(self.connection()).await?;
        let ids = self.ids_of(&inserted).await?;
        let deliveries: Vec<_> = ids
            .iter()
            .zip(new)
            .flat_map(|(id, new)| new.deliveries.iter().map(move |delivery| (*id, new, delivery)))
            .collect();
        if !deliveries.is_empty() {
            insert_deliveries(self, &deliveries, now).await?;
        }
        Ok(ids.into_iter().map(NotificationId::new).collect())
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

async fn insert_deliveries(
    tx: &mut Tx,
    deliveries: &[(u64, &NewNotification<'_>, &NewDelivery)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut insert = QueryBuilder::<MySql>::new(
        "INSERT INTO deliveries (message_id, notification_id, user_id, channel, webhook_id, details, status, attempts, \
         next_attempt_at, created_at, updated_at, traceparent) ",
    );
    insert.push_values(deliveries, |mut row, (id, new, delivery)| {
        let (status, attempts) = match delivery.due {
            Some(_) => (DeliveryStatus::Pending, 0_u16),
            None => (DeliveryStatus::Sent, 1),
        };
        row.push_bind(Uuid::now_v7())
            .push_bind(*id)
            .push_bind(new.user.get())
            .push_bind(delivery.channel.as_str())
            .push_bind(delivery.webhook.map(WebhookId::get))
            .push_bind(delivery.details.as_deref())
            .push_bind(status.as_str())
            .push_bind(attempts)
            .push_bind(delivery.due)
            .push_bind(now)
            .push_bind(now)
            .push_bind(new.traceparent.as_deref());
    });
    insert.build().execute(tx.connection()).await?;
    Ok(())
}
