//! Prometheus metrics of the process.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Bounds of the duration histograms, in seconds.
const DURATIONS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Between two summings up. What a histogram is told is kept piece by piece until then.
pub(super) const UPKEEP: Duration = Duration::from_secs(5);

/// Measures from now on, and sums up after each `pause`, whether somebody asks or not.
pub(super) fn install(service: &'static str, pause: Duration) -> Result<(), crate::BoxError> {
    let handle = PrometheusBuilder::new()
        .add_global_label("service", service)
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &DURATIONS)?
        .install_recorder()?;
    metrics::gauge!("process_start_time_seconds").set(start_time());
    keep_up(handle.clone(), pause)?;
    let _ = HANDLE.set(handle);
    Ok(())
}

/// In a thread of its own, until the process ends.
fn keep_up(handle: PrometheusHandle, pause: Duration) -> std::io::Result<()> {
    let work = move || {
        loop {
            std::thread::sleep(pause);
            handle.run_upkeep();
        }
    };
    std::thread::Builder::new().name("metrics".to_owned()).spawn(work).map(drop)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::eventually;

    #[tokio::test]
    async fn what_is_measured_is_summed_up_though_nobody_asks() {
        install("test", Duration::from_millis(1)).unwrap();
        metrics::histogram!("waited_seconds").record(0.3);
        // Whoever renders the metrics sums them up, so they are looked at from outside.
        let summed_up = || {
            let shown = format!("{:?}", HANDLE.get().unwrap());
            let (_, sums) = shown.split_once("distributions: ").unwrap();
            if sums.contains("waited_seconds") { Ok(()) } else { Err("kept piece by piece".to_owned()) }
        };
        eventually("what was measured", || std::future::ready(summed_up())).await;
    }
}
