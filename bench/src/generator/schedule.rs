//! When arrivals are due, whatever became of those before.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::board::Board;

/// Evenly spaced arrivals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Arrivals a second.
    pub rate: f64,
    /// Without one it goes on until it is stopped.
    pub duration: Option<Duration>,
}

impl Schedule {
    /// When the n-th arrival is due, after the begin; nothing after the end.
    pub fn due(&self, n: u64) -> Option<Duration> {
        let due = Duration::from_secs_f64(n as f64 / self.rate);
        self.duration.is_none_or(|end| due < end).then_some(due)
    }
}

/// Lets each arrival begin at its time. Where `most` are at work, the next one is counted and let go: to wait would
/// lower the rate just when the shop is slow.
pub async fn drive<F>(
    schedule: Schedule,
    most: usize,
    board: &Arc<Board>,
    stop: &CancellationToken,
    arrive: impl Fn(u64, Instant) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let begin = Instant::now();
    board.begin();
    let places = Arc::new(Semaphore::new(most));
    let mut arrivals = JoinSet::new();
    for n in 0.. {
        let Some(due) = schedule.due(n) else { break };
        let due = begin + due;
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = tokio::time::sleep_until(due) => {}
        }
        match places.clone().try_acquire_owned() {
            Ok(place) => {
                board.arrived();
                let arrival = arrive(n, due);
                let board = board.clone();
                arrivals.spawn(async move {
                    arrival.await;
                    board.left();
                    drop(place);
                });
            }
            Err(_) => board.overflowed(),
        }
        while arrivals.try_join_next().is_some() {}
    }
    while arrivals.join_next().await.is_some() {}
    board.end();
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn arrivals_are_even_and_end() {
        let schedule = Schedule { rate: 4.0, duration: Some(Duration::from_secs(2)) };
        let due: Vec<_> = (0..).map_while(|n| schedule.due(n)).collect();
        assert_eq!(due.len(), 8);
        assert_eq!((due[1], due[7]), (Duration::from_millis(250), Duration::from_millis(1750)));
        let endless = Schedule { duration: None, ..schedule };
        assert_eq!(endless.due(4_000_000), Some(Duration::from_secs(1_000_000)));
    }

    #[tokio::test]
    async fn slow_answers_neither_delay_arrivals_nor_hide_their_wait() {
        let schedule = Schedule { rate: 100.0, duration: Some(Duration::from_millis(100)) };
        let board = Arc::new(Board::default());
        let late = Arc::new(Mutex::new(Vec::new()));
        let release = CancellationToken::new();
        let (told, gate) = (late.clone(), release.clone());
        let arrive = |n: u64, due: Instant| {
            let (told, gate) = (told.clone(), gate.clone());
            async move {
                told.lock().unwrap().push((n, due));
                // Nobody leaves before everybody has come.
                gate.cancelled().await;
            }
        };
        let stop = CancellationToken::new();
        let driving = drive(schedule, 6, &board, &stop, arrive);
        let releasing = async {
            while board.snapshot().overflow < 4 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            release.cancel();
        };
        tokio::join!(driving, releasing);
        let arrived = late.lock().unwrap();
        let begin = arrived[0].1;
        let expected: Vec<_> = (0..6).map(|n| (n, begin + Duration::from_millis(10 * n))).collect();
        assert_eq!(*arrived, expected, "each has the time at which it was due");
        let snapshot = board.snapshot();
        assert_eq!((snapshot.arrivals, snapshot.overflow, snapshot.in_flight), (10, 4, 0));
    }

    #[tokio::test]
    async fn a_stop_ends_an_endless_schedule() {
        let board = Arc::new(Board::default());
        let stop = CancellationToken::new();
        let schedule = Schedule { rate: 1000.0, duration: None };
        let arrive = |n, _| {
            let stop = stop.clone();
            async move {
                if n == 5 {
                    stop.cancel();
                }
            }
        };
        drive(schedule, 100, &board, &stop, arrive).await;
        assert!(board.snapshot().arrivals >= 6);
    }
}
