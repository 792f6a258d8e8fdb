//! Setting stock aside for an order.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::id::ProductId;

use super::{InventoryError, Reservation, ReservationLost, StockReader, Store};
use crate::domain::{Allocation, Quantity, ReservationId, ReservationState, allocate};

/// Others may take what was seen to be available before we do; this often we look again.
const LOOKS: u32 = 8;

/// How much of a product is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub product_id: ProductId,
    pub quantity: Quantity,
}

/// Sets stock aside: all that is wanted, or nothing.
#[derive(Clone)]
pub struct Reserve {
    store: Arc<dyn Begin<dyn Store>>,
    stock: Arc<dyn StockReader>,
    clock: Arc<dyn Clock>,
    lifetime: Duration,
}

impl Reserve {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        stock: Arc<dyn StockReader>,
        clock: Arc<dyn Clock>,
        lifetime: Duration,
    ) -> Self {
        Self { store, stock, clock, lifetime }
    }

    /// Reserves under an id that the caller chose: the same again gives the same reservation.
    pub async fn run(&self, id: ReservationId, wanted: &[Wanted]) -> Result<Reservation, InventoryError> {
        for _ in 0..LOOKS {
            let lines = self.plan(wanted).await?;
            match retrying(|| self.attempt(id, &lines)).await {
                Ok(Some(reservation)) => return Ok(reservation),
                Ok(None) => {}
                Err(InventoryError::Store(error)) if error.violates("PRIMARY") => {
                    return self.existing(id).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Contended("too many orders for the same products at once".into()).into())
    }

    /// Where the wanted units would come from now, sorted: rows are locked in one order.
    async fn plan(&self, wanted: &[Wanted]) -> Result<Vec<Allocation>, InventoryError> {
        let ids: Vec<_> = wanted.iter().map(|line| line.product_id.clone()).collect();
        let items = self.stock.items(&ids).await?;
        let mut lines = Vec::with_capacity(wanted.len());
        for Wanted { product_id, quantity } in wanted {
            let item = items.iter().find(|item| item.product_id == *product_id);
            let found = item.and_then(|item| allocate(product_id, &item.levels, *quantity));
            lines.extend(found.ok_or_else(|| {
                metrics::counter!("inventory_out_of_stock_total").increment(1);
                InventoryError::OutOfStock {
                    product_id: product_id.clone(),
                    requested: quantity.get(),
                    available: item.map_or(0, |item| item.available()),
                }
            })?);
        }
        lines.sort();
        Ok(lines)
    }

    /// `None`: what was planned has gone meanwhile.
    async fn attempt(
        &self,
        id: ReservationId,
        lines: &[Allocation],
    ) -> Result<Option<Reservation>, InventoryError> {
        let now = self.clock.now();
        let reservation = Reservation {
            id,
            state: ReservationState::Active,
            expires_at: now + self.lifetime,
            lines: lines.to_vec(),
        };
        let mut tx = self.store.begin().await?;
        tx.add_reservation(&reservation, now).await?;
        if !set_all_aside(tx.as_mut(), lines, now).await? {
            return Ok(None);
        }
        tx.tally(metrics::counter!("inventory_reservations_total", "state" => "active"), 1);
        tx.commit().await?;
        Ok(Some(reservation))
    }

    async fn existing(&self, id: ReservationId) -> Result<Reservation, InventoryError> {
        let reservation = self.stock.reservation(id).await?.ok_or(InventoryError::NoReservation(id))?;
        match reservation.state.keeps_stock() {
            true => Ok(reservation),
            false => Err(InventoryError::Settled { id, state: reservation.state }),
        }
    }

    /// The order has come to be: its reservation no longer expires. If it has expired already, the stock is set
    /// aside anew, and if that can't be, the others are told.
    pub(super) async fn hold(
        &self,
        tx: &mut dyn Store,
        id: ReservationId,
        order: u64,
    ) -> Result<(), InventoryError> {
        let Some(reservation) = tx.reservation_for_update(id).await? else {
            tracing::error!(order.id = order, reservation.id = %id, "an order without a reservation");
            return Ok(());
        };
        match reservation.state {
            ReservationState::Active => tx.set_state(id, ReservationState::Held, Some(order)).await?,
            ReservationState::Expired => self.set_aside_anew(tx, reservation, order).await?,
            // Paid or cancelled before this message came.
            _ => {}
        }
        Ok(())
    }

    async fn set_aside_anew(
        &self,
        tx: &mut dyn Store,
        lost: Reservation,
        order: u64,
    ) -> Result<(), InventoryError> {
        let now = self.clock.now();
        for (done, line) in lost.lines.iter().enumerate() {
            if tx.set_aside(line, now).await? {
                continue;
            }
            for line in &lost.lines[..done] {
                tx.give_back(line, now).await?;
            }
            tracing::warn!(order.id = order, "the stock of an order that came late is gone");
            let event = ReservationLost {
                reservation_id: lost.id.get(),
                order_id: order,
                product_id: line.product_id.to_string(),
            };
            tx.publish(config::kafka::Envelope::new(&event)).await?;
            return Ok(());
        }
        tx.set_state(lost.id, ReservationState::Held, Some(order)).await?;
        Ok(())
    }
}

async fn set_all_aside(
    tx: &mut dyn Store,
    lines: &[Allocation],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    for line in lines {
        if !tx.set_aside(line, now).await? {
            return Ok(false);
        }
    }
    Ok(true)
}
