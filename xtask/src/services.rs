//! The services: what they are called and where they listen by default.

use std::path::PathBuf;

use crate::paths::root;

/// One service, by the name of its package and binary.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    pub name: &'static str,
    pub port: u16,
    /// Whether it keeps a schema in MySQL.
    pub has_schema: bool,
}

/// The registry, and the business services.
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

pub const DISCOVERY: &str = "discovery-service";
pub const GATEWAY: &str = "api-gateway";

/// The schemas of all services, those that don't exist yet too.
pub fn schemas() -> impl Iterator<Item = String> {
    ALL.iter().filter_map(Service::schema)
}
