//! What whoever waits sees: a live view on a terminal, a line now and then otherwise.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Schedule;
use super::board::{Board, Snapshot};
use crate::times::Percentiles;

const ON_A_TERMINAL: Duration = Duration::from_millis(250);
const IN_A_LOG: Duration = Duration::from_secs(5);

pub struct View {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl View {
    pub async fn finish(self) {
        self.stop.cancel();
        let _ = self.task.await;
    }
}

pub fn show(workload: &'static str, schedule: Schedule, board: Arc<Board>) -> View {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let task = tokio::spawn(async move {
        let bar = std::io::stderr().is_terminal().then(live);
        let mut before = Snapshot::default();
        loop {
            let pause = if bar.is_some() { ON_A_TERMINAL } else { IN_A_LOG };
            let goes_on = tokio::time::timeout(pause, stopped.cancelled()).await.is_err();
            let now = board.snapshot();
            match &bar {
                Some(bar) => bar.set_message(lines(workload, schedule, &before, &now).join("\n")),
                None => say(&lines(workload, schedule, &before, &now).join(" · ")),
            }
            if !goes_on {
                break;
            }
            // The rate is that of the last second or more.
            if now.elapsed.saturating_sub(before.elapsed) >= Duration::from_secs(1) {
                before = now;
            }
        }
        if let Some(bar) = bar {
            bar.abandon();
        }
    });
    View { stop, task }
}

fn live() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

fn lines(workload: &str, schedule: Schedule, before: &Snapshot, now: &Snapshot) -> Vec<String> {
    let seconds = now.elapsed.saturating_sub(before.elapsed).as_secs_f64();
    let rate = if seconds > 0.0 { (now.arrivals - before.arrivals) as f64 / seconds } else { 0.0 };
    let end = schedule.duration.map_or_else(String::new, |end| format!(" of {} s", end.as_secs_f64()));
    let outcomes: u64 = now.outcomes.values().sum();
    let accepted: u64 = now.accepted.values().sum();
    let mut lines = vec![
        format!(
            "{workload} {:.0} s{end}: {rate:.1}/s of {}, {} in flight, {} too many",
            now.elapsed.as_secs_f64(),
            schedule.rate,
            now.in_flight,
            now.overflow,
        ),
        format!("accepted {accepted}, settled {outcomes}, waiting {}, lost {}", now.waiting, now.lost),
    ];
    lines.extend(listed("outcomes", &now.outcomes));
    lines.extend(now.steps.iter().map(|(step, times)| latency(step, times)));
    lines.extend(now.settling.as_ref().map(|times| latency("to the end", times)));
    let behind: BTreeMap<_, _> = now.lag.iter().filter(|(_, lag)| **lag > 0).collect();
    if !now.lag.is_empty() && behind.is_empty() {
        lines.push(format!("lag 0 in {} groups", now.lag.len()));
    }
    lines.extend(listed("lag", &behind));
    lines.extend(now.lag_trouble.as_ref().map(|trouble| format!("lag unknown: {trouble}")));
    lines.extend(listed("tried again", &now.retries));
    lines.extend(listed("errors", &now.errors));
    lines
}

fn latency(what: &str, Percentiles { count, p50_ms, p99_ms, .. }: &Percentiles) -> String {
    format!("{what} {count}, p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms")
}

fn listed(what: &str, counts: &BTreeMap<impl Display, impl Display>) -> Option<String> {
    let counts: Vec<_> = counts.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    (!counts.is_empty()).then(|| format!("{what}: {}", counts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_what_an_operator_wants_to_know() {
        let board = Board::default();
        (0..3).for_each(|_| board.arrived());
        board.overflowed();
        board.left();
        board.accepted("order");
        board.accepted("order");
        board.settled("order paid".to_owned(), Duration::from_millis(40));
        board.answered("pay", Duration::from_millis(20));
        board.failed("cart: 500".to_owned());
        board.tried_again("pay: 503".to_owned());
        let behind = BTreeMap::from([("order-service".to_owned(), 7), ("tax-service".to_owned(), 0)]);
        board.lags(Ok(behind));
        board.lags(Err("Kafka is away".to_owned()));
        let now = Snapshot { elapsed: Duration::from_secs(2), ..board.snapshot() };
        let schedule = Schedule { rate: 2.0, duration: Some(Duration::from_secs(60)) };
        assert_eq!(
            lines("shoppers", schedule, &Snapshot::default(), &now),
            [
                "shoppers 2 s of 60 s: 2.0/s of 2, 2 in flight, 1 too many",
                "accepted 2, settled 1, waiting 1, lost 0",
                "outcomes: order paid 1",
                "pay 1, p50 20.0 ms, p99 20.0 ms",
                "to the end 1, p50 40.0 ms, p99 40.0 ms",
                "lag: order-service 7",
                "lag unknown: Kafka is away",
                "tried again: pay: 503 1",
                "errors: cart: 500 1",
            ]
        );
    }
}
