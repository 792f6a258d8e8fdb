//! Load as customers make it: open-loop, repeatable by its seed, and followed until everything that the shop
//! accepted has come to its end.

mod board;
mod connections;
mod follow;
mod lag;
mod schedule;
mod session;
mod shoppers;
mod summary;
mod transactions;
mod view;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio_util::sync::CancellationToken;

use self::board::Board;
use self::connections::Connections;
use self::follow::Follower;
use self::lag::Lag;
pub use self::lag::{brokers, caught_up};
pub use self::schedule::Schedule;
pub use self::shoppers::Shoppers;
pub use self::summary::Summary;
pub use self::transactions::Transactions;
use crate::Error;

/// What is common to all that can be generated.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The gateway, as `http://host:port`.
    pub gateway: String,
    /// Bootstrap servers; without them nothing is said of lags.
    pub kafka: Option<String>,
    pub seed: u64,
    pub schedule: Schedule,
    /// Arrivals that are worked on at once; those beyond are counted and let go.
    pub most: usize,
    /// How long what was accepted may take to come to its end, after the last arrival.
    pub grace: Duration,
    /// How long one call is repeated while the shop says "later".
    pub patience: Duration,
    /// An administrator's name and password.
    pub admin: (String, String),
    pub output: Option<PathBuf>,
}

/// What arrives.
pub trait Workload: Sized + Send + Sync + 'static {
    const NAME: &'static str;

    /// Makes what the arrivals need.
    fn prepare(run: Arc<Run>) -> impl Future<Output = Result<Self, Error>> + Send;

    /// The n-th arrival, which was due at that moment.
    fn arrive(&self, n: u64, due: tokio::time::Instant) -> impl Future<Output = ()> + Send;
}

/// One run, as its parts share it.
pub struct Run {
    pub plan: Plan,
    /// Tells this run's keys and names from those of others with the same seed.
    pub name: String,
    connections: Connections,
    board: Arc<Board>,
    follower: Follower,
}

impl Run {
    /// The same for the same seed and number, whatever else happens.
    fn dice(&self, n: u64) -> StdRng {
        dice(self.plan.seed, n)
    }
}

fn dice(seed: u64, n: u64) -> StdRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&n.to_le_bytes());
    StdRng::from_seed(bytes)
}

/// Runs the plan to its end, or until `stop`; what was accepted until then is followed all the same.
pub async fn run<W: Workload>(plan: Plan, stop: CancellationToken) -> Result<Summary, Error> {
    let board = Arc::new(Board::default());
    let run = Arc::new(Run {
        name: uuid::Uuid::new_v4().simple().to_string()[..12].to_owned(),
        connections: Connections::new(&plan.gateway, plan.patience, board.clone()),
        follower: Follower::new(board.clone(), plan.grace),
        board,
        plan,
    });
    let workload = Arc::new(W::prepare(run.clone()).await?);
    let lag = run.plan.kafka.clone().map(|brokers| Lag::watch(brokers, run.board.clone()));
    let view = view::show(W::NAME, run.plan.schedule, run.board.clone());
    let arrive = |n, due| {
        let workload = workload.clone();
        async move { workload.arrive(n, due).await }
    };
    schedule::drive(run.plan.schedule, run.plan.most, &run.board, &stop, arrive).await;
    run.follower.finish().await;
    if let Some(lag) = lag {
        lag.finish().await;
    }
    view.finish().await;
    let summary = Summary::of(W::NAME, &run.plan, &run.board);
    if let Some(file) = &run.plan.output {
        std::fs::write(file, serde_json::to_string_pretty(&summary)? + "\n")?;
    }
    Ok(summary)
}
