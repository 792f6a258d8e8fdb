//! The HTTP API.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use config::id::ProductId;
use config::jwt_auth::Admin;
use config::money::{Amount, Currency};
use config::page::{Page, within};
use config::problem::{ApiError, Fields};
use config::response::Prepared;
use poem_openapi::param::{Path, Query as Parameter};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use super::dto::{RecommendationDto, ReindexDto, SearchAnswer, StatusDto, SuggestionDto, TrendDto};
use super::given::Given;
use super::parameters::Parameters;
use super::render;
use crate::application::{BuildIndex, Index, Recommend, Search, Suggest, Trends};
use crate::domain::limits;

/// Suggestions, trends and recommendations that are given at most, and unless asked otherwise.
const MOST: u32 = 20;
const USUAL: u32 = 10;

/// Finding products.
pub struct SearchApi {
    pub(crate) search: Search,
    pub(crate) suggest: Suggest,
    pub(crate) recommend: Recommend,
    pub(crate) build: Arc<BuildIndex>,
    pub(crate) trends: Arc<dyn Trends>,
    pub(crate) index: Arc<dyn Index>,
    /// The shop's currency.
    pub(crate) currency: Currency,
}

/// The order is given; `GET /api/search/status` shows how far it is.
#[derive(ApiResponse)]
pub enum Accepted {
    #[oai(status = 202)]
    Accepted(Json<ReindexDto>),
}

#[OpenApi]
impl SearchApi {
    /// Find products
    ///
    /// Typing mistakes are forgiven, accents don't matter, synonyms and beginnings of words are found. Without a
    /// keyword: all products.
    #[oai(path = "/api/search", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the URL")]
    async fn search(
        &self,
        /// At most 200 characters
        keyword: Parameter<Given<String>>,
        /// May be repeated: any of them
        #[oai(explode)]
        category: Parameter<Given<Vec<String>>>,
        /// In the shop's currency; products in other currencies are left out
        min_price: Parameter<Given<Amount>>,
        /// As `min_price`
        max_price: Parameter<Given<Amount>>,
        in_stock: Parameter<Given<bool>>,
        /// 0 to 5
        min_rating: Parameter<Given<f64>>,
        /// `relevance`, `price`, `name`, `rating`, `created_at`, with `-` before it for the reverse
        sort: Parameter<Given<String>>,
        /// At most 10 000
        skip: Parameter<Given<i64>>,
        /// 1 to 100; 10 when not given
        limit: Parameter<Given<i64>>,
        /// The `next_cursor` of an earlier answer in the same order
        cursor: Parameter<Given<String>>,
    ) -> Result<Prepared<SearchAnswer>, ApiError> {
        self.find(Parameters {
            keyword: keyword.0,
            category: category.0,
            brand: Given::default(),
            attribute: Given::default(),
            min_price: min_price.0,
            max_price: max_price.0,
            in_stock: in_stock.0,
            min_rating: min_rating.0,
            created_after: Given::default(),
            sort: sort.0,
            skip: skip.0,
            limit: limit.0,
            cursor: cursor.0,
        })
        .await
    }

    /// Find products by every filter there is
    #[oai(path = "/api/search/advanced", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the URL")]
    async fn advanced(
        &self,
        /// At most 200 characters
        keyword: Parameter<Given<String>>,
        /// May be repeated: any of them
        #[oai(explode)]
        category: Parameter<Given<Vec<String>>>,
        /// May be repeated: any of them
        #[oai(explode)]
        brand: Parameter<Given<Vec<String>>>,
        /// `colour:Black`; may be repeated: of one attribute any value, of different ones all
        #[oai(explode)]
        attribute: Parameter<Given<Vec<String>>>,
        /// In the shop's currency; products in other currencies are left out
        min_price: Parameter<Given<Amount>>,
        /// As `min_price`
        max_price: Parameter<Given<Amount>>,
        in_stock: Parameter<Given<bool>>,
        /// 0 to 5
        min_rating: Parameter<Given<f64>>,
        /// RFC 3339
        created_after: Parameter<Given<DateTime<Utc>>>,
        /// `relevance`, `price`, `name`, `rating`, `created_at`, with `-` before it for the reverse
        sort: Parameter<Given<String>>,
        /// At most 10 000
        skip: Parameter<Given<i64>>,
        /// 1 to 100; 10 when not given
        limit: Parameter<Given<i64>>,
        /// The `next_cursor` of an earlier answer in the same order
        cursor: Parameter<Given<String>>,
    ) -> Result<Prepared<SearchAnswer>, ApiError> {
        self.find(Parameters {
            keyword: keyword.0,
            category: category.0,
            brand: brand.0,
            attribute: attribute.0,
            min_price: min_price.0,
            max_price: max_price.0,
            in_stock: in_stock.0,
            min_rating: min_rating.0,
            created_after: created_after.0,
            sort: sort.0,
            skip: skip.0,
            limit: limit.0,
            cursor: cursor.0,
        })
        .await
    }

