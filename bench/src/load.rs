//! Closed-loop load: every connection sends its next request when the last one is answered.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::times::{LONGEST_MICROS, micros};
use crate::{CONNECTIONS, Error};

/// What one measurement gave.
#[derive(Debug, Clone, Serialize)]
pub struct Measurement {
    pub connections: usize,
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub done: u64,
    /// What went wrong, and how often.
    pub errors: BTreeMap<String, u64>,
}

/// Measures at each number of connections. `worker(n)` makes the state of the n-th connection, `step` does one
/// request with it; an `Err` counts as an error, `Ok(None)` ends the connection's work early.
pub async fn measure<W, S, F>(
    time: Duration,
    mut worker: impl FnMut(usize) -> W,
    step: S,
) -> Result<Vec<Measurement>, Error>
where
    W: Send + 'static,
    S: Fn(W) -> F + Clone + Send + 'static,
    F: Future<Output = (W, Result<Option<()>, String>)> + Send,
{
    let mut all = Vec::new();
    for connections in CONNECTIONS {
        let workers = (0..connections).map(&mut worker).collect();
        all.push(at(connections, workers, time, step.clone()).await?);
    }
    Ok(all)
}

async fn at<W, S, F>(
    connections: usize,
    workers: Vec<W>,
    time: Duration,
    step: S,
) -> Result<Measurement, Error>
where
    W: Send + 'static,
    S: Fn(W) -> F + Clone + Send + 'static,
    F: Future<Output = (W, Result<Option<()>, String>)> + Send,
{
    // A tenth of the time warms caches and connections up and is not counted.
    let begin = Instant::now() + time / 10;
    let end = begin + time;
    let mut tasks = JoinSet::new();
    for mut worker in workers {
        let step = step.clone();
        tasks.spawn(async move {
            let mut times =
                Histogram::<u64>::new_with_max(LONGEST_MICROS, 3).map_err(|error| error.to_string())?;
            let mut errors = BTreeMap::new();
            loop {
                let started = Instant::now();
                if started >= end {
                    break;
                }
                let (next, outcome) = step(worker).await;
                worker = next;
                let counts = started >= begin;
                match outcome {
                    Ok(Some(())) if counts => times.saturating_record(micros(started.elapsed())),
                    Ok(Some(())) => {}
                    Ok(None) => break,
                    Err(error) => {
                        *errors.entry(error).or_insert(0) += 1;
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                }
            }
            Ok::<_, String>((times, errors, Instant::now().min(end)))
        });
    }
    let mut times = Histogram::<u64>::new_with_max(LONGEST_MICROS, 3)?;
    let mut errors: BTreeMap<String, u64> = BTreeMap::new();
    let mut ended = begin;
    for outcome in tasks.join_all().await {
        let (its_times, its_errors, its_end) = outcome?;
        times.add(its_times)?;
        ended = ended.max(its_end);
        for (error, count) in its_errors {
            *errors.entry(error).or_insert(0) += count;
        }
    }
    let seconds = (ended - begin).as_secs_f64().max(0.001);
    Ok(Measurement {
        connections,
        per_second: times.len() as f64 / seconds,
        p50_ms: times.value_at_quantile(0.5) as f64 / 1000.0,
        p99_ms: times.value_at_quantile(0.99) as f64 / 1000.0,
        done: times.len(),
        errors,
    })
}
