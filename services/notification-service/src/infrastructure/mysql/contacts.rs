//! Contacts.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::id::UserId;

use crate::application::{Contact, Contacts};

#[derive(sqlx::FromRow)]
struct ContactRow {
    email: String,
    name: String,
    is_admin: bool,
    is_active: bool,
}

impl ContactRow {
    fn contact(self, user_id: UserId) -> Contact {
        let Self { email, name, is_admin, is_active } = self;
        Contact { user_id, email, name, is_admin, is_active }
    }
}

#[async_trait]
impl Contacts for Tx {
    async fn keep_contact(&mut self, contact: &Contact, as_of: DateTime<Utc>) -> Result<(), StoreError> {
        // `as_of` last: MySQL assigns from left to right.
        sqlx::query(
            "INSERT INTO contacts (user_id, email, name, is_admin, is_active, as_of) VALUES (?, ?, ?, ?, ?, ?) \
             ON DUPLICATE KEY UPDATE \
             email = IF(VALUES(as_of) >= as_of, VALUES(email), email), \
             name = IF(VALUES(as_of) >= as_of, VALUES(name), name), \
             is_admin = IF(VALUES(as_of) >= as_of, VALUES(is_admin), is_admin), \
             is_active = IF(VALUES(as_of) >= as_of, VALUES(is_active), is_active), \
             as_of = GREATEST(as_of, VALUES(as_of))",
        )
        .bind(contact.user_id.get())
        .bind(&contact.email)
        .bind(&contact.name)
        .bind(contact.is_admin)
        .bind(contact.is_active)
        .bind(as_of)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn contact_before(
        &mut self,
        user: UserId,
        as_of: DateTime<Utc>,
    ) -> Result<Option<Contact>, StoreError> {
        let row: Option<ContactRow> = sqlx::query_as(
            "SELECT email, name, is_admin, is_active FROM contacts WHERE user_id = ? AND as_of <= ? FOR UPDATE",
        )
        .bind(user.get())
        .bind(as_of)
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| row.contact(user)))
    }

    async fn active_admins(&mut self) -> Result<Vec<UserId>, StoreError> {
        let ids: Vec<u64> = sqlx::query_scalar(
            "SELECT user_id FROM contacts WHERE is_admin = TRUE AND is_active = TRUE ORDER BY user_id LIMIT 100",
        )
        .fetch_all(self.connection())
        .await?;
        Ok(ids.into_iter().map(UserId::new).collect())
    }

    async fn wake_emails(&mut self, user: UserId, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE deliveries SET next_attempt_at = ? \
             WHERE user_id = ? AND next_attempt_at > ? AND channel = 'email' AND status = 'pending' AND lease IS NULL",
        )
        .bind(now)
        .bind(user.get())
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn forget_user(&mut self, user: UserId, as_of: DateTime<Utc>) -> Result<(), StoreError> {
        let nobody = Contact {
            user_id: user,
            email: String::new(),
            name: String::new(),
            is_admin: false,
            is_active: false,
        };
        self.keep_contact(&nobody, as_of).await?;
        for statement in [
            "DELETE FROM deliveries WHERE user_id = ?",
            "DELETE FROM notifications WHERE user_id = ?",
            "DELETE FROM preferences WHERE user_id = ?",
            "DELETE FROM webhooks WHERE owner = ?",
        ] {
            sqlx::query(statement).bind(user.get()).execute(self.connection()).await?;
        }
        Ok(())
    }
}
