//! One running process of a service, as the registry knows it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::{Registration, Rule};

/// Names an instance for as long as its process lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceId(String);

impl FromStr for InstanceId {
    type Err = Rule;

    fn from_str(text: &str) -> Result<Self, Rule> {
        match (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            true => Ok(Self(text.to_owned())),
            false => Err(Rule("must be an instance id")),
        }
    }
}

impl InstanceId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

config::names! {
    /// Whether an instance takes requests.
    Status {
        Up = "up",
        /// About to leave: finishes what it has.
        Draining = "draining",
        /// Taken out by an operator; heartbeats don't bring it back.
        OutOfService = "out_of_service",
    }
}

/// One running process of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub id: InstanceId,
    pub registration: Registration,
    pub status: Status,
    pub registered_at: DateTime<Utc>,
    pub last_heartbeat: DateTime<Utc>,
}

impl Instance {
    /// When the lease ends if no heartbeat comes.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.last_heartbeat + self.registration.ttl.duration()
    }

    /// Nobody could send heartbeats while the registry was away, so the lease begins anew at its return.
    pub(super) fn is_expired(&self, now: DateTime<Utc>, attended_since: DateTime<Utc>) -> bool {
        now >= self.expires_at().max(attended_since + self.registration.ttl.duration())
    }
}
