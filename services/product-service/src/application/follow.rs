//! Figures that other services know about products.

use std::sync::Arc;

use config::database::StoreError;
use config::id::ProductId;

use super::{ProductCache, ProductStore};
use crate::domain::Figure;

/// Keeps the shown stock and rating up with inventory-service's and rating-service's. A figure carries its
/// version, so that a message needn't be remembered to act once.
pub struct FollowFigures {
    store: Arc<dyn ProductStore>,
    cache: Arc<dyn ProductCache>,
}

impl FollowFigures {
    pub fn new(store: Arc<dyn ProductStore>, cache: Arc<dyn ProductCache>) -> Self {
        Self { store, cache }
    }

    pub async fn run(&self, id: &ProductId, figure: Figure) -> Result<(), StoreError> {
        self.store.follow(id, figure).await?;
        self.cache.follow(id, figure).await;
        Ok(())
    }
}
