//! Goods that customers sent back.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::ProductId;
use config::kafka::Envelope;

use super::{InventoryError, Movement, MovementKind, Store};
use crate::domain::{Allocation, Quantity, ReservationId, Warehouse};

/// What of a return is as good as new.
#[derive(Debug, Clone)]
pub struct Returned {
    pub order: u64,
    pub return_id: u64,
    /// What was taken for the order.
    pub reservation: ReservationId,
    pub items: Vec<(ProductId, Quantity)>,
}

/// Puts what came back on the shelf.
pub struct Restock {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl Restock {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Once, however often it is told. A product comes back to where its order took it from.
    pub async fn run(&self, message: &Envelope, returned: &Returned) -> Result<(), InventoryError> {
        retrying(|| async {
            let now = self.clock.now();
            let mut tx = self.store.begin().await?;
            if !tx.claim(message).await? {
                return Ok(());
            }
            let reservation = tx.reservation_for_update(returned.reservation).await?;
            let taken = reservation.map(|reservation| reservation.lines).unwrap_or_default();
            let mut lines: Vec<_> = returned.items.iter().map(|item| shelf(item, &taken)).collect();
            // Rows are locked in one order.
            lines.sort();
            for line in &lines {
                tx.put_back(line, now).await?;
            }
            if !lines.is_empty() {
                let movement = |line: &Allocation| Movement {
                    product_id: line.product_id.clone(),
                    warehouse: line.warehouse.clone(),
                    kind: MovementKind::Return,
                    delta: line.quantity.into(),
                    reason: format!("return {} of order {}", returned.return_id, returned.order),
                };
                let movements: Vec<_> = lines.iter().map(movement).collect();
                tx.record(&movements, now).await?;
            }
            tx.commit().await?;
            tracing::info!(
                order.id = returned.order,
                return_id = returned.return_id,
                "goods are back on the shelf"
            );
            Ok(())
        })
        .await
    }
}

fn shelf((product_id, quantity): &(ProductId, Quantity), taken: &[Allocation]) -> Allocation {
    let from = taken.iter().find(|line| line.product_id == *product_id);
    let warehouse = from.map_or_else(Warehouse::default, |line| line.warehouse.clone());
    Allocation { product_id: product_id.clone(), warehouse, quantity: quantity.get() }
}
