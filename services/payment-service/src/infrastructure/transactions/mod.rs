//! Transactions in MySQL.

mod files;
mod read;
mod rows;
mod write;

use async_trait::async_trait;
use config::database::{Begin, Db, StoreError};

pub use files::{Folder, Record};

use crate::application::transactions::TransactionStore;

#[async_trait]
impl Begin<dyn TransactionStore> for Db {
    async fn begin(&self) -> Result<Box<dyn TransactionStore>, StoreError> {
        Ok(Box::new(self.transaction().await?))
    }
}
