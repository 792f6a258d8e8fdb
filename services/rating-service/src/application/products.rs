//! Whether there is such a product.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::id::ProductId;

use super::{Catalogue, RatingError, RatingReader, Store};

/// Knows the catalogue's products from its events, and asks for one that was created a moment ago.
#[derive(Clone)]
pub struct KnownProducts {
    store: Arc<dyn Begin<dyn Store>>,
    ratings: Arc<dyn RatingReader>,
    catalogue: Arc<dyn Catalogue>,
}

impl KnownProducts {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        ratings: Arc<dyn RatingReader>,
        catalogue: Arc<dyn Catalogue>,
    ) -> Self {
        Self { store, ratings, catalogue }
    }

    /// Refuses what the catalogue doesn't have.
    pub async fn require(&self, id: &ProductId) -> Result<(), RatingError> {
        if self.ratings.knows_product(id).await? {
            return Ok(());
        }
        let product = self.catalogue.product(id).await?;
        let product = product.ok_or_else(|| RatingError::NoProduct(id.clone()))?;
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            tx.keep_product(&product).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}
