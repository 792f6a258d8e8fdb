//! The demonstration's products.

use std::sync::Arc;

use config::clock::Clock;
use config::id::ProductId;

use super::{CatalogueError, ProductStore, events};
use crate::domain::{Draft, Product};

/// Adds the demonstration's products that aren't there; never touches one that is.
pub struct LoadDemo {
    store: Arc<dyn ProductStore>,
    clock: Arc<dyn Clock>,
}

impl LoadDemo {
    pub fn new(store: Arc<dyn ProductStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Several instances may do this at once: a product's id and SKU are unique, so one of them wins.
    pub async fn run(&self, demo: Vec<(ProductId, Draft)>) -> Result<usize, CatalogueError> {
        let skus: Vec<_> = demo.iter().map(|(_, draft)| draft.details.sku.clone()).collect();
        let present = self.store.find_by_skus(&skus).await?;
        let is_missing =
            |draft: &Draft| !present.iter().any(|product| product.details.sku == draft.details.sku);
        let now = self.clock.now();
        let new: Vec<_> = demo
            .into_iter()
            .filter(|(_, draft)| is_missing(draft))
            .map(|(id, draft)| {
                let stock = draft.stock;
                let product = Product::new(id, draft, now);
                let event = events::created(&product, stock);
                (product, event)
            })
            .collect();
        if new.is_empty() {
            return Ok(0);
        }
        let taken = self.store.add(&new).await?;
        Ok(new.len() - taken.len())
    }
}
