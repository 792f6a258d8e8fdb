//! What the shop accepted is followed until it has come to its end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::board::Board;

/// Looks at once: to look must not be the load.
const LOOKS: usize = 16;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What a look shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// It has come to its end, to this one.
    Settled(String),
    /// It hasn't, and is so.
    Waiting(String),
}

pub struct Follower {
    board: Arc<Board>,
    looks: Semaphore,
    tasks: TaskTracker,
    /// When the arrivals ended; nobody knows while there are any.
    ended: watch::Sender<Option<Instant>>,
    /// How long something may take after that, or after it was accepted, if that was later.
    grace: Duration,
}

impl Follower {
    pub fn new(board: Arc<Board>, grace: Duration) -> Self {
        let (looks, tasks) = (Semaphore::new(LOOKS), TaskTracker::new());
        Self { board, looks, tasks, ended: watch::Sender::default(), grace }
    }

    /// Goes on beside the arrivals.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Looks again and again; whether it came to its end before patience did.
    pub async fn follow<F>(&self, kind: &'static str, name: &str, mut look: impl FnMut() -> F) -> bool
    where
        F: Future<Output = Sight>,
    {
        self.board.accepted(kind);
        let accepted = Instant::now();
        let mut ended = self.ended.subscribe();
        let mut pause = FIRST_PAUSE;
        loop {
            let end = ended.borrow_and_update().map(|ended| ended.max(accepted) + self.grace);
            let is_last = end.is_some_and(|end| end <= Instant::now());
            let sight = {
                let _turn = self.looks.acquire().await;
                look().await
            };
            match sight {
                Sight::Settled(outcome) => {
                    self.board.settled(format!("{kind} {outcome}"), accepted.elapsed());
                    return true;
                }
                Sight::Waiting(state) if is_last => {
                    self.board.lost(format!("{kind} {name}: {state}"));
                    return false;
                }
                Sight::Waiting(_) => {}
            }
            let next = Instant::now() + pause;
            tokio::select! {
                () = tokio::time::sleep_until(end.map_or(next, |end| end.min(next))) => {}
                // Then it is known how long patience lasts.
                _ = ended.changed() => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Waits until everything has come to its end, for as long as patience lasts.
    pub async fn finish(&self) {
        self.ended.send_replace(Some(Instant::now()));
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn follower() -> (Arc<Board>, Arc<Follower>) {
        let board = Arc::new(Board::default());
        (board.clone(), Arc::new(Follower::new(board, Duration::from_millis(20))))
    }

    #[tokio::test]
    async fn what_comes_to_its_end_is_settled() {
        let (board, follower) = follower();
        let looks = AtomicU32::new(0);
        let look = || {
            let n = looks.fetch_add(1, Ordering::Relaxed);
            async move {
                if n < 2 { Sight::Waiting("pending".to_owned()) } else { Sight::Settled("paid".to_owned()) }
            }
        };
        assert!(follower.follow("order", "7", look).await);
        let told = board.snapshot();
        assert_eq!((told.outcomes["order paid"], told.waiting, told.lost), (1, 0, 0));
        assert_eq!(looks.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn what_doesnt_is_lost_with_its_last_state_once_patience_ends() {
        let (board, follower) = follower();
        let (inner, stuck) = (follower.clone(), || async { Sight::Waiting("processing".to_owned()) });
        follower.spawn(async move {
            inner.follow("transaction", "abc", stuck).await;
        });
        follower.finish().await;
        let told = board.snapshot();
        assert_eq!((told.waiting, told.lost), (0, 1));
        assert_eq!(told.lost_ones, ["transaction abc: processing"]);
    }
}
