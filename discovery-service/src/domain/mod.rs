//! What a registration is, and how a service's roster changes.

mod instance;
mod registration;
mod roster;

pub use instance::{Instance, InstanceId, Status};
pub use registration::{Endpoint, Metadata, Registration, Rule, ServiceName, Ttl, Version};
pub use roster::{Change, Roster, UnknownInstance};
