//! The HTTP API.

mod carts;
mod orders;
mod sales;

pub use carts::CartApi;
pub use orders::OrderApi;
pub use sales::SalesApi;
