//! Forgetting what nobody will ask for again.

use std::sync::Arc;

use chrono::TimeDelta;
use config::clock::Clock;
use config::database::{Begin, retrying};

use super::{InventoryError, Store};

/// Longer than any message of an order whose stock was given back may still come.
const RESERVATIONS: TimeDelta = TimeDelta::days(14);
const BATCH: u32 = 500;

/// Deletes reservations whose stock was given back before it was sold. Where sold goods came from is remembered, for
/// they may come back.
pub struct ForgetEnded {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl ForgetEnded {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// All that are old by now, a batch at a time.
    pub async fn run(self: Arc<Self>) -> Result<(), InventoryError> {
        while retrying(|| self.batch()).await? == u64::from(BATCH) {}
        Ok(())
    }

    async fn batch(&self) -> Result<u64, InventoryError> {
        let mut tx = self.store.begin().await?;
        let forgotten = tx.forget_ended(self.clock.now() - RESERVATIONS, BATCH).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}
