//! A user's own list: what was read, what is dismissed.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;

use super::{NotificationError, NotificationRecord, Store};

/// Marks and removes notifications.
#[derive(Clone)]
pub struct ReadMarks {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl ReadMarks {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The first time counts.
    pub async fn read(
        &self,
        mut notification: NotificationRecord,
    ) -> Result<NotificationRecord, NotificationError> {
        if notification.read_at.is_none() {
            let now = self.clock.now();
            retrying(|| async {
                let mut tx = self.store.begin().await?;
                tx.mark_read(notification.id, now).await?;
                tx.commit().await
            })
            .await?;
            notification.read_at = Some(now);
        }
        Ok(notification)
    }

    /// How many were unread until now.
    pub async fn read_all(&self, user: UserId) -> Result<u64, NotificationError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let read = tx.mark_all_read(user, self.clock.now()).await?;
            tx.commit().await?;
            Ok(read)
        })
        .await
    }

    /// Its deliveries go on, and their log stays.
    pub async fn dismiss(&self, notification: &NotificationRecord) -> Result<(), NotificationError> {
        let unlisted = retrying(|| async {
            let mut tx = self.store.begin().await?;
            tx.unlist(notification.id).await?;
            tx.commit().await
        });
        Ok(unlisted.await?)
    }
}
