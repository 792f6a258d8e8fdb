//! What moderators do over HTTP.

use std::sync::Arc;

use config::jwt_auth::Admin;
use config::page::{Page, Paging};
use config::problem::{ApiError, Body};
use config::response::IfMatch;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::dto::{DecisionDto, ModeratedRatingDto, QueueDto};
use crate::application::{Moderate, RatingError, RatingReader, WaitingRating};
use crate::domain::RatingId;

/// Moderation.
pub struct ModerationApi {
    pub(crate) moderate: Moderate,
    pub(crate) ratings: Arc<dyn RatingReader>,
}

#[OpenApi]
impl ModerationApi {
    /// What waits for a moderator
    #[oai(path = "/api/ratings/moderation", method = "get")]
    async fn queue(
        &self,
        _admin: Admin,
        /// `pending` when not given
        queue: Query<Option<QueueDto>>,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<ModeratedRatingDto>>, ApiError> {
        let paging = Paging::parse(skip.0, limit.0, cursor.as_deref())?;
        let queue = queue.0.unwrap_or(QueueDto::Pending).into();
        let slice = self.ratings.queue(queue, paging).await?;
        let position = |waiting: &WaitingRating| queue.position(&waiting.shown.rating);
        Ok(Json(Page::new(slice, paging, position, ModeratedRatingDto::from)))
    }

    /// Show a rating, hide or reject it; reports until now are dealt with by that
    ///
    /// `If-Match` is the `version` that was looked at, in quotes: words that were changed since are 412.
    #[oai(path = "/api/ratings/:id/moderation", method = "put")]
    async fn decide(
        &self,
        _admin: Admin,
        id: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<DecisionDto>,
    ) -> Result<Json<ModeratedRatingDto>, ApiError> {
        let (status, reason) = body.0.parse()?;
        let id = RatingId::new(id.0);
        self.moderate.run(id, status, reason.as_ref(), &IfMatch::new(if_match.0)).await?;
        let shown = self.ratings.rating(id).await?.ok_or(RatingError::NotFound(id))?;
        // The decision has dealt with all reasons.
        Ok(Json(WaitingRating { shown, reasons: Vec::new() }.into()))
    }
}
