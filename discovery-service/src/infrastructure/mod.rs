//! Where the registry is kept, and how replicas hear of changes.

mod notices;
mod record;
mod redis;

pub use self::notices::follow_changes;
pub use self::redis::RedisRosters;
