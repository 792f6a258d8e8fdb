//! How the others reach the service.

mod dto;
mod http;

pub use http::{AccountsApi, AddressesApi, SessionsApi};
