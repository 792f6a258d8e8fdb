//! What goes over the wire.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use config::problem::{Fields, InvalidFields};
use poem_openapi::{Enum, Object};

use crate::application::ports::Snapshot;
use crate::domain::{self, Endpoint, Metadata, Registration, ServiceName, Ttl};

/// What an instance says of itself when it comes.
#[derive(Object)]
pub struct RegistrationDto {
    /// The service's name in kebab-case, 64 characters at the most.
    name: String,
    /// Where others reach the instance: a host name or an IP address.
    host: String,
    port: i64,
    version: String,
    #[oai(default)]
    metadata: BTreeMap<String, String>,
    /// How long the lease lasts without a heartbeat: 5 to 300, 15 if not given.
    ttl_seconds: Option<i64>,
}

impl RegistrationDto {
    pub fn parse(self) -> Result<(ServiceName, Registration), InvalidFields> {
        let mut fields = Fields::default();
        let name = fields.check("name", self.name.parse());
        let host = fields.check("host", Endpoint::host(&self.host)).is_some();
        let port = fields.check("port", Endpoint::port(self.port)).is_some();
        let version = fields.check("version", self.version.parse());
        let metadata = fields.check("metadata", Metadata::new(self.metadata));
        let ttl = fields.check("ttl_seconds", self.ttl_seconds.map_or(Ok(Ttl::DEFAULT), Ttl::from_seconds));
        let endpoint = if host && port { Endpoint::new(&self.host, self.port).ok() } else { None };
        fields.finish(|| {
            let registration =
                Registration { endpoint: endpoint?, version: version?, metadata: metadata?, ttl: ttl? };
            Some((name?, registration))
        })
    }
}

/// Whether an instance takes requests.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[oai(rename_all = "snake_case")]
pub enum StatusDto {
    Up,
    /// About to leave: finishes what it has.
    Draining,
    /// Taken out by an operator; heartbeats don't bring it back.
    OutOfService,
}

impl From<StatusDto> for domain::Status {
    fn from(status: StatusDto) -> Self {
        match status {
            StatusDto::Up => Self::Up,
            StatusDto::Draining => Self::Draining,
            StatusDto::OutOfService => Self::OutOfService,
        }
    }
}

impl From<domain::Status> for StatusDto {
    fn from(status: domain::Status) -> Self {
        match status {
            domain::Status::Up => Self::Up,
            domain::Status::Draining => Self::Draining,
            domain::Status::OutOfService => Self::OutOfService,
        }
    }
}

#[derive(Object)]
pub struct NewStatusDto {
    pub status: StatusDto,
}

/// The right to be listed until its end.
#[derive(Object)]
pub struct LeaseDto {
    ttl_seconds: u16,
    expires_at: DateTime<Utc>,
}

impl From<&domain::Instance> for LeaseDto {
    fn from(instance: &domain::Instance) -> Self {
        Self { ttl_seconds: instance.registration.ttl.seconds(), expires_at: instance.expires_at() }
    }
}

#[derive(Object)]
pub struct RegisteredDto {
    instance_id: String,
    lease: LeaseDto,
}

impl From<domain::Instance> for RegisteredDto {
    fn from(instance: domain::Instance) -> Self {
        Self { instance_id: instance.id.to_string(), lease: (&instance).into() }
    }
}

/// What the registry holds of an instance after a change.
#[derive(Object)]
pub struct StandingDto {
    status: StatusDto,
    lease: LeaseDto,
}

impl From<domain::Instance> for StandingDto {
    fn from(instance: domain::Instance) -> Self {
        Self { status: instance.status.into(), lease: (&instance).into() }
    }
}

/// One running process of a service.
#[derive(Object)]
pub struct InstanceDto {
    name: String,
    instance_id: String,
    host: String,
    port: u16,
    /// `host:port`
    address: String,
    version: String,
    pub status: StatusDto,
    metadata: BTreeMap<String, String>,
    registered_at: DateTime<Utc>,
    uptime_seconds: i64,
    last_heartbeat: DateTime<Utc>,
    lease: LeaseDto,
}

impl InstanceDto {
    pub fn new(name: &ServiceName, instance: &domain::Instance, now: DateTime<Utc>) -> Self {
        let (host, port) = instance.registration.endpoint.parts();
        Self {
            name: name.to_string(),
            instance_id: instance.id.to_string(),
            host: host.to_owned(),
            port,
            address: instance.registration.endpoint.to_string(),
            version: instance.registration.version.as_str().to_owned(),
            status: instance.status.into(),
            metadata: instance.registration.metadata.entries().clone(),
            registered_at: instance.registered_at,
            uptime_seconds: (now - instance.registered_at).num_seconds().max(0),
            last_heartbeat: instance.last_heartbeat,
            lease: instance.into(),
        }
    }
}

/// Instances at one moment.
#[derive(Object)]
pub struct InstancesDto {
    /// Grows with each change; to be given back as `index` to wait for the next one.
    index: u64,
    /// The registry lost sight of some instances and waits for them to report: treat none as gone that is
    /// missing here.
    recovering: bool,
    pub items: Vec<InstanceDto>,
    count: usize,
    total: usize,
    /// The list is never cut, so there is never a next page.
    next_cursor: Option<String>,
}

impl InstancesDto {
    /// Those of one service or of all, with any status or with this one.
    pub fn new(snapshot: &Snapshot, of: Option<&ServiceName>, status: Option<StatusDto>) -> Self {
        let rosters = snapshot.rosters.iter().filter(|(name, _)| of.is_none_or(|of| of == *name));
        let all = rosters.flat_map(|(name, roster)| {
            roster.instances().iter().map(move |it| InstanceDto::new(name, it, snapshot.now))
        });
        let items: Vec<_> = all.filter(|it| status.is_none_or(|status| it.status == status)).collect();
        Self {
            index: snapshot.index,
            recovering: snapshot.recovering,
            count: items.len(),
            total: items.len(),
            items,
            next_cursor: None,
        }
    }
}