    /// Complete what is being typed
    #[oai(path = "/api/search/suggest", method = "get")]
    async fn suggest(
        &self,
        /// At most 200 characters
        prefix: Parameter<Given<String>>,
        /// 1 to 20; 10 when not given
        limit: Parameter<Given<i64>>,
    ) -> Result<Json<Page<SuggestionDto>>, ApiError> {
        let mut fields = Fields::default();
        let prefix = prefix.0.check("prefix", &mut fields).unwrap_or_default();
        let legal = prefix.chars().count() <= limits::KEYWORD;
        let prefix = fields.check("prefix", legal.then_some(prefix).ok_or("must be at most 200 characters"));
        let limit = few(limit.0, &mut fields);
        let (prefix, limit) = fields.finish(|| Some((prefix?, limit?)))?;
        Ok(all(self.suggest.run(&prefix, limit).await?.into_iter().map(SuggestionDto::from)))
    }

    /// What people search for
    #[oai(path = "/api/search/trending", method = "get")]
    async fn trending(
        &self,
        /// 1 to 20; 10 when not given
        limit: Parameter<Given<i64>>,
    ) -> Result<Json<Page<TrendDto>>, ApiError> {
        let mut fields = Fields::default();
        let limit = few(limit.0, &mut fields);
        let limit = fields.finish(|| limit)?;
        let trends = self.trends.top().await?;
        Ok(all(trends.iter().take(limit).map(TrendDto::from)))
    }

    /// What goes with a product: bought together with it, else like it
    #[oai(path = "/api/search/recommendations/:product_id", method = "get")]
    async fn recommendations(
        &self,
        product_id: Path<String>,
        /// 1 to 20; 10 when not given
        limit: Parameter<Given<i64>>,
    ) -> Result<Json<Page<RecommendationDto>>, ApiError> {
        let mut fields = Fields::default();
        let limit = few(limit.0, &mut fields);
        let limit = fields.finish(|| limit)?;
        let id = ProductId::in_path(&product_id)?;
        Ok(all(self.recommend.run(&id, limit).await?.into_iter().map(RecommendationDto::from)))
    }

    /// Have every instance make its index anew, while the old one answers
    #[oai(path = "/api/search/reindex", method = "post")]
    async fn reindex(&self, _admin: Admin) -> Result<Accepted, ApiError> {
        let reindex = self.build.order().await?;
        Ok(Accepted::Accepted(Json(ReindexDto { reindex, state: "ordered".to_owned() })))
    }

    /// How this instance's index is
    #[oai(path = "/api/search/status", method = "get")]
    async fn status(&self) -> Result<Json<StatusDto>, ApiError> {
        Ok(Json(StatusDto::new(&self.build.progress(), self.index.size())))
    }
}

impl SearchApi {
    async fn find(&self, parameters: Parameters) -> Result<Prepared<SearchAnswer>, ApiError> {
        let started = Instant::now();
        let query = parameters.parse(self.currency)?;
        let answer = self.search.run(query, |query, found| render::keep(query, found, self.currency)).await;
        let took = started.elapsed();
        metrics::histogram!("search_seconds").record(took);
        Ok(Prepared::new(render::complete(&answer?, took)))
    }
}

fn few(given: Given<i64>, fields: &mut Fields) -> Option<usize> {
    let limit = given.check("limit", fields);
    fields.check("limit", within(limit, USUAL, 1, MOST)).map(|limit| limit as usize)
}

/// All there is, as a page.
fn all<T: poem_openapi::types::ParseFromJSON + poem_openapi::types::ToJSON>(
    items: impl Iterator<Item = T>,
) -> Json<Page<T>> {
    let items: Vec<T> = items.collect();
    let count = items.len() as u64;
    Json(Page { items, count, total: count, next_cursor: None })
}
