//! The ports' adapters: MySQL.

mod exemptions;
mod rates;
mod read;
mod rows;

use async_trait::async_trait;
use config::database::{Begin, Db, StoreError};

use crate::application::Store;

#[async_trait]
impl Begin<dyn Store> for Db {
    async fn begin(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(self.transaction().await?))
    }
}
