//! What came of a run.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Plan;
use super::board::{Board, Snapshot};
use crate::times::Percentiles;

#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    pub workload: &'static str,
    pub seed: u64,
    /// Arrivals a second that were wanted.
    pub rate: f64,
    /// Until the last arrival had left.
    pub seconds: f64,
    pub arrivals: u64,
    /// Of those, let go because too many were at work.
    pub overflow: u64,
    pub accepted: BTreeMap<&'static str, u64>,
    pub outcomes: BTreeMap<String, u64>,
    /// Accepted, and not at its end when patience ended.
    pub lost: u64,
    /// The first hundred of them.
    pub lost_ones: Vec<String>,
    pub errors: BTreeMap<String, u64>,
    pub retries: BTreeMap<String, u64>,
    /// From the moment at which each step was due.
    pub steps: BTreeMap<&'static str, Percentiles>,
    /// From the acceptance until the end was seen.
    pub settling: Option<Percentiles>,
    /// At the end, by consumer group.
    pub lag: BTreeMap<String, i64>,
}

impl Summary {
    pub(super) fn of(workload: &'static str, plan: &Plan, board: &Board) -> Self {
        let Snapshot {
            elapsed,
            arrivals,
            overflow,
            accepted,
            outcomes,
            lost,
            lost_ones,
            errors,
            retries,
            lag,
            steps,
            settling,
            ..
        } = board.snapshot();
        Self {
            workload,
            seed: plan.seed,
            rate: plan.schedule.rate,
            seconds: elapsed.as_secs_f64(),
            arrivals,
            overflow,
            accepted,
            outcomes,
            lost,
            lost_ones,
            errors,
            retries,
            steps,
            settling,
            lag,
        }
    }
}
