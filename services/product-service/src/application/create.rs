//! A new product.

use std::sync::Arc;

use config::clock::Clock;

use super::{CatalogueError, ProductCache, ProductStore, StockRecords, events};
use crate::domain::{Draft, Product};

/// Adds a product to the catalogue.
#[derive(Clone)]
pub struct CreateProduct {
    store: Arc<dyn ProductStore>,
    cache: Arc<dyn ProductCache>,
    stock: Arc<dyn StockRecords>,
    clock: Arc<dyn Clock>,
}

impl CreateProduct {
    pub fn new(
        store: Arc<dyn ProductStore>,
        cache: Arc<dyn ProductCache>,
        stock: Arc<dyn StockRecords>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, cache, stock, clock }
    }

    pub async fn run(&self, draft: Draft) -> Result<Product, CatalogueError> {
        let initial_stock = draft.stock;
        let product = Product::new(self.store.next_id(), draft, self.clock.now());
        let event = events::created(&product, initial_stock);
        let new = [(product, event)];
        let taken = self.store.add(&new).await?;
        let [(product, _)] = new;
        if !taken.is_empty() {
            return Err(CatalogueError::SkuTaken(product.details.sku));
        }
        self.cache.changed(&product).await;
        if let Some(on_hand) = initial_stock {
            self.stock.open(&product, on_hand).await;
        }
        metrics::counter!("products_created_total").increment(1);
        tracing::info!(product.id = %product.id, product.sku = %product.details.sku, "product {} created", product.id);
        Ok(product)
    }
}
