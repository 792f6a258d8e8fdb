//! The store in MySQL.

mod contacts;
mod deliveries;
mod notifications;
mod reader;
mod retention;
mod webhooks;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{Begin, Db, StoreError, stored};
use config::id::UserId;

pub use retention::FORGOTTEN;

use crate::application::{NotificationRecord, Owner, Store};
use crate::domain::NotificationId;

#[async_trait]
impl Begin<dyn Store> for Db {
    async fn begin(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(self.transaction().await?))
    }
}

#[derive(sqlx::FromRow)]
struct NotificationRow {
    id: u64,
    user_id: u64,
    r#type: String,
    title: String,
    message: String,
    read_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl TryFrom<NotificationRow> for NotificationRecord {
    type Error = StoreError;

    fn try_from(row: NotificationRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: NotificationId::new(row.id),
            user_id: UserId::new(row.user_id),
            kind: stored(&row.r#type)?,
            title: row.title,
            message: row.message,
            read_at: row.read_at,
            created_at: row.created_at,
        })
    }
}

/// No user's number: the owner of what is the shop's.
const NOBODY: u64 = 0;

/// The column `owner`.
fn owner_column(owner: Owner) -> u64 {
    match owner {
        Owner::User(user) => user.get(),
        Owner::Shop => NOBODY,
    }
}

/// Whom the column `owner` names.
fn owner(column: u64) -> Owner {
    match column {
        NOBODY => Owner::Shop,
        user => Owner::User(UserId::new(user)),
    }
}
