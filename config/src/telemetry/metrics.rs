//! Prometheus metrics of the process.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Bounds of the duration histograms, in seconds.
const DURATIONS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

pub(super) fn install(service: &'static str) -> Result<(), crate::BoxError> {
    let handle = PrometheusBuilder::new()
        .add_global_label("service", service)
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &DURATIONS)?
        .install_recorder()?;
    metrics::gauge!("process_start_time_seconds").set(start_time());
    let _ = HANDLE.set(handle);
    Ok(())
}

/// The metrics in Prometheus's text format.
pub fn render() -> String {
    resident_memory();
    HANDLE
        .get()
        .map(|handle| {
            handle.run_upkeep();
            handle.render()
        })
        .unwrap_or_default()
}

fn start_time() -> f64 {
    use crate::clock::Clock as _;
    crate::clock::SystemClock.now().timestamp_millis() as f64 / 1000.0
}

/// Linux tells in pages of 4 KiB; elsewhere the gauge is absent.
fn resident_memory() {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split_whitespace().nth(1)?.parse::<f64>().ok());
    if let Some(pages) = pages {
        metrics::gauge!("process_resident_memory_bytes").set(pages * 4096.0);
    }
}
