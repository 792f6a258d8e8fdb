//! The services: what they are called, where they listen by default, and how they are built and started.

mod build;
mod environment;
pub mod health;
mod launch;

use std::path::PathBuf;

use crate::paths::root;

pub use build::{build_system, built_binary};
pub use environment::{of_tools as own_environment, public_url, renew_jwt_keys};
pub use launch::{known, start_all, start_known, stop_all};

/// One service, by the name of its package and binary.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    pub name: &'static str,
    /// Where its first instance listens in the system that people work with.
    pub port: u16,
    /// Whether it keeps a schema in MySQL.
    pub has_schema: bool,
}

/// The registry first, then the business services.
pub const ALL: [Service; 13] = [
    Service { name: "discovery-service", port: 8000, has_schema: false },
    Service { name: "user-service", port: 8001, has_schema: true },
    Service { name: "product-service", port: 8002, has_schema: false },
    Service { name: "order-service", port: 8003, has_schema: true },
    Service { name: "payment-service", port: 8004, has_schema: true },
    Service { name: "inventory-service", port: 8005, has_schema: true },
    Service { name: "shipping-service", port: 8006, has_schema: true },
    Service { name: "promotion-service", port: 8007, has_schema: true },
    Service { name: "rating-service", port: 8008, has_schema: true },
    Service { name: "search-service", port: 8009, has_schema: false },
    Service { name: "favourite-service", port: 8010, has_schema: true },
    Service { name: "notification-service", port: 8011, has_schema: true },
    Service { name: "tax-service", port: 8012, has_schema: true },
];

pub const DISCOVERY: &str = "discovery-service";
pub const GATEWAY: &str = "api-gateway";
pub const GATEWAY_BINARY: &str = "gateway-agent";

impl Service {
    /// Its folder in the work tree.
    pub fn folder(&self) -> PathBuf {
        match self.name {
            DISCOVERY => root().join(DISCOVERY),
            name => root().join("services").join(name),
        }
    }

    /// Its schema in MySQL, which is also its user's name there.
    pub fn schema(&self) -> Option<String> {
        self.has_schema.then(|| self.name.replace('-', "_"))
    }
}

/// The services whose code is in this work tree.
pub fn present() -> Vec<Service> {
    ALL.into_iter().filter(|service| service.folder().join("Cargo.toml").is_file()).collect()
}

/// Whether the gateway's code is in this work tree.
pub fn gateway_is_present() -> bool {
    root().join(GATEWAY).join("Cargo.toml").is_file()
}

/// The schemas of all services, those that don't exist yet too.
pub fn schemas() -> impl Iterator<Item = String> {
    ALL.iter().filter_map(Service::schema)
}

/// The service that a process belongs to: `order-service-2` is one of `order-service`.
pub fn service_of(process: &str) -> Option<Service> {
    ALL.into_iter().find(|service| {
        process.strip_prefix(service.name).is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix('-').is_some_and(|number| number.parse::<usize>().is_ok())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_belongs_to_its_service() {
        let name = |process| service_of(process).map(|service| service.name);
        assert_eq!(name("order-service"), Some("order-service"));
        assert_eq!(name("order-service-12"), Some("order-service"));
        assert_eq!(name("order-service-x"), None);
        assert_eq!(name("mysql"), None);
    }
}
