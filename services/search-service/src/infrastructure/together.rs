//! What was bought together: for each product a sorted set of the others, by the number of orders.

use async_trait::async_trait;
use config::database::{StoreError, stored};
use config::id::ProductId;
use redis::aio::ConnectionManager;
use redis::{AsyncCommands as _, Script};

use crate::application::BoughtTogether;

/// Longer than any message is delivered again.
const MARK_SECONDS: u64 = 30 * 24 * 60 * 60;
/// Others that are remembered for each product.
const KEPT: u64 = 200;

pub struct RedisBoughtTogether {
    connection: ConnectionManager,
    learn: Script,
}

impl RedisBoughtTogether {
    pub fn new(connection: ConnectionManager) -> Self {
        Self { connection, learn: Script::new(include_str!("scripts/together.lua")) }
    }
}

#[async_trait]
impl BoughtTogether for RedisBoughtTogether {
    async fn learn(&self, order: u64, products: &[ProductId]) -> Result<(), StoreError> {
        let mut learn = self.learn.prepare_invoke();
        learn.key(format!("search:learnt:{order}")).arg(MARK_SECONDS).arg(KEPT);
        for product in products {
            learn.key(key(product)).arg(product.as_str());
        }
        Ok(learn.invoke_async(&mut self.connection.clone()).await?)
    }

    async fn with(&self, product: &ProductId, limit: usize) -> Result<Vec<(ProductId, u64)>, StoreError> {
        let last = isize::try_from(limit).unwrap_or(isize::MAX) - 1;
        let found: Vec<(String, f64)> =
            self.connection.clone().zrevrange_withscores(key(product), 0, last).await?;
        let pair = |(id, orders): (String, f64)| Ok((stored(&id)?, orders as u64));
        found.into_iter().map(pair).collect()
    }
}

fn key(product: &ProductId) -> String {
    format!("search:together:{product}")
}
