//! Telling the others what buyers think now.
//!
//! A hundred ratings of one product within a moment are one event: whoever shows an average wants the figure, not
//! each step. A change is marked on the summary in the transaction that makes it, so none is ever forgotten.

use std::sync::Arc;

use config::database::{Begin, retrying};
use config::kafka::Envelope;

use super::{RatingChanged, RatingError, Store};

const BATCH: u32 = 200;

/// Publishes `rating_changed`.
pub struct AnnounceChanges {
    store: Arc<dyn Begin<dyn Store>>,
}

impl AnnounceChanges {
    pub fn new(store: Arc<dyn Begin<dyn Store>>) -> Self {
        Self { store }
    }

    /// All that changed until now.
    pub async fn run(self: Arc<Self>) -> Result<(), RatingError> {
        while retrying(|| self.batch()).await? == BATCH as usize {}
        Ok(())
    }

    async fn batch(&self) -> Result<usize, RatingError> {
        let mut tx = self.store.begin().await?;
        let changed = tx.changed(BATCH).await?;
        for (product_id, summary) in &changed {
            let event = RatingChanged {
                product_id: product_id.to_string(),
                average: summary.average(),
                count: summary.count(),
                histogram: (*summary).into(),
                version: summary.version(),
            };
            tx.publish(Envelope::new(&event)).await?;
        }
        let announced: Vec<_> = changed.iter().map(|(product_id, _)| product_id).collect();
        tx.announced(&announced).await?;
        tx.commit().await?;
        Ok(changed.len())
    }
}
