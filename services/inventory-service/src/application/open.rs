//! Opening the stock record of a product.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::ProductId;
use config::kafka::Envelope;

use super::{InventoryError, Movement, MovementKind, Store};
use crate::domain::{Level, Sku, StockItem, Warehouse};

/// What a product begins with.
#[derive(Debug, Clone)]
pub struct Opening {
    pub product_id: ProductId,
    pub sku: Option<Sku>,
    pub warehouse: Warehouse,
    pub on_hand: u32,
    /// The shop's when not given.
    pub threshold: Option<u32>,
}

/// Begins to keep a product in stock.
#[derive(Clone)]
pub struct OpenStock {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
    threshold: u32,
}

impl OpenStock {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>, threshold: u32) -> Self {
        Self { store, clock, threshold }
    }

    /// By an operator.
    pub async fn run(&self, opening: Opening) -> Result<StockItem, InventoryError> {
        let item = self.item(opening);
        let opened = retrying(|| async {
            let mut tx = self.store.begin().await?;
            let opened = self.open(tx.as_mut(), &item).await?;
            tx.commit().await?;
            Ok::<_, InventoryError>(opened)
        });
        match opened.await? {
            true => Ok(item),
            false => Err(InventoryError::Exists(item.product_id)),
        }
    }

    /// Because the catalogue has a new product.
    pub async fn follow(
        &self,
        message: &Envelope,
        product_id: ProductId,
        sku: Option<Sku>,
        on_hand: u32,
    ) -> Result<(), InventoryError> {
        let warehouse = Warehouse::default();
        let item = self.item(Opening { product_id, sku, warehouse, on_hand, threshold: None });
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if tx.claim(message).await? {
                self.open(tx.as_mut(), &item).await?;
                tx.commit().await?;
            }
            Ok(())
        })
        .await
    }

    fn item(&self, opening: Opening) -> StockItem {
        let Opening { product_id, sku, warehouse, on_hand, threshold } = opening;
        let levels = vec![Level { warehouse, on_hand, reserved: 0, version: 1 }];
        StockItem { product_id, sku, low_stock_threshold: threshold.unwrap_or(self.threshold), levels }
    }

    async fn open(&self, tx: &mut dyn Store, item: &StockItem) -> Result<bool, InventoryError> {
        let now = self.clock.now();
        if !tx.add_product(item, now).await? {
            return Ok(false);
        }
        for level in &item.levels {
            tx.save_levels(&[(&item.product_id, level)], now).await?;
            let movement = Movement {
                product_id: item.product_id.clone(),
                warehouse: level.warehouse.clone(),
                kind: MovementKind::Opening,
                delta: level.on_hand.into(),
                reason: "opening stock".to_owned(),
            };
            tx.record(&[movement], now).await?;
        }
        Ok(true)
    }
}
