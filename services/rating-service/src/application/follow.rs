//! Following orders and the catalogue. Both tell their versions, and only what is newer counts: a message may come
//! twice, or late, and needs no inbox.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::id::{ProductId, UserId};

use super::{Product, RatingError, Store};

/// An order, as far as ratings are concerned.
#[derive(Debug, Clone)]
pub struct OrderSnapshot {
    pub order_id: u64,
    pub user_id: UserId,
    /// Sorted: rows are locked in one order.
    pub products: Vec<ProductId>,
    /// Paid, and neither cancelled nor refunded since.
    pub bought: bool,
    pub version: u64,
}

/// Marks ratings by who has bought what.
pub struct FollowOrder {
    store: Arc<dyn Begin<dyn Store>>,
}

impl FollowOrder {
    pub fn new(store: Arc<dyn Begin<dyn Store>>) -> Self {
        Self { store }
    }

    pub async fn run(&self, order: &OrderSnapshot) -> Result<(), RatingError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            for product in &order.products {
                tx.note_purchase(order.user_id, product, order.order_id, order.bought, order.version).await?;
                tx.verify(order.user_id, product).await?;
            }
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}

/// Keeps the products that ratings may be of.
pub struct FollowProduct {
    store: Arc<dyn Begin<dyn Store>>,
}

impl FollowProduct {
    pub fn new(store: Arc<dyn Begin<dyn Store>>) -> Self {
        Self { store }
    }

    pub async fn run(&self, product: &Product) -> Result<(), RatingError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            tx.keep_product(product).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}
