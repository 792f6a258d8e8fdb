//! Forgetting what nobody will ask for again.

use std::sync::Arc;

use chrono::TimeDelta;
use config::clock::Clock;
use config::database::{Begin, retrying};

use super::{NotificationError, Store, UNVERIFIED_DAY};

const NOTIFICATIONS: TimeDelta = TimeDelta::days(180);
const DELIVERIES: TimeDelta = TimeDelta::days(30);
const BATCH: u32 = 1_000;

/// Deletes old notifications, the log of deliveries that have ended, and old counts of e-mails.
pub struct ForgetOld {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl ForgetOld {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    pub async fn run(self: Arc<Self>) -> Result<(), NotificationError> {
        while retrying(|| self.batch()).await? >= u64::from(BATCH) {}
        Ok(())
    }

    async fn batch(&self) -> Result<u64, NotificationError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let forgotten =
            tx.forget_before(now - NOTIFICATIONS, now - DELIVERIES, now - UNVERIFIED_DAY, BATCH).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}
