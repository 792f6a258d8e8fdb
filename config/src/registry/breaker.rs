//! A circuit breaker: when a service keeps failing, calls fail at once instead of queueing up behind it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::Counter;
use tokio::time::Instant;

/// So many calls in a row must fail before the circuit opens.
const THRESHOLD: u32 = 5;
const OPEN_FOR: Duration = Duration::from_secs(5);

/// Counts one callee's failures in a row. Also for callees that no registry knows.
pub struct Breaker {
    service: &'static str,
    open_for: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One call is on its way to find out.
    HalfOpen,
}

/// The right to make one call. Dropped without a verdict (the caller gave up), it counts for nothing.
#[must_use = "dropped without a verdict it counts for nothing"]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
    verdict: Option<bool>,
}

impl Breaker {
    /// `service` names it in logs and metrics.
    pub fn new(service: &'static str) -> Self {
        Self::opening_for(OPEN_FOR, service)
    }

    fn opening_for(open_for: Duration, service: &'static str) -> Self {
        let breaker = Self { service, open_for, state: Mutex::new(State::Closed { failures: 0 }) };
        breaker.show(State::Closed { failures: 0 });
        // A counter that appears with its first event has not grown by it, as Prometheus sees it.
        breaker.openings().increment(0);
        breaker
    }

    /// `None` while the circuit is open.
    pub fn admit(&self) -> Option<Permit<'_>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let probe = match *state {
            State::Closed { .. } => false,
            State::Open { until } if Instant::now() >= until => {
                *state = State::HalfOpen;
                self.show(*state);
                true
            }
            State::Open { .. } | State::HalfOpen => return None,
        };
        Some(Permit { breaker: self, probe, verdict: None })
    }

    fn settle(&self, probe: bool, verdict: Option<bool>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match (*state, verdict) {
            (State::HalfOpen, None) if probe => State::Open { until: Instant::now() },
            (State::HalfOpen, Some(false)) if probe => State::Open { until: Instant::now() + self.open_for },
            (State::HalfOpen, Some(true)) if probe => State::Closed { failures: 0 },
            (State::Closed { .. }, Some(true)) => State::Closed { failures: 0 },
            (State::Closed { failures }, Some(false)) if failures + 1 < THRESHOLD => {
                State::Closed { failures: failures + 1 }
            }
            (State::Closed { .. }, Some(false)) => State::Open { until: Instant::now() + self.open_for },
            // Calls that began before the circuit opened say nothing about now.
            (unchanged, _) => unchanged,
        };
        if matches!(next, State::Open { .. }) && next != *state && verdict == Some(false) {
            self.openings().increment(1);
        }
        if std::mem::discriminant(&next) != std::mem::discriminant(&*state) {
            self.show(next);
            match next {
                State::Open { .. } if !probe => {
                    tracing::warn!(service = self.service, "{} keeps failing: circuit open", self.service);
                }
                State::Closed { .. } => {
                    tracing::info!(service = self.service, "{} answers again: circuit closed", self.service);
                }
                State::Open { .. } | State::HalfOpen => {}
            }
        }
        *state = next;
    }

    /// The state stays as it is while nobody calls, however well the callee is by then: this tells whether calls fail.
    fn openings(&self) -> Counter {
        metrics::counter!("circuit_breaker_openings_total", "callee" => self.service)
    }

    fn show(&self, state: State) {
        let value = match state {
            State::Closed { .. } => 0.0,
            State::HalfOpen => 1.0,
            State::Open { .. } => 2.0,
        };
        metrics::gauge!("circuit_breaker_state", "callee" => self.service).set(value);
    }
}

impl Permit<'_> {
    /// Whether the callee answered as one that is well.
    pub fn settle(mut self, healthy: bool) {
        self.verdict = Some(healthy);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.breaker.settle(self.probe, self.verdict);
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    const SOON: Duration = Duration::from_millis(100);

    fn fail(breaker: &Breaker, times: u32) {
        for _ in 0..times {
            breaker.admit().expect("closed").settle(false);
        }
    }

    #[tokio::test]
    async fn opens_after_failures_in_a_row_and_closes_after_one_good_probe() {
        let breaker = Breaker::opening_for(SOON, "tax-service");
        fail(&breaker, THRESHOLD - 1);
        breaker.admit().expect("closed").settle(true);
        fail(&breaker, THRESHOLD);
        assert!(breaker.admit().is_none());

        tokio::time::sleep(SOON).await;
        let probe = breaker.admit().expect("half open");
        assert!(breaker.admit().is_none(), "one probe at a time");
        probe.settle(true);
        breaker.admit().expect("closed").settle(true);
    }

    #[tokio::test]
    async fn a_failed_probe_opens_again_and_an_abandoned_one_lets_the_next_try() {
        let breaker = Breaker::opening_for(SOON, "tax-service");
        fail(&breaker, THRESHOLD);
        tokio::time::sleep(SOON).await;
        breaker.admit().expect("half open").settle(false);
        assert!(breaker.admit().is_none());

        tokio::time::sleep(SOON).await;
        drop(breaker.admit().expect("half open"));
        assert!(breaker.admit().is_some());
    }

    #[tokio::test]
    async fn each_failure_that_opens_it_is_counted() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _here = metrics::set_default_local_recorder(&recorder);
        let openings = || {
            let text = recorder.handle().render();
            let line = "circuit_breaker_openings_total{callee=\"tax-service\"} ";
            text.lines().find_map(|it| it.strip_prefix(line)?.parse::<u32>().ok())
        };
        let breaker = Breaker::opening_for(Duration::ZERO, "tax-service");
        assert_eq!(openings(), Some(0));
        fail(&breaker, THRESHOLD);
        assert_eq!(openings(), Some(1));
        breaker.admit().expect("half open").settle(false);
        assert_eq!(openings(), Some(2));
        drop(breaker.admit().expect("half open"));
        breaker.admit().expect("half open").settle(true);
        assert_eq!(openings(), Some(2));
    }
}
