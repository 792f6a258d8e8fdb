//! Changing a product.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{StoreError, retrying};
use config::id::ProductId;
use config::response::IfMatch;

use super::{CatalogueError, Edit, ProductCache, ProductStore, events};
use crate::domain::{Product, Status};

/// Replaces or merges what an operator says about a product.
#[derive(Clone)]
pub struct ChangeProduct {
    store: Arc<dyn ProductStore>,
    cache: Arc<dyn ProductCache>,
    clock: Arc<dyn Clock>,
}

impl ChangeProduct {
    pub fn new(store: Arc<dyn ProductStore>, cache: Arc<dyn ProductCache>, clock: Arc<dyn Clock>) -> Self {
        Self { store, cache, clock }
    }

    /// Applies the edit to what is there now, again when somebody else was quicker.
    pub async fn run(
        &self,
        id: &ProductId,
        edit: &dyn Edit,
        if_match: &IfMatch,
    ) -> Result<Product, CatalogueError> {
        retrying(|| async {
            let present = self.store.find(id).await?.ok_or_else(|| CatalogueError::NotFound(id.clone()))?;
            if_match.check(present.version)?;
            let draft = edit.apply(Some(&present))?;
            match present.revised(draft, self.clock.now()) {
                Some(revised) => self.save(&present, revised).await,
                None => Ok(present),
            }
        })
        .await
    }

    /// Saves what became of `before`; a lost race counts as contention.
    pub(super) async fn save(&self, before: &Product, after: Product) -> Result<Product, CatalogueError> {
        let event = events::changed(before, &after);
        let saved = self.store.save(&after, before.version, event).await;
        let saved = saved.map_err(|error| match error.violates("products_sku") {
            true => CatalogueError::SkuTaken(after.details.sku.clone()),
            false => error.into(),
        })?;
        if !saved {
            return Err(StoreError::Contended("the product has changed meanwhile".into()).into());
        }
        self.cache.changed(&after).await;
        match (before.status, after.status) {
            (Status::Active, Status::Archived) => {
                metrics::counter!("products_archived_total").increment(1);
                tracing::info!(product.id = %after.id, "product {} archived", after.id);
            }
            _ => {
                metrics::counter!("products_updated_total").increment(1);
                tracing::info!(product.id = %after.id, version = after.version, "product {} changed", after.id);
            }
        }
        Ok(after)
    }
}
