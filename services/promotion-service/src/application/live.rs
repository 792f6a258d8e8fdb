//! The promotions that are offered, kept in memory: pricing a basket reads nothing but these.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use config::clock::Clock;
use config::database::StoreError;
use tokio::sync::Mutex;

use super::PromotionReader;
use crate::domain::Promotion;

/// Should the news of a change be lost, it is missed for no longer than this.
const LIFETIME: Duration = Duration::from_secs(30);

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
    promotions: Arc<[Promotion]>,
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

    pub async fn all(&self) -> Result<Arc<[Promotion]>, StoreError> {
        if let Some(promotions) = self.kept() {
            return Ok(promotions);
        }
        let _alone = self.reading.lock().await;
        if let Some(promotions) = self.kept() {
            return Ok(promotions);
        }
        let generation = self.generation.load(Ordering::Acquire);
        let read_at = Instant::now();
        let promotions: Arc<[Promotion]> = self.reader.live(self.clock.now()).await?.into();
        let kept = Kept { promotions: promotions.clone(), generation, read_at };
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(promotions)
    }

    fn kept(&self) -> Option<Arc<[Promotion]>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let generation = self.generation.load(Ordering::Acquire);
        let good = |kept: &&Kept| kept.generation == generation && kept.read_at.elapsed() < LIFETIME;
        kept.as_ref().filter(good).map(|kept| kept.promotions.clone())
    }
}
