//! Giving back what was reserved for orders that never came to be.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};

use super::{InventoryError, Store};
use crate::domain::ReservationState;

const BATCH: u32 = 100;

/// Expires reservations whose time is over.
pub struct ExpireReservations {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl ExpireReservations {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// All that are due now.
    pub async fn run(self: Arc<Self>) -> Result<(), InventoryError> {
        while retrying(|| self.batch()).await? == BATCH as usize {}
        Ok(())
    }

    async fn batch(&self) -> Result<usize, InventoryError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let due = tx.due(now, BATCH).await?;
        let mut lines: Vec<_> = due.iter().flat_map(|reservation| &reservation.lines).collect();
        lines.sort();
        for line in lines {
            tx.give_back(line, now).await?;
        }
        for reservation in &due {
            tx.set_state(reservation.id, ReservationState::Expired, None, now).await?;
            tracing::info!(reservation.id = %reservation.id, "a reservation expired: no order came");
        }
        let expired = metrics::counter!("inventory_reservations_total", "state" => "expired");
        tx.tally(expired, due.len() as u64);
        tx.commit().await?;
        Ok(due.len())
    }
}
