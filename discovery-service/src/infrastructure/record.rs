//! A roster as it stands in Redis: a JSON array, made to be read by operators too.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{Endpoint, Instance, Metadata, Registration, Roster, Status, Ttl};

#[derive(Serialize, Deserialize)]
struct Record {
    instance_id: String,
    host: String,
    port: u16,
    version: String,
    status: StatusRecord,
    metadata: BTreeMap<String, String>,
    ttl_seconds: u16,
    registered_at: DateTime<Utc>,
    last_heartbeat: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StatusRecord {
    Up,
    Draining,
    OutOfService,
}

/// Nothing for an empty roster: its key is deleted.
pub(super) fn write(roster: &Roster) -> Result<String, serde_json::Error> {
    if roster.is_empty() {
        return Ok(String::new());
    }
    serde_json::to_string(&roster.instances().iter().map(Record::from).collect::<Vec<_>>())
}

pub(super) fn read(text: &str) -> Result<Roster, Box<dyn std::error::Error + Send + Sync>> {
    if text.is_empty() {
        return Ok(Roster::default());
    }
    let records: Vec<Record> = serde_json::from_str(text)?;
    Ok(Roster::new(records.into_iter().map(Instance::try_from).collect::<Result<_, _>>()?))
}

impl From<&Instance> for Record {
    fn from(instance: &Instance) -> Self {
        let Registration { endpoint, version, metadata, ttl } = &instance.registration;
        let (host, port) = endpoint.parts();
        Self {
            instance_id: instance.id.to_string(),
            host: host.to_owned(),
            port,
            version: version.as_str().to_owned(),
            status: match instance.status {
                Status::Up => StatusRecord::Up,
                Status::Draining => StatusRecord::Draining,
                Status::OutOfService => StatusRecord::OutOfService,
            },
            metadata: metadata.entries().clone(),
            ttl_seconds: ttl.seconds(),
            registered_at: instance.registered_at.trunc_subsecs(3),
            last_heartbeat: instance.last_heartbeat.trunc_subsecs(3),
        }
    }
}

impl TryFrom<Record> for Instance {
    type Error = crate::domain::Rule;

    fn try_from(record: Record) -> Result<Self, Self::Error> {
        Ok(Self {
            id: record.instance_id.parse()?,
            registration: Registration {
                endpoint: Endpoint::new(&record.host, record.port.into())?,
                version: record.version.parse()?,
                metadata: Metadata::new(record.metadata)?,
                ttl: Ttl::from_seconds(record.ttl_seconds.into())?,
            },
            status: match record.status {
                StatusRecord::Up => Status::Up,
                StatusRecord::Draining => Status::Draining,
                StatusRecord::OutOfService => Status::OutOfService,
            },
            registered_at: record.registered_at,
            last_heartbeat: record.last_heartbeat,
        })
    }
}
