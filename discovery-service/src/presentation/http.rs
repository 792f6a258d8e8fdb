use config::jwt_auth::Internal;
use config::problem::{ApiError, Body, Fields, InvalidFields};
use config::response::{Created, NoContent};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;

use super::dto::{
    InstanceDto, InstancesDto, NewStatusDto, RegisteredDto, RegistrationDto, StandingDto, StatusDto,
};
use super::wait::wait;
use crate::application::{Registry, RegistryError, Since};
use crate::domain::{InstanceId, ServiceName};

/// The registry's HTTP API.
pub struct DiscoveryApi(Registry);

impl DiscoveryApi {
    pub fn new(registry: Registry) -> Self {
        Self(registry)
    }
}

#[OpenApi]
impl DiscoveryApi {
    /// Register an instance
    ///
    /// An older instance at the same address gives way. The lease must be renewed before it ends.
    #[oai(path = "/services/register", method = "post")]
    async fn register(
        &self,
        _caller: Internal,
        body: Body<RegistrationDto>,
    ) -> Result<Created<RegisteredDto>, ApiError> {
        let (name, registration) = body.0.parse()?;
        Ok(Created::new(self.0.register(&name, registration).await?.into()))
    }

    /// Renew a lease
    ///
    /// 404 when the lease has ended or the registry lost it: register again.
    #[oai(path = "/services/:name/:instance_id/heartbeat", method = "put")]
    async fn heartbeat(
        &self,
        _caller: Internal,
        name: Path<String>,
        instance_id: Path<String>,
    ) -> Result<Json<StandingDto>, ApiError> {
        let (name, id) = instance(&name, &instance_id)?;
        Ok(Json(self.0.renew(&name, &id).await?.into()))
    }

    /// Leave the registry
    #[oai(path = "/services/:name/:instance_id", method = "delete")]
    async fn leave(
        &self,
        _caller: Internal,
        name: Path<String>,
        instance_id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let (name, id) = instance(&name, &instance_id)?;
        self.0.leave(&name, &id).await?;
        Ok(NoContent::NoContent)
    }

    /// Say whether an instance takes requests
    #[oai(path = "/services/:name/:instance_id/status", method = "put")]
    async fn set_status(
        &self,
        _caller: Internal,
        name: Path<String>,
        instance_id: Path<String>,
        body: Body<NewStatusDto>,
    ) -> Result<Json<StandingDto>, ApiError> {
        let (name, id) = instance(&name, &instance_id)?;
        Ok(Json(self.0.set_status(&name, &id, body.0.status.into()).await?.into()))
    }

    /// List every instance
    ///
    /// With `index`, the answer comes as soon as the list is another than the one with that index, or when
    /// the wait is over.
    #[oai(path = "/services", method = "get")]
    async fn services(
        &self,
        /// The `index` of the list that is known already.
        index: Query<Option<u64>>,
        /// How long to wait for another, as `30s`; one minute at the most.
        #[oai(name = "wait")]
        time: Query<Option<String>>,
        status: Query<Option<StatusDto>>,
    ) -> Result<Json<InstancesDto>, ApiError> {
        let snapshot = self.0.list(since(index.0, time.0.as_deref())?).await?;
        Ok(Json(InstancesDto::new(&snapshot, None, status.0)))
    }

    /// List the instances of a service
    #[oai(path = "/services/:name", method = "get")]
    async fn service(
        &self,
        name: Path<String>,
        /// The `index` of the list that is known already.
        index: Query<Option<u64>>,
        /// How long to wait for another, as `30s`; one minute at the most.
        #[oai(name = "wait")]
        time: Query<Option<String>>,
        status: Query<Option<StatusDto>>,
    ) -> Result<Json<InstancesDto>, ApiError> {
        let name = known(&name)?;
        let snapshot = self.0.list(since(index.0, time.0.as_deref())?).await?;
        if !snapshot.rosters.contains_key(&name) {
            return Err(RegistryError::UnknownService(name.to_string()).into());
        }
        Ok(Json(InstancesDto::new(&snapshot, Some(&name), status.0)))
    }

    /// Find one instance of a service that takes requests
    #[oai(path = "/services/:name/resolve", method = "get")]
    async fn resolve(&self, name: Path<String>) -> Result<Json<InstanceDto>, ApiError> {
        let name = known(&name)?;
        let (instance, snapshot) = self.0.resolve(&name).await?;
        Ok(Json(InstanceDto::new(&name, &instance, snapshot.now)))
    }
}

/// What can't be a service's name is the name of no service.
fn known(name: &str) -> Result<ServiceName, RegistryError> {
    name.parse().map_err(|_| RegistryError::UnknownService(name.to_owned()))
}

fn instance(name: &str, id: &str) -> Result<(ServiceName, InstanceId), InvalidFields> {
    let mut fields = Fields::default();
    let name = fields.check("name", name.parse());
    let id = fields.check("instance_id", id.parse());
    fields.finish(|| Some((name?, id?)))
}

fn since(index: Option<u64>, time: Option<&str>) -> Result<Option<Since>, InvalidFields> {
    let wait = wait(time)?;
    Ok(index.map(|index| Since { index, wait }))
}
