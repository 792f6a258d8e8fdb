use super::{Registry, RegistryError};
use crate::domain::{Instance, InstanceId, ServiceName, Status};

impl Registry {
    /// Says whether an instance takes requests: a draining one for itself, an operator for any.
    pub async fn set_status(
        &self,
        name: &ServiceName,
        id: &InstanceId,
        status: Status,
    ) -> Result<Instance, RegistryError> {
        let instance = self
            .change(name, |roster, _| {
                let (instance, change) =
                    roster.set_status(id, status).map_err(RegistryError::unknown(name, id))?;
                Ok((instance.clone(), change))
            })
            .await?;
        tracing::info!(service = %name, instance_id = %id, ?status, "an instance of {name} is {status:?}");
        Ok(instance)
    }
}
