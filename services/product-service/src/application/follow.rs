//! Figures that other services know about products.

use std::collections::HashMap;
use std::mem::discriminant;
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

    pub async fn run(
        &self,
        figures: impl IntoIterator<Item = (ProductId, Figure)> + Send,
    ) -> Result<(), StoreError> {
        // Of what is told of a product the newest is enough.
        let mut newest = HashMap::new();
        for (id, figure) in figures {
            let kept = newest.entry((id, discriminant(&figure))).or_insert(figure);
            if kept.version() < figure.version() {
                *kept = figure;
            }
        }
        let newest: Vec<_> = newest.into_iter().map(|((id, _), figure)| (id, figure)).collect();
        if newest.is_empty() {
            return Ok(());
        }
        self.store.follow(&newest).await?;
        for (id, figure) in &newest {
            self.cache.follow(id, *figure).await;
        }
        Ok(())
    }
}
