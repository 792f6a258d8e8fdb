use std::time::Duration;

use rand::seq::IteratorRandom;
use tokio::time::{Instant, timeout_at};

use super::ports::Snapshot;
use super::{Registry, RegistryError};
use crate::domain::{Instance, ServiceName, Status};

/// What a long poll has seen already, and how long it waits for more.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    pub index: u64,
    pub wait: Duration,
}

impl Registry {
    /// Everything; for a long poll as soon as it differs from what was seen, also when the index went back.
    pub async fn list(&self, since: Option<Since>) -> Result<Snapshot, RegistryError> {
        let mut notices = self.notices.listen();
        let deadline = since.map(|since| Instant::now() + since.wait);
        loop {
            // Before the read, so that a change right after it is heard.
            let open = notices.listen_afresh();
            let snapshot = self.store.snapshot().await?;
            let seen = since.is_some_and(|since| since.index == snapshot.index);
            match deadline {
                Some(deadline) if seen && open && Instant::now() < deadline => {
                    // The time being up is no error: the answer is the same list again.
                    let _ = timeout_at(deadline, notices.news()).await;
                }
                _ => return Ok(snapshot),
            }
        }
    }

    /// One instance that takes requests, any.
    pub async fn resolve(&self, name: &ServiceName) -> Result<(Instance, Snapshot), RegistryError> {
        let snapshot = self.store.snapshot().await?;
        let roster = snapshot.rosters.get(name);
        let instances = roster.ok_or_else(|| RegistryError::UnknownService(name.to_string()))?.instances();
        let up = instances.iter().filter(|it| it.status == Status::Up).choose(&mut rand::rng());
        let instance = up.cloned().ok_or_else(|| RegistryError::NobodyUp(name.clone()))?;
        Ok((instance, snapshot))
    }
}
