//! The HTTP API.

mod carts;
mod orders;
mod returns;
mod sales;

pub use carts::CartApi;
pub use orders::OrderApi;
pub use returns::ReturnApi;
pub use sales::SalesApi;
