//! How the others reach the service.

mod dto;
mod events;
mod http;

pub use events::{PaymentEvents, ProductEvents, ShippingEvents, StockEvents};
pub use http::{CartApi, OrderApi, RefundApi, ReturnApi, SalesApi};
