use super::{Registry, RegistryError};
use crate::domain::{Change, Instance, InstanceId, ServiceName};

impl Registry {
    /// Renews an instance's lease.
    pub async fn renew(&self, name: &ServiceName, id: &InstanceId) -> Result<Instance, RegistryError> {
        self.change(name, |roster, now| {
            let instance = roster.heartbeat(id, now).map_err(RegistryError::unknown(name, id))?;
            Ok((instance.clone(), Change::Quiet))
        })
        .await
    }
}
