//! Forgetting reservations that nobody will ask for again.

use std::sync::Arc;

use chrono::TimeDelta;
use config::clock::Clock;
use config::database::{Begin, retrying};

use super::{PromotionError, Store};

/// As long as messages that name them can come: Kafka's retention, and that of dead letters.
const KEPT: TimeDelta = TimeDelta::days(14);
const BATCH: u32 = 500;

/// Deletes reservations that have expired or were given back.
pub struct ForgetReservations {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl ForgetReservations {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// All that are old enough, a batch at a time.
    pub async fn run(self: Arc<Self>) -> Result<(), PromotionError> {
        while retrying(|| self.batch()).await? == BATCH as usize {}
        Ok(())
    }

    async fn batch(&self) -> Result<usize, PromotionError> {
        let mut tx = self.store.begin().await?;
        let forgotten = tx.forget_before(self.clock.now() - KEPT, BATCH).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}
