//! What others say about a rating: that it helps, or that it shouldn't be there.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;

use super::{RatingError, Store};
use crate::domain::{Rating, RatingId, Reason, Status};

/// Counts helpful votes and reports: one of each a user.
#[derive(Clone)]
pub struct Respond {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl Respond {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Votes, or takes the vote back. The same again changes nothing. Returns how many find it helpful now.
    pub async fn vote(&self, user: UserId, id: RatingId, helpful: bool) -> Result<u32, RatingError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let mut rating = others(tx.as_mut(), user, id).await?;
            if helpful && tx.add_vote(id, user).await? {
                rating.helpful += 1;
            } else if !helpful && tx.remove_vote(id, user).await? {
                rating.helpful -= 1;
            }
            tx.save(&rating).await?;
            tx.commit().await?;
            Ok(rating.helpful)
        })
        .await
    }

    /// The same again changes nothing.
    pub async fn report(
        &self,
        user: UserId,
        id: RatingId,
        reason: Option<&Reason>,
    ) -> Result<(), RatingError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let mut rating = others(tx.as_mut(), user, id).await?;
            if tx.add_report(id, user, reason, self.clock.now()).await? {
                rating.reports += 1;
                tx.save(&rating).await?;
                tx.commit().await?;
            }
            Ok(())
        })
        .await
    }
}

/// A published rating of somebody else, locked.
async fn others(tx: &mut dyn Store, user: UserId, id: RatingId) -> Result<Rating, RatingError> {
    let rating = tx.rating_for_update(id).await?.filter(|rating| rating.status == Status::Published);
    let rating = rating.ok_or(RatingError::NotFound(id))?;
    match rating.user_id == user {
        true => Err(RatingError::OwnRating),
        false => Ok(rating),
    }
}
