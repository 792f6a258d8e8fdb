//! The ports' adapters: MySQL, Redis, and the other services.

mod carts;
mod catalogue;
mod orders;
mod promotions;
mod read;
mod returns;
mod rows;
mod sales;
mod shipping;
mod stock;
mod taxes;

use async_trait::async_trait;
use config::database::{Begin, Db, StoreError};

pub use carts::RedisCarts;
pub use catalogue::CatalogueCache;
pub use promotions::PromotionService;
pub use shipping::ShippingService;
pub use stock::InventoryService;
pub use taxes::TaxService;

use crate::application::Store;

#[async_trait]
impl Begin<dyn Store> for Db {
    async fn begin(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(self.transaction().await?))
    }
}
