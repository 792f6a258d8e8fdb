//! The ports' adapters: MySQL, product-service and order-service.

mod lists;
mod peers;
mod products;
mod read;
mod rows;
mod wishes;

use async_trait::async_trait;
use config::database::{Begin, Db, StoreError};

pub use peers::{CartService, ProductService};

use crate::application::Store;

#[async_trait]
impl Begin<dyn Store> for Db {
    async fn begin(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(self.transaction().await?))
    }
}
