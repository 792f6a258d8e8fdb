//! The HTTP API.

mod carts;
mod orders;
mod refunds;
mod returns;
mod sales;

pub use carts::CartApi;
pub use orders::OrderApi;
pub use refunds::RefundApi;
pub use returns::ReturnApi;
pub use sales::SalesApi;
