//! The ports' adapters: MySQL, order-service, the payment providers.

mod cash;
mod disputes;
mod ledger;
mod orders;
mod payments;
mod read;
mod retention;
mod rows;
mod signature;
mod simulator;
mod stripe;
mod transactions;

use async_trait::async_trait;
use config::database::{Begin, Db, StoreError};

pub use cash::Cash;
pub use orders::OrderService;
pub use retention::FORGOTTEN;
pub use simulator::{Simulator, SimulatorSettings};
pub use stripe::{Stripe, StripeSettings};
pub use transactions::{Folder, Record};

use crate::application::Store;

#[async_trait]
impl Begin<dyn Store> for Db {
    async fn begin(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(self.transaction().await?))
    }
}
