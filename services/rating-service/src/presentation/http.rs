//! The HTTP API.

use std::sync::Arc;

use config::id::ProductId;
use config::jwt_auth::SignedIn;
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Fields, InvalidFields, OptionalBody};
use config::response::{Created, IfMatch, NoContent, Versioned};
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::dto::{
    HelpfulDto, NewRatingDto, ProductRatingsDto, RatingChangeDto, RatingDto, ReportDto, SortDto, SummaryDto,
};
use crate::application::{
    Filter, KnownProducts, Rate, RatingError, RatingReader, Respond, ShownRating, Sort,
};
use crate::domain::{RatingId, Stars};

/// Ratings.
pub struct RatingApi {
    pub(crate) rate: Rate,
    pub(crate) respond: Respond,
    pub(crate) products: KnownProducts,
    pub(crate) ratings: Arc<dyn RatingReader>,
}

/// Which of a product's ratings are asked for.
struct Asked {
    filter: Filter,
    sort: Sort,
    paging: Paging,
}

#[OpenApi]
impl RatingApi {
    /// Rate a product
    ///
    /// Once for each user and product; a second time is 409 and names the rating that is there. After one that moderators
    /// took away, or weren't done with, was removed, the next one is `pending` until they have seen it.
    #[oai(path = "/api/ratings", method = "post")]
    async fn add(&self, caller: SignedIn, body: Body<NewRatingDto>) -> Result<Created<RatingDto>, ApiError> {
        let (product, content) = body.0.parse()?;
        let user = caller.acting_for(body.user_id)?;
        let id = self.rate.add(user, &product, &content).await?;
        Ok(Created::new(self.rating(id).await?.into()))
    }

