//! The registry over HTTP.

mod dto;
mod http;
mod wait;

pub use http::DiscoveryApi;
