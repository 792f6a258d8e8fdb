//! How the others reach the service.

mod dto;
mod events;
mod http;

pub use events::{OrderEvents, ProductEvents, ShippingEvents};
pub use http::InventoryApi;
