//! The end of a reservation: the order was paid, or is no more.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};

use super::{InventoryError, Movement, MovementKind, Reservation, Store};
use crate::domain::{Allocation, ReservationId, ReservationState};

/// Commits and releases reservations. Either may be asked for again.
#[derive(Clone)]
pub struct Settle {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl Settle {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Takes the stock off the shelf.
    pub async fn commit(&self, id: ReservationId) -> Result<Reservation, InventoryError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let reservation = self.commit_in(tx.as_mut(), id).await?;
            tx.commit().await?;
            match reservation.state {
                ReservationState::Committed => Ok(reservation),
                state => Err(InventoryError::Settled { id, state }),
            }
        })
        .await
    }

    /// Gives the stock back.
    pub async fn release(&self, id: ReservationId) -> Result<Reservation, InventoryError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let reservation = self.release_in(tx.as_mut(), id).await?;
            tx.commit().await?;
            Ok(reservation)
        })
        .await
    }

    pub(super) async fn commit_in(
        &self,
        tx: &mut dyn Store,
        id: ReservationId,
    ) -> Result<Reservation, InventoryError> {
        let mut reservation = self.locked(tx, id).await?;
        if reservation.state.keeps_stock() {
            let now = self.clock.now();
            for line in &reservation.lines {
                tx.take(line, now).await?;
            }
            self.record(tx, &reservation, MovementKind::Sale).await?;
            self.move_to(tx, &mut reservation, ReservationState::Committed).await?;
        }
        Ok(reservation)
    }

    pub(super) async fn release_in(
        &self,
        tx: &mut dyn Store,
        id: ReservationId,
    ) -> Result<Reservation, InventoryError> {
        let mut reservation = self.locked(tx, id).await?;
        let now = self.clock.now();
        match reservation.state {
            ReservationState::Active | ReservationState::Held => {
                for line in &reservation.lines {
                    tx.give_back(line, now).await?;
                }
                self.move_to(tx, &mut reservation, ReservationState::Released).await?;
            }
            ReservationState::Committed => {
                for line in &reservation.lines {
                    tx.put_back(line, now).await?;
                }
                self.record(tx, &reservation, MovementKind::Return).await?;
                self.move_to(tx, &mut reservation, ReservationState::Returned).await?;
            }
            // Nothing is kept for it any more, and nothing is to be, when its order is told of late.
            ReservationState::Expired => {
                self.move_to(tx, &mut reservation, ReservationState::Released).await?;
            }
            ReservationState::Released | ReservationState::Returned => {}
        }
        Ok(reservation)
    }

    async fn locked(&self, tx: &mut dyn Store, id: ReservationId) -> Result<Reservation, InventoryError> {
        tx.reservation_for_update(id).await?.ok_or(InventoryError::NoReservation(id))
    }

    async fn move_to(
        &self,
        tx: &mut dyn Store,
        reservation: &mut Reservation,
        state: ReservationState,
    ) -> Result<(), InventoryError> {
        reservation.state = state;
        tx.tally(metrics::counter!("inventory_reservations_total", "state" => state.as_str()), 1);
        Ok(tx.set_state(reservation.id, state, None).await?)
    }

    async fn record(
        &self,
        tx: &mut dyn Store,
        reservation: &Reservation,
        kind: MovementKind,
    ) -> Result<(), InventoryError> {
        let sign = if kind == MovementKind::Sale { -1 } else { 1 };
        let movement = |line: &Allocation| Movement {
            product_id: line.product_id.clone(),
            warehouse: line.warehouse.clone(),
            kind,
            delta: sign * i64::from(line.quantity),
            reason: format!("reservation {}", reservation.id),
        };
        let movements: Vec<_> = reservation.lines.iter().map(movement).collect();
        Ok(tx.record(&movements, self.clock.now()).await?)
    }
}
