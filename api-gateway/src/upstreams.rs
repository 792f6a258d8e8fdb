//! The registry's list as Nginx needs it.

use std::collections::{BTreeMap, BTreeSet};

use config::registry::{Snapshot, Status};
use futures_util::future::join_all;
use serde::Serialize;
use tokio::net::lookup_host;

/// The services that have an instance, with the addresses of those that take requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Upstreams {
    pub index: u64,
    pub services: Vec<Upstream>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Upstream {
    pub name: String,
    pub addresses: BTreeSet<String>,
}

impl Upstreams {
    /// Names are resolved here: one that can't be would make Nginx refuse the whole configuration. The second
    /// result: whether all could be.
    pub async fn resolve(snapshot: &Snapshot) -> (Self, bool) {
        let up = snapshot.items.iter().filter(|it| it.status == Status::Up);
        let resolved = join_all(up.map(async |it| {
            let authority = it.authority();
            match lookup_host(&authority).await.map(|mut addresses| addresses.next()) {
                Ok(Some(address)) => Some((it.name.clone(), address.to_string())),
                _ => {
                    tracing::warn!(service = it.name, "{authority} is no address that can be reached");
                    None
                }
            }
        }));
        let mut services: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let resolved = resolved.await;
        let complete = resolved.iter().all(Option::is_some);
        for (name, address) in resolved.into_iter().flatten().filter(|(name, _)| is_safe(name)) {
            services.entry(name).or_default().insert(address);
        }
        let services = services.into_iter().map(|(name, addresses)| Upstream { name, addresses }).collect();
        (Self { index: snapshot.index, services }, complete)
    }
}

/// Whether it is a name and no piece of configuration; the registry sees to that too.
fn is_safe(name: &str) -> bool {
    name != "agent" && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
