//! The ports' adapters: MongoDB.

mod catalogue;
mod document;
mod mongo;
mod outbox;

pub use mongo::MongoProducts;
