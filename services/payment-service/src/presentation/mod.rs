//! How the others reach the service.

mod challenge;
mod dto;
mod events;
mod http;
mod transactions;

pub use events::OrderEvents;
pub use http::PaymentApi;
pub use transactions::{TransactionApi, TransactionEvents};
