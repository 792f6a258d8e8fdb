//! The promotions that are offered, kept in memory: pricing a basket reads nothing but these.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use config::clock::Clock;
use config::database::StoreError;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::PromotionReader;
use crate::domain::{Code, Promotion};

/// Should the news of a change be lost, it is missed for no longer than this.
const LIFETIME: Duration = Duration::from_secs(30);
/// So long the last ones are good while the database is away. Nobody can change them meanwhile, unless it is away for
/// this instance alone.
const PATIENCE: Duration = Duration::from_secs(300);
/// A database that is away is asked again after this.
const PAUSE: Duration = Duration::from_secs(5);
/// Where there are last ones, it is away when it doesn't answer within this: whoever asks for a price doesn't wait for
/// the pool to give up.
const ANSWER: Duration = Duration::from_millis(500);

/// What is offered, or will be.
pub struct Live {
    /// Those that apply by themselves.
    pub automatic: Vec<Promotion>,
    pub by_code: HashMap<Code, Promotion>,
}

impl From<Vec<Promotion>> for Live {
    fn from(all: Vec<Promotion>) -> Self {
        let (coded, automatic): (Vec<_>, Vec<_>) = all.into_iter().partition(|it| it.terms.code.is_some());
        let by_code = coded.into_iter().filter_map(|it| Some((it.terms.code.clone()?, it))).collect();
        Self { automatic, by_code }
    }
}

/// What is offered, or will be, as it was read last.
pub struct LivePromotions {
    reader: Arc<dyn PromotionReader>,
    clock: Arc<dyn Clock>,
    kept: RwLock<Option<Kept>>,
    /// Grows with every change that is heard of. What was read before isn't good any more, even when the answer
    /// comes after the news.
    generation: AtomicU64,
    /// Many who miss it at once read it once.
    reading: Mutex<()>,
}

#[derive(Clone)]
struct Kept {
    live: Arc<Live>,
    generation: u64,
    read_at: Instant,
    /// When they are read again, though nothing was heard of.
    good_until: Instant,
}

impl LivePromotions {
    pub fn new(reader: Arc<dyn PromotionReader>, clock: Arc<dyn Clock>) -> Self {
        Self {
            reader,
            clock,
            kept: RwLock::default(),
            generation: AtomicU64::new(0),
            reading: Mutex::default(),
        }
    }

    /// Something has changed, here or in another instance.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    pub async fn now(&self) -> Result<Arc<Live>, StoreError> {
        if let Some(live) = self.good() {
            return Ok(live);
        }
        let _alone = self.reading.lock().await;
        if let Some(live) = self.good() {
            return Ok(live);
        }
        let generation = self.generation.load(Ordering::Acquire);
        let kept = self.read(generation).await?;
        let live = kept.live.clone();
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(live)
    }

    async fn read(&self, generation: u64) -> Result<Kept, StoreError> {
        let read_at = Instant::now();
        let read = self.reader.live(self.clock.now());
        let last = self.last().filter(|last| last.read_at.elapsed() < PATIENCE);
        let answer = match &last {
            Some(_) => {
                timeout(ANSWER, read).await.unwrap_or_else(|late| Err(StoreError::Unavailable(late.into())))
            }
            None => read.await,
        };
        match (answer, last) {
            (Ok(all), _) => {
                let live = Arc::new(Live::from(all));
                Ok(Kept { live, generation, read_at, good_until: read_at + LIFETIME })
            }
            (Err(StoreError::Unavailable(_)), Some(last)) => {
                tracing::warn!("the promotions can't be read; those that were read last hold");
                Ok(Kept { generation, good_until: Instant::now() + PAUSE, ..last })
            }
            (Err(error), _) => Err(error),
        }
    }

    fn last(&self) -> Option<Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn good(&self) -> Option<Arc<Live>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let generation = self.generation.load(Ordering::Acquire);
        let is_good = |kept: &&Kept| kept.generation == generation && Instant::now() < kept.good_until;
        kept.as_ref().filter(is_good).map(|kept| kept.live.clone())
    }
}

#[cfg(test)]
mod tests;
