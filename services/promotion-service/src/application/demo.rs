//! The demonstration's promotions.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};

use super::manage::changed;
use super::{PromotionError, Store};
use crate::domain::Terms;

/// Adds the demonstration's promotions, each once and for all: what was changed or deleted since stays so.
pub struct LoadDemo {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl LoadDemo {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// How many were new. Several instances may do this at once: a mark is set once.
    pub async fn run(&self, demo: &[(String, Terms)]) -> Result<usize, PromotionError> {
        let mut added = 0;
        for (name, terms) in demo {
            let new = retrying(|| self.load(name, terms)).await;
            match new {
                Ok(new) => added += usize::from(new),
                // Somebody has made a promotion with this code: it is theirs.
                Err(PromotionError::Store(error)) if error.violates("promotions_live_code") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(added)
    }

    async fn load(&self, name: &str, terms: &Terms) -> Result<bool, PromotionError> {
        let mut tx = self.store.begin().await?;
        if !tx.mark_demo(name).await? {
            return Ok(false);
        }
        let promotion = tx.add(terms, self.clock.now()).await?;
        tx.publish(changed(&promotion)).await?;
        tx.commit().await?;
        Ok(true)
    }
}
