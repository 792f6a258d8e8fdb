//! The list of voided access tokens, in Redis.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::StoreError;
use config::id::UserId;
use config::jwt_auth::revoke;
use redis::aio::ConnectionManager;

use crate::application::RevocationList;

/// The list that every service follows.
pub struct RedisRevocationList(ConnectionManager);

impl RedisRevocationList {
    pub fn new(redis: ConnectionManager) -> Self {
        Self(redis)
    }
}

#[async_trait]
impl RevocationList for RedisRevocationList {
    async fn void(&self, user: UserId, until: DateTime<Utc>) -> Result<(), StoreError> {
        Ok(revoke(&mut self.0.clone(), user, until).await?)
    }
}
