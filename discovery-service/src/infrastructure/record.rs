//! A roster as it stands in Redis: a JSON array, made to be read by operators too.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};
use config::database::{StoreError, stored};
use serde::{Deserialize, Serialize};

use crate::domain::{Endpoint, Instance, Metadata, Registration, Roster, Ttl};

#[derive(Serialize, Deserialize)]
struct Record {
    instance_id: String,
    host: String,
    port: u16,
    version: String,
    status: String,
    metadata: BTreeMap<String, String>,
    ttl_seconds: u16,
    registered_at: DateTime<Utc>,
    last_heartbeat: DateTime<Utc>,
}

/// Nothing for an empty roster: its key is deleted.
pub(super) fn write(roster: &Roster) -> Result<String, StoreError> {
    if roster.is_empty() {
        return Ok(String::new());
    }
    let records: Vec<_> = roster.instances().iter().map(Record::from).collect();
    serde_json::to_string(&records).map_err(StoreError::corrupt)
}

pub(super) fn read(text: &str) -> Result<Roster, StoreError> {
    if text.is_empty() {
        return Ok(Roster::default());
    }
    let records: Vec<Record> = serde_json::from_str(text).map_err(StoreError::corrupt)?;
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
            status: instance.status.to_string(),
            metadata: metadata.entries().clone(),
            ttl_seconds: ttl.seconds(),
            registered_at: instance.registered_at.trunc_subsecs(3),
            last_heartbeat: instance.last_heartbeat.trunc_subsecs(3),
        }
    }
}

impl TryFrom<Record> for Instance {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        Ok(Self {
            id: stored(&record.instance_id)?,
            registration: Registration {
                endpoint: Endpoint::new(&record.host, record.port.into()).map_err(StoreError::corrupt)?,
                version: stored(&record.version)?,
                metadata: Metadata::new(record.metadata).map_err(StoreError::corrupt)?,
                ttl: Ttl::from_seconds(record.ttl_seconds.into()).map_err(StoreError::corrupt)?,
            },
            status: stored(&record.status)?,
            registered_at: record.registered_at,
            last_heartbeat: record.last_heartbeat,
        })
    }
}
