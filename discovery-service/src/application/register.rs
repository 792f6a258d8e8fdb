use uuid::Uuid;

use super::{Registry, RegistryError};
use crate::domain::{Change, Instance, InstanceId, Registration, ServiceName};

impl Registry {
    /// Takes in a new instance.
    pub async fn register(
        &self,
        name: &ServiceName,
        registration: Registration,
    ) -> Result<Instance, RegistryError> {
        let id: InstanceId = Uuid::now_v7().to_string().parse().expect("a UUID is an instance id");
        let instance = self
            .change(name, |roster, now| {
                let instance = roster.register(id.clone(), registration.clone(), now).clone();
                Ok((instance, Change::Notable))
            })
            .await?;
        let address = instance.registration.endpoint.to_string();
        tracing::info!(service = %name, instance_id = %id, address, "{name} came: {address}");
        Ok(instance)
    }
}
