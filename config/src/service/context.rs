//! What a service is given to put itself together.

use std::sync::Arc;

use redis::aio::ConnectionManager;
use tokio_util::sync::CancellationToken;

use super::ServiceSettings;
use crate::clock::Clock;
use crate::database::Db;
use crate::idempotency::Idempotency;
use crate::registry::Registry;

/// A server that a service can't work without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependency {
    MySql,
    Redis,
    Kafka,
}

/// Everything that is connected before a service is wired.
pub struct Context<S> {
    pub service: ServiceSettings,
    pub settings: S,
    pub registry: Registry,
    pub clock: Arc<dyn Clock>,
    /// Cancelled when no more requests are taken: answers that would go on for long (streams, long polls)
    /// must end.
    pub closing: CancellationToken,
    pub(crate) mysql: Option<Db>,
    pub(crate) redis: Option<ConnectionManager>,
}

impl<S> Context<S> {
    /// # Panics
    /// When the service's `NEEDS` doesn't name MySQL.
    pub fn mysql(&self) -> &Db {
        self.mysql.as_ref().expect("NEEDS names MySql")
    }

    /// # Panics
    /// When the service's `NEEDS` doesn't name Redis.
    pub fn redis(&self) -> ConnectionManager {
        self.redis.clone().expect("NEEDS names Redis")
    }

    /// Idempotency keys in this service's MySQL.
    pub fn idempotency(&self) -> Idempotency {
        Idempotency::new(self.mysql().clone())
    }
}
