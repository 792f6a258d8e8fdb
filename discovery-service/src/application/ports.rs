//! Where the registry is kept.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::StoreError;

use crate::domain::{Roster, ServiceName};

/// The rosters, shared by all replicas of discovery. Times are the store's, so that replicas agree on them.
#[async_trait]
pub trait Rosters: Send + Sync {
    /// One service's roster; empty when nobody registered.
    async fn load(&self, name: &ServiceName) -> Result<Loaded, StoreError>;

    /// Writes the roster if nobody else did since it was loaded, and tells all replicas if watchers must
    /// hear of it. `false`: somebody else was faster, load again.
    async fn replace(
        &self,
        name: &ServiceName,
        seen: &Stamp,
        roster: &Roster,
        notable: bool,
    ) -> Result<bool, StoreError>;

    /// Everything at one moment.
    async fn snapshot(&self) -> Result<Snapshot, StoreError>;

    /// Says that discovery is at work. After a break, or with an empty store, the time of recovery begins;
    /// when it ends, watchers hear of it.
    async fn attend(&self) -> Result<Attendance, StoreError>;
}

/// A roster as it was loaded.
pub struct Loaded {
    pub roster: Roster,
    pub stamp: Stamp,
    pub now: DateTime<Utc>,
}

/// Recognises the stored state that a roster was read from.
pub struct Stamp(pub String);

/// Everything at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Grows with each change that watchers must hear of.
    pub index: u64,
    /// Instances may be missing: who watches must not forget anybody because of this answer.
    pub recovering: bool,
    pub now: DateTime<Utc>,
    pub rosters: BTreeMap<ServiceName, Roster>,
}

/// Discovery at work.
#[derive(Debug, Clone, Copy)]
pub struct Attendance {
    pub now: DateTime<Utc>,
    /// From when on heartbeats could be received without a break.
    pub since: DateTime<Utc>,
}
