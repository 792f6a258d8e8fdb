//! How the others reach the service.

mod dto;
mod events;
mod http;

pub use events::{OrderEvents, ProductEvents};
pub use http::InventoryApi;
