//! Telling the others how much there is now.
//!
//! A hundred orders for one product within a moment are one event: whoever shows stock wants the level, not each
//! step. A change is marked on its row in the transaction that makes it, so none is ever forgotten.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::kafka::Envelope;

use super::{InventoryError, InventoryLow, InventoryUpdated, Store};

const BATCH: u32 = 200;

/// Publishes `inventory_updated` and `inventory_low`.
pub struct AnnounceChanges {
    store: Arc<dyn Begin<dyn Store>>,
}

impl AnnounceChanges {
    pub fn new(store: Arc<dyn Begin<dyn Store>>) -> Self {
        Self { store }
    }

    /// All that changed until now.
    pub async fn run(self: Arc<Self>) -> Result<(), InventoryError> {
        while retrying(|| self.batch()).await? == BATCH as usize {}
        Ok(())
    }

    async fn batch(&self) -> Result<usize, InventoryError> {
        let mut tx = self.store.begin().await?;
        let changed = tx.changed(BATCH).await?;
        for (item, was_low) in &changed {
            let product_id = item.product_id.to_string();
            let available = item.available();
            if item.is_low() && !was_low {
                let event = InventoryLow {
                    product_id: product_id.clone(),
                    available,
                    threshold: item.low_stock_threshold,
                };
                tx.publish(Envelope::new(&event)).await?;
                tx.tally(metrics::counter!("inventory_low_total"), 1);
            }
            let event = InventoryUpdated {
                product_id,
                on_hand: item.on_hand(),
                reserved: item.reserved(),
                available,
                in_stock: available > 0,
                version: item.version(),
            };
            tx.publish(Envelope::new(&event)).await?;
        }
        tx.announced(&changed).await?;
        tx.commit().await?;
        Ok(changed.len())
    }
}
