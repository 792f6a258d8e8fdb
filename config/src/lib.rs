//! What every service of the shop shares, and nothing of any one domain.
//!
//! A service says what it is by implementing [`service::Service`]; [`service::run`] does everything else.

pub mod clock;
pub mod database;
pub mod id;
pub mod idempotency;
pub mod jwt_auth;
pub mod kafka;
pub mod money;
pub mod names;
pub mod page;
pub mod place;
pub mod problem;
pub mod registry;
pub mod response;
pub mod service;
pub mod settings;
pub mod telemetry;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;

/// Any error, where only its words matter.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
