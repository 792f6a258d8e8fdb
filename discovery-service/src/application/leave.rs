use super::{Registry, RegistryError};
use crate::domain::{Change, InstanceId, ServiceName};

impl Registry {
    /// Takes an instance out for good.
    pub async fn leave(&self, name: &ServiceName, id: &InstanceId) -> Result<(), RegistryError> {
        self.change(name, |roster, _| {
            roster.leave(id).map_err(RegistryError::unknown(name, id))?;
            Ok(((), Change::Notable))
        })
        .await?;
        tracing::info!(service = %name, instance_id = %id, "an instance of {name} left");
        Ok(())
    }
}
