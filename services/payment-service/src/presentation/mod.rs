//! How the others reach the service.

mod challenge;
mod dto;
mod events;
mod http;

pub use events::OrderEvents;
pub use http::PaymentApi;
