//! Following what the catalogue and the stock keeper say of products. Both tell their versions, and only what is
//! newer counts: a message may come twice, or late, and needs no inbox.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use config::database::{Begin, retrying};
use config::id::ProductId;
use config::money::Money;

use super::{FavouriteError, Store};
use crate::domain::Product;

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

/// How much there is of a product, as the stock keeper tells it.
#[derive(Debug, Clone)]
pub struct StockLevel {
    pub id: ProductId,
    pub available: u64,
    /// Reserved or not; `None` of messages from before it was read.
    pub on_hand: Option<u64>,
    pub version: u64,
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
            let mut products = tx.products_for_update(&BTreeSet::from([&facts.id])).await?;
            let product = known(&mut products, &facts.id);
            let cheaper = product.learn(&facts.name, facts.price, facts.active, facts.version);
            product.stock_as_shown(facts.stock, facts.stock_version);
            tx.save_products(&[&*product]).await?;
            if cheaper {
                tx.begin_round(&facts.id).await?;
            }
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    /// What was told in a row, in one transaction.
    pub async fn stock(&self, levels: &[StockLevel]) -> Result<(), FavouriteError> {
        let ids: BTreeSet<&ProductId> = levels.iter().map(|level| &level.id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let mut products = tx.products_for_update(&ids).await?;
            let mut back = BTreeSet::new();
            for StockLevel { id, available, on_hand, version } in levels {
                let product = known(&mut products, id);
                if product.stock(*available, *on_hand, *version) {
                    back.insert(id);
                }
            }
            tx.save_products(&products.values().collect::<Vec<_>>()).await?;
            for id in back {
                tx.begin_round(id).await?;
            }
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}

fn known<'a>(products: &'a mut BTreeMap<ProductId, Product>, id: &ProductId) -> &'a mut Product {
    products.entry(id.clone()).or_insert_with(|| Product::unknown(id.clone()))
}
