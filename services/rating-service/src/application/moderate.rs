//! A moderator's decision.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::response::IfMatch;

use super::rate::recount;
use super::{RatingError, Store};
use crate::domain::{RatingId, Reason, Status};

/// Shows ratings, and takes them away.
#[derive(Clone)]
pub struct Moderate {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl Moderate {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// With `if_match` only what the moderator has seen.
    pub async fn run(
        &self,
        id: RatingId,
        status: Status,
        reason: Option<&Reason>,
        if_match: &IfMatch,
    ) -> Result<(), RatingError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let mut rating = tx.rating_for_update(id).await?.ok_or(RatingError::NotFound(id))?;
            if_match.check(rating.version)?;
            let before = rating.counts_as();
            rating.moderate(status, reason.cloned(), self.clock.now());
            tx.save(&rating).await?;
            tx.remove_reports(id).await?;
            if status == Status::Published {
                tx.unmark_withdrawn(rating.user_id, &rating.product_id).await?;
            }
            recount(tx.as_mut(), before, &rating).await?;
            tx.commit().await?;
            tracing::info!(rating.id = %id, status = status.as_str(), "a rating was moderated");
            Ok(())
        })
        .await
    }
}
