//! The ports' adapters: MySQL, order-service, the simulated provider.

mod orders;
mod payments;
mod read;
mod rows;
mod simulator;
mod transactions;

use async_trait::async_trait;
use config::database::{Begin, Db, StoreError};

pub use orders::OrderService;
pub use simulator::{Simulator, SimulatorSettings};
pub use transactions::{Folder, Record};

use crate::application::Store;

#[async_trait]
impl Begin<dyn Store> for Db {
    async fn begin(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(self.transaction().await?))
    }
}
