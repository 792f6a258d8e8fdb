//! Contacts.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::id::UserId;
use sha2::{Digest as _, Sha256};

use crate::application::{Contact, Contacts};

#[derive(sqlx::FromRow)]
struct ContactRow {
    email: String,
    name: String,
    is_admin: bool,
    is_active: bool,
    email_verified: bool,
}

impl ContactRow {
    fn contact(self, user_id: UserId) -> Contact {
        let Self { email, name, is_admin, is_active, email_verified } = self;
        Contact { user_id, email, name, is_admin, is_active, email_verified }
    }
}

#[async_trait]
impl Contacts for Tx {
    async fn keep_contact(&mut self, contact: &Contact, as_of: DateTime<Utc>) -> Result<(), StoreError> {
        // `as_of` last: MySQL assigns from left to right.
        sqlx::query(
            "INSERT INTO contacts (user_id, email, name, is_admin, is_active, email_verified, as_of) \
             VALUES (?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE \
             email = IF(VALUES(as_of) >= as_of, VALUES(email), email), \
             name = IF(VALUES(as_of) >= as_of, VALUES(name), name), \
             is_admin = IF(VALUES(as_of) >= as_of, VALUES(is_admin), is_admin), \
             is_active = IF(VALUES(as_of) >= as_of, VALUES(is_active), is_active), \
             email_verified = IF(VALUES(as_of) >= as_of, VALUES(email_verified), email_verified), \
             as_of = GREATEST(as_of, VALUES(as_of))",
        )
        .bind(contact.user_id.get())
        .bind(&contact.email)
        .bind(&contact.name)
        .bind(contact.is_admin)
        .bind(contact.is_active)
        .bind(contact.email_verified)
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
            "SELECT email, name, is_admin, is_active, email_verified FROM contacts \
             WHERE user_id = ? AND as_of <= ? FOR UPDATE",
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
            email_verified: false,
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

    async fn count_unverified(
        &mut self,
        email: &str,
        day_ago: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<u32, StoreError> {
        let address = Sha256::digest(email.to_lowercase()).to_vec();
        // `since` last: MySQL assigns from left to right. The row is locked from here on.
        sqlx::query(
            "INSERT INTO unverified_emails (address, since, sent) VALUES (?, ?, 1) \
             ON DUPLICATE KEY UPDATE sent = IF(since <= ?, 1, sent + 1), \
             since = IF(since <= ?, VALUES(since), since)",
        )
        .bind(&address)
        .bind(now)
        .bind(day_ago)
        .bind(day_ago)
        .execute(self.connection())
        .await?;
        let sent = sqlx::query_scalar("SELECT sent FROM unverified_emails WHERE address = ?")
            .bind(&address)
            .fetch_one(self.connection())
            .await?;
        Ok(sent)
    }
}
