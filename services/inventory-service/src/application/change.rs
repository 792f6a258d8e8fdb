//! Changing what is on hand, by hand.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::ProductId;
use config::response::IfMatch;

use super::{InventoryError, Movement, MovementKind, Store};
use crate::domain::{Level, StockItem, Warehouse};

/// What an operator wants.
#[derive(Debug, Clone)]
pub enum Change {
    /// Somebody counted: this much is there.
    Count { on_hand: u32, threshold: Option<u32> },
    /// More or less by this much.
    Adjust { delta: i64, reason: String },
}

/// Changes what is on hand; never below what is reserved.
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
        let now = self.clock.now();
        let found = tx.item_for_update(product_id).await?;
        let mut item = found.ok_or_else(|| InventoryError::NotFound(product_id.clone()))?;
        if_match.check(item.version())?;
        let position =
            item.levels.iter().position(|level| level.warehouse == *warehouse).unwrap_or_else(|| {
                item.levels.push(Level { warehouse: warehouse.clone(), on_hand: 0, reserved: 0, version: 0 });
                item.levels.len() - 1
            });
        let level = &mut item.levels[position];
        let (wanted, kind, reason) = match change {
            Change::Count { on_hand, .. } => (i64::from(*on_hand), MovementKind::Count, "counted"),
            Change::Adjust { delta, reason } => {
                (i64::from(level.on_hand) + delta, MovementKind::Adjustment, reason.as_str())
            }
        };
        let on_hand = u32::try_from(wanted).ok().filter(|on_hand| *on_hand >= level.reserved);
        let on_hand = on_hand.ok_or(InventoryError::BelowReserved {
            warehouse: warehouse.clone(),
            reserved: level.reserved,
        })?;
        let delta = i64::from(on_hand) - i64::from(level.on_hand);
        level.on_hand = on_hand;
        level.version += 1;
        tx.save_levels(&[(product_id, level)], now).await?;
        let (product_id, warehouse) = (product_id.clone(), warehouse.clone());
        tx.record(&[Movement { product_id, warehouse, kind, delta, reason: reason.to_owned() }], now).await?;
        if let Change::Count { threshold: Some(threshold), .. } = change {
            item.low_stock_threshold = *threshold;
            tx.set_threshold(&item.product_id, *threshold).await?;
        }
        Ok(item)
    }
}
