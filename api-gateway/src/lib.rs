//! The gateway's agent: runs Nginx and keeps its upstreams equal to the registry.

pub mod agent;
mod files;
mod health;
mod http;
mod nginx;
mod refusals;
mod seen;
mod settings;
mod state;
mod upkeep;
mod upstreams;

pub use settings::GatewaySettings;
