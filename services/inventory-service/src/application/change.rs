//! Changing what is on hand, or what counts as low, by hand.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::ProductId;
use config::response::IfMatch;

use super::{InventoryError, Movement, MovementKind, Store};
use crate::domain::{Level, Reason, StockItem, Warehouse};

/// What an operator wants.
#[derive(Debug, Clone)]
pub enum Change {
    /// Somebody counted: this much is there.
    Count { on_hand: u32, threshold: Option<u32> },
    /// More or less by this much.
    Adjust { delta: i64, reason: Reason },
    /// This little is low, wherever it lies. Nothing moves.
    Threshold(u32),
}

/// Changes what is on hand, never below what is reserved, and what counts as low.
#[derive(Clone)]
pub struct ChangeStock {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl ChangeStock {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    pub async fn run(
        &self,
        product_id: &ProductId,
        warehouse: &Warehouse,
        change: &Change,
        if_match: &IfMatch,
    ) -> Result<StockItem, InventoryError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let item = self.apply(tx.as_mut(), product_id, warehouse, change, if_match).await?;
            tx.commit().await?;
            Ok(item)
        })
        .await
    }

    async fn apply(
        &self,
        tx: &mut dyn Store,
        product_id: &ProductId,
        warehouse: &Warehouse,
        change: &Change,
        if_match: &IfMatch,
    ) -> Result<StockItem, InventoryError> {
        let found = tx.item_for_update(product_id).await?;
        let mut item = found.ok_or_else(|| InventoryError::NotFound(product_id.clone()))?;
        if_match.check(item.version())?;
        let threshold = match change {
            Change::Count { on_hand, threshold } => {
                let level = level_in(&mut item, warehouse);
                let delta = i64::from(*on_hand) - i64::from(level.on_hand);
                self.shift(tx, product_id, level, delta, MovementKind::Count, "counted").await?;
                *threshold
            }
            Change::Adjust { delta, reason } => {
                let level = level_in(&mut item, warehouse);
                let kind = MovementKind::Adjustment;
                self.shift(tx, product_id, level, *delta, kind, reason.as_str()).await?;
                None
            }
            Change::Threshold(threshold) => {
                self.touch(tx, &mut item).await?;
                Some(*threshold)
            }
        };
        if let Some(threshold) = threshold {
            item.low_stock_threshold = threshold;
            tx.set_threshold(product_id, threshold).await?;
        }
        Ok(item)
    }

    /// Puts units into a warehouse or takes them out of it, for the record.
    async fn shift(
        &self,
        tx: &mut dyn Store,
        product_id: &ProductId,
        level: &mut Level,
        delta: i64,
        kind: MovementKind,
        reason: &str,
    ) -> Result<(), InventoryError> {
        let (now, warehouse) = (self.clock.now(), level.warehouse.clone());
        let on_hand = u32::try_from(i64::from(level.on_hand) + delta).ok();
        let Some(on_hand) = on_hand.filter(|on_hand| *on_hand >= level.reserved) else {
            return Err(InventoryError::BelowReserved { warehouse, reserved: level.reserved });
        };
        level.on_hand = on_hand;
        level.version += 1;
        tx.save_levels(&[(product_id, &*level)], now).await?;
        let (product_id, reason) = (product_id.clone(), reason.to_owned());
        tx.record(&[Movement { product_id, warehouse, kind, delta, reason }], now).await?;
        Ok(())
    }

    /// Another version of the same stock. Whoever announces it sees whether it is low by now.
    async fn touch(&self, tx: &mut dyn Store, item: &mut StockItem) -> Result<(), InventoryError> {
        if let Some(level) = item.levels.first_mut() {
            level.version += 1;
            tx.save_levels(&[(&item.product_id, &*level)], self.clock.now()).await?;
        }
        Ok(())
    }
}

/// The product's level in the warehouse, a new one where there was none.
fn level_in<'a>(item: &'a mut StockItem, warehouse: &Warehouse) -> &'a mut Level {
    let known = item.levels.iter().position(|level| level.warehouse == *warehouse);
    let position = known.unwrap_or_else(|| {
        item.levels.push(Level { warehouse: warehouse.clone(), on_hand: 0, reserved: 0, version: 0 });
        item.levels.len() - 1
    });
    &mut item.levels[position]
}
