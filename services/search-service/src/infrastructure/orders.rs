//! Orders to reindex: a number in Redis that every instance looks at. One that was away or restarts can't miss it.

use async_trait::async_trait;
use config::database::StoreError;
use redis::AsyncCommands as _;
use redis::aio::ConnectionManager;

use crate::application::ReindexOrders;

const KEY: &str = "search:reindex";

pub struct RedisOrders(ConnectionManager);

impl RedisOrders {
    pub fn new(connection: ConnectionManager) -> Self {
        Self(connection)
    }
}

#[async_trait]
impl ReindexOrders for RedisOrders {
    async fn give(&self, number: u64) -> Result<(), StoreError> {
        Ok(self.0.clone().set(KEY, number).await?)
    }

    async fn last(&self) -> Result<u64, StoreError> {
        Ok(self.0.clone().get::<_, Option<u64>>(KEY).await?.unwrap_or(0))
    }
}
