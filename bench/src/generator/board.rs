//! What has happened until now.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::times::{Percentiles, Times};

/// Kinds of errors that are told; a shop that invents new ones doesn't fill the memory.
const KINDS: usize = 100;
/// Lost ones that are named.
const NAMED: usize = 100;

#[derive(Default)]
pub struct Board(Mutex<State>);

#[derive(Default)]
struct State {
    begun: Option<Instant>,
    ended: Option<Instant>,
    told: Snapshot,
    steps: BTreeMap<&'static str, Times>,
    settling: Times,
}

/// What there is to tell at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub elapsed: Duration,
    /// Due until now.
    pub arrivals: u64,
    /// Of those, let go because too many were at work.
    pub overflow: u64,
    pub in_flight: u64,
    /// Answers that the shop can't take back.
    pub accepted: BTreeMap<&'static str, u64>,
    /// How what was accepted has ended.
    pub outcomes: BTreeMap<String, u64>,
    /// Accepted and not yet at its end.
    pub waiting: u64,
    pub lost: u64,
    pub lost_ones: Vec<String>,
    pub errors: BTreeMap<String, u64>,
    /// What was tried again, by why.
    pub retries: BTreeMap<String, u64>,
    /// Messages that a consumer group hasn't read yet.
    pub lag: BTreeMap<String, i64>,
    /// Why that isn't known, or not anew.
    pub lag_trouble: Option<String>,
    /// From the moment at which each step was due.
    pub steps: BTreeMap<&'static str, Percentiles>,
    /// From the acceptance until the end was seen.
    pub settling: Option<Percentiles>,
}

impl Board {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin(&self) {
        self.state().begun = Some(Instant::now());
    }

    /// No more arrivals.
    pub fn end(&self) {
        self.state().ended = Some(Instant::now());
    }

    pub fn arrived(&self) {
        let told = &mut self.state().told;
        told.arrivals += 1;
        told.in_flight += 1;
    }

    pub fn left(&self) {
        self.state().told.in_flight -= 1;
    }

    pub fn overflowed(&self) {
        let told = &mut self.state().told;
        told.arrivals += 1;
        told.overflow += 1;
    }

    /// A step was answered, `time` after it was due.
    pub fn answered(&self, step: &'static str, time: Duration) {
        self.state().steps.entry(step).or_default().record(time);
    }

    pub fn failed(&self, kind: String) {
        count(&mut self.state().told.errors, kind);
    }

    pub fn tried_again(&self, why: String) {
        count(&mut self.state().told.retries, why);
    }

    pub fn accepted(&self, what: &'static str) {
        let told = &mut self.state().told;
        *told.accepted.entry(what).or_default() += 1;
        told.waiting += 1;
    }

    pub fn settled(&self, outcome: String, time: Duration) {
        let mut state = self.state();
        count(&mut state.told.outcomes, outcome);
        state.told.waiting -= 1;
        state.settling.record(time);
    }

    pub fn lost(&self, what: String) {
        let told = &mut self.state().told;
        told.waiting -= 1;
        told.lost += 1;
        if told.lost_ones.len() < NAMED {
            told.lost_ones.push(what);
        }
    }

    pub fn lags(&self, lag: Result<BTreeMap<String, i64>, String>) {
        let told = &mut self.state().told;
        match lag {
            Ok(lag) => (told.lag, told.lag_trouble) = (lag, None),
            Err(trouble) => told.lag_trouble = Some(trouble),
        }
    }

    pub fn snapshot(&self) -> Snapshot {
        let state = self.state();
        let elapsed = state.begun.map(|begun| state.ended.unwrap_or_else(Instant::now) - begun);
        Snapshot {
            elapsed: elapsed.unwrap_or_default(),
            steps: state.steps.iter().map(|(step, times)| (*step, times.percentiles())).collect(),
            settling: Some(state.settling.percentiles()).filter(|settling| settling.count > 0),
            ..state.told.clone()
        }
    }
}

fn count(counts: &mut BTreeMap<String, u64>, kind: String) {
    let kind = if counts.len() < KINDS || counts.contains_key(&kind) { kind } else { "others".to_owned() };
    *counts.entry(kind).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_accepted_is_settled_or_lost() {
        let board = Board::default();
        (0..3).for_each(|_| board.accepted("order"));
        board.settled("paid".to_owned(), Duration::from_millis(20));
        board.lost("order 7: pending".to_owned());
        let told = board.snapshot();
        assert_eq!((told.accepted["order"], told.outcomes["paid"], told.waiting, told.lost), (3, 1, 1, 1));
        assert_eq!(told.lost_ones, ["order 7: pending"]);
        assert_eq!(told.settling.unwrap().count, 1);
    }

    #[test]
    fn kinds_of_errors_are_bounded() {
        let board = Board::default();
        (0..KINDS * 2).for_each(|n| board.failed(format!("error {n}")));
        let told = board.snapshot();
        assert_eq!((told.errors.len(), told.errors["others"]), (KINDS + 1, KINDS as u64));
    }
}
