//! Setting stock aside for an order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use config::clock::Clock;
use config::database::{Begin, GroupCommit, StoreError, Submitted, WriteGroup};
use config::kafka::Envelope;

use super::{InventoryError, Reservation, ReservationLost, StockReader, Store};
use crate::domain::{ReservationId, ReservationState, Shelf, Shortage, Wanted};

/// Sets stock aside: all that is wanted, or nothing.
#[derive(Clone)]
pub struct Reserve {
    counter: GroupCommit<SalesCounter>,
    stock: Arc<dyn StockReader>,
    clock: Arc<dyn Clock>,
}

impl Reserve {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        stock: Arc<dyn StockReader>,
        clock: Arc<dyn Clock>,
        lifetime: Duration,
    ) -> Self {
        let counter = GroupCommit::new(SalesCounter { store, clock: clock.clone(), lifetime });
        Self { counter, stock, clock }
    }

    /// Reserves under an id that the caller chose: the same again gives the same reservation.
    pub async fn run(&self, id: ReservationId, wanted: Vec<Wanted>) -> Result<Reservation, InventoryError> {
        match self.counter.run(Request { id, wanted }).await {
            Ok(Ok(reservation)) => Ok(reservation),
            // What is missing may be what this very reservation took when it was asked for first.
            Ok(Err(shortage)) => self.existing(id).await?.ok_or_else(|| {
                metrics::counter!("inventory_out_of_stock_total").increment(1);
                shortage.into()
            }),
            Err(error) if error.violates("PRIMARY") => {
                self.existing(id).await?.ok_or(InventoryError::NoReservation(id))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn existing(&self, id: ReservationId) -> Result<Option<Reservation>, InventoryError> {
        match self.stock.reservation(id).await? {
            Some(settled) if !settled.state.keeps_stock() => {
                Err(InventoryError::Settled { id, state: settled.state })
            }
            found => Ok(found),
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
            ReservationState::Active => {
                tx.set_state(id, ReservationState::Held, Some(order), self.clock.now()).await?;
            }
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
            tx.publish(Envelope::new(&event)).await?;
            return Ok(());
        }
        tx.set_state(lost.id, ReservationState::Held, Some(order), now).await?;
        Ok(())
    }
}

/// What is asked for.
struct Request {
    id: ReservationId,
    wanted: Vec<Wanted>,
}

/// Serves those who want stock at once one after the other, and writes it all down together: many who want the same
/// product wait for one commit, and not each for the one before.
struct SalesCounter {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
    lifetime: Duration,
}

#[async_trait]
impl WriteGroup for SalesCounter {
    type Job = Request;
    type Done = Result<Reservation, Shortage>;

    async fn write(&self, group: &[Submitted<Request>]) -> Result<Vec<Self::Done>, StoreError> {
        let now = self.clock.now();
        let wanted = group.iter().flat_map(|it| &it.job.wanted);
        let products: BTreeSet<_> = wanted.map(|wanted| wanted.product_id.clone()).collect();
        let mut tx = self.store.begin().await?;
        let mut shelf = Shelf::new(tx.levels_for_update(&products).await?);
        let mut serve = |Request { id, wanted }: &Request| {
            let (state, expires_at) = (ReservationState::Active, now + self.lifetime);
            let reservation = |lines| Reservation { id: *id, state, expires_at, parcel_away: false, lines };
            shelf.set_aside(wanted).map(reservation)
        };
        let served: Vec<_> = group.iter().map(|it| serve(&it.job)).collect();
        let reservations: Vec<&Reservation> = served.iter().flatten().collect();
        if reservations.is_empty() {
            return Ok(served);
        }
        tx.add_reservations(&reservations, now).await?;
        let changed = shelf.changed();
        let levels: Vec<_> = changed.iter().map(|(id, level)| (*id, level)).collect();
        tx.save_levels(&levels, now).await?;
        let active = metrics::counter!("inventory_reservations_total", "state" => "active");
        tx.tally(active, reservations.len() as u64);
        tx.commit().await?;
        Ok(served)
    }
}
