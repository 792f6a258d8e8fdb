//! The ports' adapters: MySQL, and order-service.

mod methods;
mod orders;
mod read;
mod retention;
mod rows;
mod shipments;

use async_trait::async_trait;
use config::database::{Begin, Db, StoreError};

use crate::application::Store;

pub use orders::OrderService;
pub use retention::FORGOTTEN;

#[async_trait]
impl Begin<dyn Store> for Db {
    async fn begin(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(self.transaction().await?))
    }
}
