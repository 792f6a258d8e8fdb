//! Cancelling orders that nobody paid for.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};

use super::step::keep_step;
use super::{OrderError, Store};
use crate::domain::{Actor, Status};

const BATCH: u32 = 100;

/// Expires orders whose time is over.
pub struct ExpireOrders {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl ExpireOrders {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// All that are due now.
    pub async fn run(self: Arc<Self>) -> Result<(), OrderError> {
        while retrying(|| self.batch()).await? == BATCH as usize {}
        Ok(())
    }

    async fn batch(&self) -> Result<usize, OrderError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let mut due = tx.overdue(now, BATCH).await?;
        for order in &mut due {
            let step = order.move_to(Status::Cancelled, Actor::Expiry, now)?;
            keep_step(tx.as_mut(), order, step, Some("expired".to_owned())).await?;
        }
        tx.commit().await?;
        Ok(due.len())
    }
}
