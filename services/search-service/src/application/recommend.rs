//! What goes with a product.

use std::collections::HashSet;
use std::sync::Arc;

use config::id::ProductId;

use super::{BoughtTogether, Index, SearchError};
use crate::domain::Product;

/// More than are shown: some of them may not be for sale any more.
const CANDIDATES: usize = 60;

/// A product that goes with another.
#[derive(Debug, Clone)]
pub struct Recommendation {
    pub product: Arc<Product>,
    pub reason: Reason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// In how many orders.
    BoughtTogether(u64),
    Similar,
}

/// Recommends what was bought together with a product, and fills up with what is like it.
pub struct Recommend {
    index: Arc<dyn Index>,
    bought: Arc<dyn BoughtTogether>,
}

impl Recommend {
    pub fn new(index: Arc<dyn Index>, bought: Arc<dyn BoughtTogether>) -> Self {
        Self { index, bought }
    }

    pub async fn run(&self, id: &ProductId, limit: usize) -> Result<Vec<Recommendation>, SearchError> {
        let product = self.index.product(id)?.ok_or_else(|| SearchError::NoSuchProduct(id.clone()))?;
        let bought = self.bought.with(id, CANDIDATES).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "nobody can say what was bought together");
            Vec::new()
        });
        let mut recommended = Vec::with_capacity(limit);
        for (other, orders) in bought {
            if let Some(product) = self.index.product(&other)?.filter(|product| product.id != *id) {
                recommended.push(Recommendation { product, reason: Reason::BoughtTogether(orders) });
            }
        }
        recommended.truncate(limit);
        if recommended.len() < limit {
            let shown: HashSet<ProductId> = recommended.iter().map(|it| it.product.id.clone()).collect();
            let similar = self.index.similar(&product, limit + shown.len())?;
            let new = similar.into_iter().filter(|product| !shown.contains(&product.id));
            recommended.extend(new.map(|product| Recommendation { product, reason: Reason::Similar }));
            recommended.truncate(limit);
        }
        Ok(recommended)
    }
}
