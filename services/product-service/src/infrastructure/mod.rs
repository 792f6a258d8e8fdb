//! The ports' adapters: MongoDB, and the service that keeps stock.

mod catalogue;
mod document;
mod mongo;
mod outbox;
mod stock;

pub use mongo::MongoProducts;
pub use stock::InventoryService;
