//! Following what the catalogue and the stock keeper say of products. Both tell their versions, and only what is
//! newer counts: a message may come twice, or late, and needs no inbox.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::id::ProductId;
use config::money::Money;

use super::{FavouriteError, Store};

/// A product, as the catalogue tells it.
#[derive(Debug, Clone)]
pub struct CatalogueFacts {
    pub id: ProductId,
    pub name: String,
    pub price: Money,
    pub active: bool,
    pub version: u64,
    /// The stock as shown, and the stock keeper's version of it.
    pub stock: u64,
    pub stock_version: u64,
}

/// Keeps what is known of products; where that is news to those who wish them, a round begins.
#[derive(Clone)]
pub struct FollowProduct {
    store: Arc<dyn Begin<dyn Store>>,
}

impl FollowProduct {
    pub fn new(store: Arc<dyn Begin<dyn Store>>) -> Self {
        Self { store }
    }

    pub async fn catalogue(&self, facts: &CatalogueFacts) -> Result<(), FavouriteError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let mut product = tx.product_for_update(&facts.id).await?;
            let cheaper = product.learn(&facts.name, facts.price, facts.active, facts.version);
            let is_back = product.stock(facts.stock, facts.stock_version);
            tx.save_product(&product).await?;
            if cheaper || is_back {
                tx.begin_round(&facts.id).await?;
            }
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    pub async fn stock(&self, id: &ProductId, available: u64, version: u64) -> Result<(), FavouriteError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let mut product = tx.product_for_update(id).await?;
            if product.stock(available, version) {
                tx.begin_round(id).await?;
            }
            tx.save_product(&product).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}
