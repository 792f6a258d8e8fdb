//! The HTTP API.

mod accounts;
mod addresses;
mod client;
mod form;
mod sessions;

pub use accounts::AccountsApi;
pub use addresses::AddressesApi;
pub use sessions::SessionsApi;
