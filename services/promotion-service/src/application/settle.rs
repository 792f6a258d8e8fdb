//! The end of a reservation: the order was paid, or is no more.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};

use super::reserve::insist;
use super::{Held, PromotionError, Store};
use crate::domain::{ReservationId, ReservationState};

/// Consumes and releases reservations. Either may be asked for again.
#[derive(Clone)]
pub struct Settle {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl Settle {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Gives the uses back. An id that isn't known is remembered: a reservation that arrives late is refused.
    pub async fn release(&self, id: ReservationId) -> Result<(), PromotionError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            self.release_in(tx.as_mut(), id).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    pub(super) async fn consume_in(
        &self,
        tx: &mut dyn Store,
        id: ReservationId,
    ) -> Result<(), PromotionError> {
        let Some(held) = tx.held_for_update(id).await? else {
            tracing::error!(reservation.id = %id, "a paid order without its reservation");
            return Ok(());
        };
        match held.state {
            ReservationState::Active | ReservationState::Held => {}
            // The order was heard of late, and is paid already.
            ReservationState::Expired => insist(tx, &held).await?,
            ReservationState::Consumed | ReservationState::Released => return Ok(()),
        }
        for promotion in &held.promotions {
            tx.consume_use(*promotion).await?;
        }
        Ok(move_to(tx, id, ReservationState::Consumed).await?)
    }

    pub(super) async fn release_in(
        &self,
        tx: &mut dyn Store,
        id: ReservationId,
    ) -> Result<(), PromotionError> {
        let mut held = tx.held_for_update(id).await?;
        if held.is_none() && !tx.add_tombstone(id, self.clock.now()).await? {
            // It was reserved between the two.
            held = tx.held_for_update(id).await?;
        }
        if let Some(held) = held.filter(|held| held.state.counts()) {
            give_back(tx, &held).await?;
            move_to(tx, id, ReservationState::Released).await?;
        } else {
            // What expired is released as well: nothing that comes late may revive it.
            tx.set_state(id, ReservationState::Released, None).await?;
        }
        Ok(())
    }
}

/// Gives the uses of a reservation back that has them.
pub(super) async fn give_back(tx: &mut dyn Store, held: &Held) -> Result<(), StoreError> {
    let Some(user) = held.user_id else { return Ok(()) };
    let consumed = held.state == ReservationState::Consumed;
    for promotion in &held.promotions {
        tx.give_back(*promotion, user, consumed).await?;
    }
    Ok(())
}

async fn move_to(tx: &mut dyn Store, id: ReservationId, state: ReservationState) -> Result<(), StoreError> {
    tx.tally(metrics::counter!("promotion_reservations_total", "state" => state.as_str()), 1);
    tx.set_state(id, state, None).await
}
