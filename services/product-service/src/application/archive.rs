//! Taking a product off sale.

use std::sync::Arc;

use config::clock::Clock;
use config::database::retrying;
use config::id::ProductId;
use config::response::IfMatch;

use super::{CatalogueError, ChangeProduct, ProductStore};

/// Archives a product: it isn't listed and can't be bought, but past orders keep showing it.
#[derive(Clone)]
pub struct ArchiveProduct {
    store: Arc<dyn ProductStore>,
    change: ChangeProduct,
    clock: Arc<dyn Clock>,
}

impl ArchiveProduct {
    pub fn new(store: Arc<dyn ProductStore>, change: ChangeProduct, clock: Arc<dyn Clock>) -> Self {
        Self { store, change, clock }
    }

    /// Twice is fine.
    pub async fn run(&self, id: &ProductId, if_match: &IfMatch) -> Result<(), CatalogueError> {
        retrying(|| async {
            let present = self.store.find(id).await?.ok_or_else(|| CatalogueError::NotFound(id.clone()))?;
            if_match.check(present.version)?;
            if let Some(archived) = present.archived(self.clock.now()) {
                self.change.save(&present, archived).await?;
            }
            Ok(())
        })
        .await
    }
}
