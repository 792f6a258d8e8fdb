//! The databases: MySQL with the unit of work, MongoDB, Redis.
//!
//! A service adds its repositories to the transaction itself:
//!
//! ```
//! use async_trait::async_trait;
//! use config::database::{Begin, Db, StoreError, Tx, UnitOfWork};
//!
//! // application/ports.rs
//! #[async_trait]
//! pub trait Rates: Send {
//!     async fn rate(&mut self, country: &str) -> Result<Option<i64>, StoreError>;
//! }
//! pub trait Store: UnitOfWork + Rates {}
//! impl<T: UnitOfWork + Rates> Store for T {}
//!
//! // infrastructure/mysql.rs
//! #[async_trait]
//! impl Rates for Tx {
//!     async fn rate(&mut self, country: &str) -> Result<Option<i64>, StoreError> {
//!         let rate = sqlx::query_scalar("SELECT rate FROM rates WHERE country = ?")
//!             .bind(country)
//!             .fetch_optional(self.connection())
//!             .await?;
//!         Ok(rate)
//!     }
//! }
//! #[async_trait]
//! impl Begin<dyn Store> for Db {
//!     async fn begin(&self) -> Result<Box<dyn Store>, StoreError> {
//!         Ok(Box::new(self.transaction().await?))
//!     }
//! }
//! ```

mod batch;
mod error;
mod group;
mod list;
mod maintenance;
mod mongo;
mod mysql;
mod pool;
mod redis;
mod shape;
mod stored;
mod unit_of_work;
mod wait;

pub(crate) use batch::Batch;
pub use error::{StoreError, retrying};
pub use group::{GroupCommit, Submitted, WriteGroup};
pub use list::First;
pub use maintenance::Retention;
pub(crate) use maintenance::forget_old;
pub use mongo::{MongoSettings, connect as connect_mongo, mongo_readiness};
pub use mysql::{Db, MySqlSettings, Tx, migrator};
use pool::PoolUse;
pub use redis::{RedisSettings, connect as connect_redis};
pub use shape::{padded, push_list};
pub use stored::stored;
pub use unit_of_work::{Begin, UnitOfWork};
pub(crate) use wait::until_up;
