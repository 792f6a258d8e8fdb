//! How the others reach the service.

mod challenge;
mod disputes;
mod dto;
mod events;
mod http;
mod ledger;
mod transactions;
mod wrong;

pub use disputes::DisputeApi;
pub use events::OrderEvents;
pub use http::PaymentApi;
pub use ledger::LedgerApi;
pub use transactions::{TransactionApi, TransactionEvents};
