//! The end of a reservation: the order was paid, or is no more.

use std::collections::BTreeSet;
use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use metrics::counter;

use super::{InventoryError, Movement, MovementKind, Reservation, Store};
use crate::domain::{Allocation, ReservationId, ReservationState, Shelf};

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
            self.take_off(tx, &mut reservation).await?;
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
            // There is nothing to be given back: they can't be sold again before they are here.
            _ if reservation.parcel_away => self.take_off(tx, &mut reservation).await?,
            ReservationState::Active | ReservationState::Held => {
                for line in &reservation.lines {
                    tx.give_back(line, now).await?;
                }
                self.move_to(tx, &mut reservation, ReservationState::Released).await?;
            }
            ReservationState::Committed => self.put_back(tx, &mut reservation).await?,
            // Nothing is kept for it any more, and nothing is to be, when its order is told of late.
            ReservationState::Expired => {
                self.move_to(tx, &mut reservation, ReservationState::Released).await?;
            }
            ReservationState::Released | ReservationState::Returned => {}
        }
        Ok(reservation)
    }

    /// Its goods have left, though their order is over: what its end gave back, or will, isn't there.
    pub(super) async fn parcel_away_in(
        &self,
        tx: &mut dyn Store,
        id: ReservationId,
    ) -> Result<Reservation, InventoryError> {
        let mut reservation = self.locked(tx, id).await?;
        if !reservation.parcel_away {
            reservation.parcel_away = true;
            tx.set_parcel_away(id, true).await?;
            // In any other state the order's end hasn't been heard of, and finds the mark when it is.
            if matches!(reservation.state, ReservationState::Released | ReservationState::Returned) {
                self.take_off(tx, &mut reservation).await?;
            }
        }
        Ok(reservation)
    }

    /// They are back: what its order's end would have put back lies there now.
    pub(super) async fn parcel_back_in(
        &self,
        tx: &mut dyn Store,
        id: ReservationId,
    ) -> Result<Reservation, InventoryError> {
        let mut reservation = self.locked(tx, id).await?;
        if reservation.parcel_away {
            reservation.parcel_away = false;
            tx.set_parcel_away(id, false).await?;
            if reservation.state == ReservationState::Committed {
                self.put_back(tx, &mut reservation).await?;
            }
        }
        Ok(reservation)
    }

    /// Its goods aren't on the shelf any more.
    async fn take_off(
        &self,
        tx: &mut dyn Store,
        reservation: &mut Reservation,
    ) -> Result<(), InventoryError> {
        match reservation.state {
            ReservationState::Committed => return Ok(()),
            ReservationState::Active | ReservationState::Held => {
                let now = self.clock.now();
                for line in &reservation.lines {
                    tx.take(line, now).await?;
                }
            }
            ReservationState::Released | ReservationState::Expired | ReservationState::Returned => {
                self.take_what_is_left(tx, reservation).await?;
            }
        }
        self.record(tx, reservation, MovementKind::Sale).await?;
        self.move_to(tx, reservation, ReservationState::Committed).await
    }

    /// Nothing was kept for it any more: what has been sold again meanwhile can't be taken from who bought it. It isn't
    /// there, either, and somebody must look who is to wait.
    async fn take_what_is_left(
        &self,
        tx: &mut dyn Store,
        reservation: &mut Reservation,
    ) -> Result<(), InventoryError> {
        let products: BTreeSet<_> = reservation.lines.iter().map(|line| line.product_id.clone()).collect();
        let mut shelf = Shelf::new(tx.levels_for_update(&products).await?);
        let missing = shelf.take_off(&mut reservation.lines);
        let changed = shelf.changed();
        let levels: Vec<_> = changed.iter().map(|(id, level)| (*id, level)).collect();
        if !levels.is_empty() {
            tx.save_levels(&levels, self.clock.now()).await?;
        }
        if missing > 0 {
            tx.set_taken(reservation.id, &reservation.lines).await?;
            tx.tally(counter!("inventory_units_missing_total"), missing.into());
            tracing::error!(reservation.id = %reservation.id, missing, "goods that have left were sold again");
        }
        Ok(())
    }

    async fn put_back(
        &self,
        tx: &mut dyn Store,
        reservation: &mut Reservation,
    ) -> Result<(), InventoryError> {
        let now = self.clock.now();
        for line in &reservation.lines {
            tx.put_back(line, now).await?;
        }
        self.record(tx, reservation, MovementKind::Return).await?;
        self.move_to(tx, reservation, ReservationState::Returned).await
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
        tx.tally(counter!("inventory_reservations_total", "state" => state.as_str()), 1);
        Ok(tx.set_state(reservation.id, state, None, self.clock.now()).await?)
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
        let moved = reservation.lines.iter().filter(|line| line.quantity > 0);
        let movements: Vec<_> = moved.map(movement).collect();
        if movements.is_empty() {
            return Ok(());
        }
        Ok(tx.record(&movements, self.clock.now()).await?)
    }
}