    /// The caller's own ratings, newest first, also those that aren't shown
    #[oai(path = "/api/ratings/mine", method = "get")]
    async fn mine(
        &self,
        caller: SignedIn,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<RatingDto>>, ApiError> {
        let paging = Paging::parse(skip.0, limit.0, cursor.as_deref())?;
        let slice = self.ratings.of_user(caller.user_id, paging).await?;
        Ok(Json(Page::new(slice, paging, |shown| shown.rating.id.get(), RatingDto::from)))
    }

    /// What buyers think of a product; `id` is the product's
    #[oai(path = "/api/ratings/:id", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the request")]
    async fn of_product(
        &self,
        id: Path<String>,
        /// Only those with so many stars
        stars: Query<Option<i64>>,
        /// Only those of buyers, or only the others
        verified: Query<Option<bool>>,
        sort: Query<Option<SortDto>>,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ProductRatingsDto>, ApiError> {
        let asked = asked(stars.0, verified.0, sort.0, skip.0, limit.0, cursor.as_deref())?;
        self.list(&id, asked).await
    }

    /// What buyers think of a product
    #[oai(path = "/api/ratings/product/:product_id", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the request")]
    async fn of_named_product(
        &self,
        product_id: Path<String>,
        /// Only those with so many stars
        stars: Query<Option<i64>>,
        /// Only those of buyers, or only the others
        verified: Query<Option<bool>>,
        sort: Query<Option<SortDto>>,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<ProductRatingsDto>, ApiError> {
        let asked = asked(stars.0, verified.0, sort.0, skip.0, limit.0, cursor.as_deref())?;
        self.list(&product_id, asked).await
    }

    /// A product's average and histogram; `id` is the product's
    #[oai(path = "/api/ratings/:id/summary", method = "get")]
    async fn summary(
        &self,
        id: Path<String>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> Result<Versioned<SummaryDto>, ApiError> {
        let product = ProductId::in_path(&id)?;
        let summary = self.ratings.summary(&product).await?;
        if summary.version() == 0 {
            self.products.require(&product).await?;
        }
        let record = SummaryDto::new(&product, summary);
        Ok(Versioned::read(record, summary.version(), if_none_match.as_deref()))
    }

    /// Change one's rating
    #[oai(path = "/api/ratings/:id", method = "put")]
    async fn edit(
        &self,
        caller: SignedIn,
        id: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<RatingChangeDto>,
    ) -> Result<Versioned<RatingDto>, ApiError> {
        let (id, edit) = (RatingId::new(id.0), body.0.parse()?);
        self.rate.edit(&caller, id, &edit, &IfMatch::new(if_match.0)).await?;
        let shown = self.rating(id).await?;
        let version = shown.rating.version;
        Ok(Versioned::written(shown.into(), version))
    }

    /// Take one's rating back
    #[oai(path = "/api/ratings/:id", method = "delete")]
    async fn remove(
        &self,
        caller: SignedIn,
        id: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> Result<NoContent, ApiError> {
        self.rate.remove(&caller, RatingId::new(id.0), &IfMatch::new(if_match.0)).await?;
        Ok(NoContent::NoContent)
    }

    /// Say that somebody else's rating helps; once counts
    #[oai(path = "/api/ratings/:id/helpful", method = "post")]
    async fn vote(&self, caller: SignedIn, id: Path<u64>) -> Result<Json<HelpfulDto>, ApiError> {
        let helpful_count = self.respond.vote(caller.user_id, RatingId::new(id.0), true).await?;
        Ok(Json(HelpfulDto { id: id.0, helpful_count, voted: true }))
    }

    /// Take the vote back
    #[oai(path = "/api/ratings/:id/helpful", method = "delete")]
    async fn unvote(&self, caller: SignedIn, id: Path<u64>) -> Result<Json<HelpfulDto>, ApiError> {
        let helpful_count = self.respond.vote(caller.user_id, RatingId::new(id.0), false).await?;
        Ok(Json(HelpfulDto { id: id.0, helpful_count, voted: false }))
    }

    /// Tell the moderators of a rating that shouldn't be there
    #[oai(path = "/api/ratings/:id/report", method = "post")]
    async fn report(
        &self,
        caller: SignedIn,
        id: Path<u64>,
        body: OptionalBody<ReportDto>,
    ) -> Result<NoContent, ApiError> {
        let reason = body.0.map(|body| body.parse()).transpose()?.flatten();
        self.respond.report(caller.user_id, RatingId::new(id.0), reason.as_ref()).await?;
        Ok(NoContent::NoContent)
    }
}

impl RatingApi {
    async fn list(&self, product: &str, asked: Asked) -> Result<Json<ProductRatingsDto>, ApiError> {
        let product = ProductId::in_path(product)?;
        let Asked { filter, sort, paging } = asked;
        let (summary, slice) = self.ratings.of_product(&product, filter, sort, paging).await?;
        if summary.version() == 0 {
            self.products.require(&product).await?;
        }
        let page = Page::new(
            slice,
            paging,
            |shown| sort.position(&shown.rating),
            |shown| RatingDto {
                // What a moderator told the author is for the author.
                moderation_reason: None,
                ..RatingDto::from(shown)
            },
        );
        Ok(Json(ProductRatingsDto::new(&product, summary, page)))
    }

    async fn rating(&self, id: RatingId) -> Result<ShownRating, ApiError> {
        Ok(self.ratings.rating(id).await?.ok_or(RatingError::NotFound(id))?)
    }
}

fn asked(
    stars: Option<i64>,
    verified: Option<bool>,
    sort: Option<SortDto>,
    skip: Option<i64>,
    limit: Option<i64>,
    cursor: Option<&str>,
) -> Result<Asked, InvalidFields> {
    let mut fields = Fields::default();
    let stars = fields.check("stars", stars.map(Stars::new).transpose());
    let paging = Paging::check(&mut fields, skip, limit, cursor);
    let sort = sort.map_or_else(Sort::default, Sort::from);
    fields.finish(|| Some(Asked { filter: Filter { stars: stars?, verified }, sort, paging: paging? }))
}
