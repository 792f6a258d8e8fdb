//! How a database's connection pool is used, as Prometheus sees it.

use metrics::Counter;

/// One look at a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PoolUse {
    pub system: &'static str,
    pub used: u32,
    pub idle: u32,
    pub max: u32,
}

impl PoolUse {
    pub fn show(self) {
        for (state, connections) in [("used", self.used), ("idle", self.idle)] {
            metrics::gauge!("db_client_connection_count", "db_system_name" => self.system, "state" => state)
                .set(connections);
        }
        metrics::gauge!("db_client_connection_max", "db_system_name" => self.system).set(self.max);
    }
}

/// Somebody waited for a free connection in vain.
pub(super) fn timed_out(system: &'static str) {
    timeouts(system).increment(1);
}

/// A counter that appears with its first event has not grown by it, as Prometheus sees it.
pub(super) fn register(system: &'static str) {
    timeouts(system).increment(0);
}

fn timeouts(system: &'static str) -> Counter {
    metrics::counter!("db_client_connection_timeouts_total", "db_system_name" => system)
}
