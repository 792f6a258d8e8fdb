//! The ports' adapters: MySQL.

mod read;
mod reservations;
mod retention;
mod rows;
mod stock;

use async_trait::async_trait;
use config::database::{Begin, Db, StoreError};

pub use retention::FORGOTTEN;

use crate::application::Store;

#[async_trait]
impl Begin<dyn Store> for Db {
    async fn begin(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(self.transaction().await?))
    }
}
