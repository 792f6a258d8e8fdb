//! The promotions that are offered, kept in memory: pricing a basket reads nothing but these.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use config::clock::Clock;
use config::database::StoreError;
use tokio::sync::Mutex;

use super::PromotionReader;
use crate::domain::{Code, Promotion};

/// Should the news of a change be lost, it is missed for no longer than this.
const LIFETIME: Duration = Duration::from_secs(30);

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

struct Kept {
    live: Arc<Live>,
    generation: u64,
    read_at: Instant,
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
        if let Some(live) = self.kept() {
            return Ok(live);
        }
        let _alone = self.reading.lock().await;
        if let Some(live) = self.kept() {
            return Ok(live);
        }
        let generation = self.generation.load(Ordering::Acquire);
        let read_at = Instant::now();
        let live = Arc::new(Live::from(self.reader.live(self.clock.now()).await?));
        let kept = Kept { live: live.clone(), generation, read_at };
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(live)
    }

    fn kept(&self) -> Option<Arc<Live>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let generation = self.generation.load(Ordering::Acquire);
        let good = |kept: &&Kept| kept.generation == generation && kept.read_at.elapsed() < LIFETIME;
        kept.as_ref().filter(good).map(|kept| kept.live.clone())
    }
}
