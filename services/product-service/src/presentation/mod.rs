//! How the others reach the service.

mod answer;
mod cache;
mod cursor;
mod demo;
mod dto;
mod events;
mod file;
mod http;
mod import;
mod list;
mod patch;

pub use cache::ShownProducts;
pub use demo::demo_products;
pub use events::{CacheEvents, FigureEvents};
pub use http::ProductApi;
