//! Making the index from the catalogue.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use config::clock::Clock;
use config::problem::chain;
use tokio::sync::watch;

use super::{Building, Catalogue, ReindexOrders, SearchError};

/// Pauses between tries while the catalogue can't be read.
const PAUSES: [u64; 6] = [100, 200, 500, 1000, 2000, 5000];
/// An index is made anew this often even when nobody asks: should ever an event have been missed.
const SAFETY: chrono::TimeDelta = chrono::TimeDelta::hours(6);

/// Where the index is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub phase: Phase,
    /// Products read by the build that runs or ran last.
    pub read: u64,
    /// Products that there are to read.
    pub total: u64,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// The order to reindex that was carried out last.
    pub order: u64,
}

config::names! {
    /// How far the index is.
    Phase {
        /// The first index is being made: nothing can be found yet.
        Loading = "loading",
        /// Another is being made; the old one answers.
        Reindexing = "reindexing",
        Ready = "ready",
    }
}

/// Makes this instance's index at the start, and again when an operator orders it.
pub struct BuildIndex {
    catalogue: Arc<dyn Catalogue>,
    building: Arc<dyn Building>,
    orders: Arc<dyn ReindexOrders>,
    clock: Arc<dyn Clock>,
    progress: Mutex<Progress>,
}

impl BuildIndex {
    pub fn new(
        catalogue: Arc<dyn Catalogue>,
        building: Arc<dyn Building>,
        orders: Arc<dyn ReindexOrders>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let progress = Progress {
            phase: Phase::Loading,
            read: 0,
            total: 0,
            started_at: None,
            finished_at: None,
            order: 0,
        };
        Self { catalogue, building, orders, clock, progress: Mutex::new(progress) }
    }

    pub fn progress(&self) -> Progress {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Orders all instances to make their index anew; the answer is the order's number.
    pub async fn order(&self) -> Result<u64, SearchError> {
        let number = self.clock.now().timestamp_millis().unsigned_abs();
        self.orders.give(number).await?;
        Ok(number)
    }

    /// Makes an index each time that the following of the news has begun, since some may have been missed before, and
    /// looks for orders once in a `round`; for as long as it is polled.
    pub async fn keep(&self, mut followed: watch::Receiver<u64>, round: Duration) {
        // The sender lives as long as the consumer.
        let _ = followed.wait_for(|begun| *begun > 0).await;
        self.load(Phase::Loading).await;
        loop {
            tokio::select! {
                Ok(()) = followed.changed() => self.load(Phase::Reindexing).await,
                () = tokio::time::sleep(round) => {
                    if let Err(error) = self.obey().await {
                        tracing::warn!(error = %chain(&error), "the index isn't made anew");
                    }
                }
            }
        }
    }

    /// An index. It takes as long as the catalogue can't be read.
    async fn load(&self, phase: Phase) {
        // Without Redis there is no order that could be carried out twice.
        let order = self.orders.last().await.unwrap_or(self.progress().order);
        let mut pauses = PAUSES.iter().chain(std::iter::repeat(&PAUSES[PAUSES.len() - 1]));
        while let Err(error) = self.build(phase).await {
            tracing::warn!(error = %chain(&error), "the catalogue can't be read yet");
            tokio::time::sleep(Duration::from_millis(pauses.next().copied().unwrap_or(1000))).await;
        }
        self.note(|progress| progress.order = order);
    }

    /// Carries out the last order unless it has been.
    pub async fn obey(&self) -> Result<(), SearchError> {
        let progress = self.progress();
        let due = progress.finished_at.is_some_and(|finished| self.clock.now() - finished > SAFETY);
        let order = match self.orders.last().await {
            Ok(order) => order,
            Err(_) if due => progress.order,
            Err(error) => return Err(error.into()),
        };
        if !due && (order == 0 || order == progress.order) {
            return Ok(());
        }
        let outcome = self.build(Phase::Reindexing).await;
        self.note(|progress| {
            progress.phase = Phase::Ready;
            if outcome.is_ok() {
                progress.order = order;
            }
        });
        outcome
    }

    async fn build(&self, phase: Phase) -> Result<(), SearchError> {
        let now = self.clock.now();
        self.note(|progress| {
            let (order, finished_at) = (progress.order, progress.finished_at);
            *progress = Progress { phase, read: 0, total: 0, started_at: Some(now), finished_at, order };
        });
        self.building.begin()?;
        let mut after = None;
        loop {
            let part = self.catalogue.after(after.as_ref()).await?;
            self.note(|progress| {
                progress.read += part.products.len() as u64;
                progress.total = part.total.max(progress.read);
            });
            after = part.products.last().map(|product| product.id.clone());
            self.building.add(part.products);
            if !part.more {
                break;
            }
        }
        let products = self.building.finish().await?;
        let now = self.clock.now();
        self.note(|progress| {
            progress.phase = Phase::Ready;
            progress.finished_at = Some(now);
        });
        tracing::info!(products, "the index is made");
        Ok(())
    }

    fn note(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests;
