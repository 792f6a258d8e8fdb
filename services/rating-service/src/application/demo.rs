//! The demonstration's ratings.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::database::{Begin, retrying};
use config::id::{ProductId, UserId};

use super::{RatingError, Store};
use crate::domain::{Content, Summary};

/// What a fictitious buyer thinks.
#[derive(Debug, Clone)]
pub struct DemoRating {
    pub product_id: ProductId,
    pub user_id: UserId,
    pub content: Content,
    pub verified: bool,
    pub created_at: DateTime<Utc>,
}

/// Adds the demonstration's ratings once in a shop's life, but for those that are there: what was changed or deleted
/// since stays changed or deleted.
pub struct LoadDemo {
    store: Arc<dyn Begin<dyn Store>>,
}

impl LoadDemo {
    pub fn new(store: Arc<dyn Begin<dyn Store>>) -> Self {
        Self { store }
    }

    /// How many were added. Of several instances that start at once one does it.
    pub async fn run(&self, demo: &[DemoRating]) -> Result<usize, RatingError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.begin_demo().await? {
                return Ok(0);
            }
            let added = tx.add_demo(demo).await?;
            let mut changes: BTreeMap<&ProductId, [i32; 5]> = BTreeMap::new();
            for (product, stars) in &added {
                let change = changes.entry(product).or_default();
                for (sum, one) in change.iter_mut().zip(Summary::change(None, Some(*stars))) {
                    *sum += one;
                }
            }
            for (product, change) in changes {
                tx.count(product, change).await?;
            }
            tx.commit().await?;
            Ok::<_, RatingError>(added.len())
        })
        .await
    }
}
