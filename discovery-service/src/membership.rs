//! Discovery's own place in the registry, without the detour over HTTP.

use std::time::Duration;

use config::BoxError;
use config::service::{Service as _, ServiceSettings};
use tokio_util::sync::CancellationToken;

use crate::Discovery;
use crate::application::{Registry, RegistryError};
use crate::domain::{Endpoint, InstanceId, Metadata, Registration, ServiceName, Ttl};

const HEARTBEAT: Duration = Duration::from_secs(5);

/// `None` on a port that nobody could know beforehand: who asks the registry knows its address already, so
/// such an instance is for tests.
pub(crate) async fn of(settings: &ServiceSettings) -> Option<Registration> {
    let host = settings.advertised_host(settings.host).await;
    Some(Registration {
        endpoint: Endpoint::new(&host, settings.port.into()).ok()?,
        version: Discovery::VERSION.parse().ok()?,
        metadata: Metadata::default(),
        ttl: Ttl::DEFAULT,
    })
}

pub(crate) async fn keep(
    registry: Registry,
    me: Registration,
    shutdown: CancellationToken,
) -> Result<(), BoxError> {
    let name: ServiceName = Discovery::NAME.parse()?;
    let mut id = None;
    while !shutdown.is_cancelled() {
        match renew(&registry, &name, &me, id.as_ref()).await {
            Ok(renewed) => id = Some(renewed),
            Err(RegistryError::UnknownInstance { .. }) => {
                id = None;
                continue;
            }
            Err(error) => tracing::debug!(%error, "could not renew the own lease"),
        }
        let _ = tokio::time::timeout(HEARTBEAT, shutdown.cancelled()).await;
    }
    if let Some(id) = id
        && let Err(error) = registry.leave(&name, &id).await
    {
        tracing::warn!(%error, "could not leave the registry; the lease will run out");
    }
    Ok(())
}

async fn renew(
    registry: &Registry,
    name: &ServiceName,
    me: &Registration,
    id: Option<&InstanceId>,
) -> Result<InstanceId, RegistryError> {
    let instance = match id {
        Some(id) => registry.renew(name, id).await?,
        None => registry.register(name, me.clone()).await?,
    };
    Ok(instance.id)
}
