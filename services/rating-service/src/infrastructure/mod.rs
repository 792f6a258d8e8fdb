//! The ports' adapters: MySQL, and product-service.

mod catalogue;
mod purchases;
mod ratings;
mod read;
mod rows;
mod summaries;

use async_trait::async_trait;
use config::database::{Begin, Db, StoreError};

pub use catalogue::ProductService;

use crate::application::Store;

#[async_trait]
impl Begin<dyn Store> for Db {
    async fn begin(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(self.transaction().await?))
    }
}
