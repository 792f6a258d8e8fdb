//! HTTP and events.

mod cursor;
mod dto;
mod events;
mod given;
mod http;
mod parameters;
mod render;

pub use events::{CatalogueEvents, OrderEvents};
pub use http::SearchApi;
