//! Giving back what was reserved for orders that never came to be.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};

use super::{PromotionError, Store};

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
    pub async fn run(self: Arc<Self>) -> Result<(), PromotionError> {
        while retrying(|| self.batch()).await? == BATCH as usize {}
        Ok(())
    }

    async fn batch(&self) -> Result<usize, PromotionError> {
        let mut tx = self.store.begin().await?;
        let due = tx.due(self.clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let uses = due.iter().flat_map(|held| held.promotions.iter().map(|id| (*id, held.user_id)));
        let mut uses: Vec<_> = uses.filter_map(|(id, user)| Some((id, user?))).collect();
        uses.sort();
        for (promotion, user) in uses {
            tx.give_back(promotion, user, false).await?;
        }
        let ids: Vec<_> = due.iter().map(|held| held.id).collect();
        tx.expire(&ids).await?;
        let expired = metrics::counter!("promotion_reservations_total", "state" => "expired");
        tx.tally(expired, due.len() as u64);
        tx.commit().await?;
        for id in ids {
            tracing::info!(reservation.id = %id, "a reservation expired: no order came");
        }
        Ok(due.len())
    }
}
