//! Hearing what others tell.

use std::collections::BTreeSet;
use std::sync::Arc;

use config::database::StoreError;
use config::id::ProductId;

use super::{BoughtTogether, Change, Index};

/// Products of one order that are looked at: all pairs of them are counted.
const MOST: usize = 30;

/// Keeps this instance's index up with the catalogue.
#[derive(Clone)]
pub struct FollowCatalogue(Arc<dyn Index>);

impl FollowCatalogue {
    pub fn new(index: Arc<dyn Index>) -> Self {
        Self(index)
    }

    pub fn run(&self, change: Change) {
        self.0.apply(change);
    }
}

/// Learns from paid orders what goes together.
pub struct LearnFromOrders(Arc<dyn BoughtTogether>);

impl LearnFromOrders {
    pub fn new(bought: Arc<dyn BoughtTogether>) -> Self {
        Self(bought)
    }

    pub async fn run(&self, order: u64, products: BTreeSet<ProductId>) -> Result<(), StoreError> {
        let products: Vec<ProductId> = products.into_iter().take(MOST).collect();
        if products.len() < 2 {
            return Ok(());
        }
        self.0.learn(order, &products).await
    }
}
