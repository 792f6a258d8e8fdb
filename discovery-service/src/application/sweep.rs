use super::{Registry, RegistryError};
use crate::domain::Change;

impl Registry {
    /// Takes out the instances whose leases have ended. Every replica does it each second: the first one to
    /// find an ended lease ends it, for the others there is nothing left to do.
    pub async fn sweep(&self) -> Result<(), RegistryError> {
        let attendance = self.store.attend().await?;
        let snapshot = self.store.snapshot().await?;
        // Watchers hear of a change within a second even when the notice of it was lost.
        self.notices.announce(snapshot.index);
        for (name, mut roster) in snapshot.rosters {
            if roster.expire(attendance.now, attendance.since).is_empty() {
                continue;
            }
            let expired = self
                .change(&name, |roster, now| {
                    let expired = roster.expire(now, attendance.since);
                    let change = if expired.is_empty() { Change::None } else { Change::Notable };
                    Ok((expired, change))
                })
                .await?;
            for instance in expired {
                let address = instance.registration.endpoint.to_string();
                tracing::warn!(service = %name, instance_id = %instance.id, address,
                    "{name} at {address} went without a word: its lease ended");
            }
        }
        Ok(())
    }
}
