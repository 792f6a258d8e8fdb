//! The list of instances as discovery tells it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

/// Whether an instance takes requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Up,
    /// About to leave: finishes what it has, gets nothing new.
    Draining,
    /// Taken out by an operator.
    OutOfService,
}

/// One running process of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    pub name: String,
    pub instance_id: String,
    pub host: String,
    pub port: u16,
    pub version: String,
    pub status: Status,
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

impl Instance {
    /// `host:port`, with brackets around an IPv6 address.
    pub fn authority(&self) -> String {
        if self.host.contains(':') && !self.host.starts_with('[') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    #[cfg(any(test, feature = "testing"))]
    pub(super) fn fixed(name: &str, url: &Url) -> Self {
        Self {
            name: name.to_owned(),
            instance_id: url.authority().to_owned(),
            host: url.host_str().unwrap_or("127.0.0.1").to_owned(),
            port: url.port_or_known_default().unwrap_or(80),
            version: "0.0.0".to_owned(),
            status: Status::Up,
            metadata: BTreeMap::new(),
        }
    }

    /// Points a request at this instance; its path and query stay.
    pub(super) fn address(&self, url: &mut Url) -> Result<(), url::ParseError> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        match host.parse() {
            Ok(ip) => url.set_ip_host(ip).map_err(|()| url::ParseError::InvalidIpv6Address)?,
            Err(_) => url.set_host(Some(host))?,
        }
        url.set_port(Some(self.port)).map_err(|()| url::ParseError::InvalidPort)
    }
}

/// Every instance at one moment.
///
/// `index` grows with each change. An answer is *unsettled* when discovery says that it is `recovering`
/// (it or its Redis was away, or Redis came back empty), or when `index` went back (Redis came back with
/// less than it had). An unsettled answer may lack instances that live, so it adds and updates, and takes
/// nothing away: see [`after`](Snapshot::after).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub index: u64,
    #[serde(default)]
    pub recovering: bool,
    pub items: Vec<Instance>,
}

impl Snapshot {
    /// The instances of a service that take requests.
    pub fn up(&self, service: &str) -> impl Iterator<Item = &Instance> {
        self.items.iter().filter(move |it| it.name == service && it.status == Status::Up)
    }

    /// This answer, and of the last list whatever this one doesn't speak of. An instance that registers
    /// again after a loss gets a new id, so the address tells who is who.
    pub(super) fn after(mut self, last: &Snapshot) -> Self {
        let known = |items: &[Instance], it: &Instance| {
            items.iter().any(|new| new.name == it.name && new.host == it.host && new.port == it.port)
        };
        let missing: Vec<_> = last.items.iter().filter(|it| !known(&self.items, it)).cloned().collect();
        self.items.extend(missing);
        self
    }
}
