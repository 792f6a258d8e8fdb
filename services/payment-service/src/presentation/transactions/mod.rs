//! How the others reach transactions.

mod dto;
mod events;
mod http;
mod request;

pub use events::TransactionEvents;
pub use http::TransactionApi;
