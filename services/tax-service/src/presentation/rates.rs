//! The HTTP API of rates.

use std::sync::Arc;

use config::clock::Clock;
use config::idempotency::{Answer, Idempotency};
use config::jwt_auth::Admin;
use config::page::{Page, Paging};
use config::place::{Country, State};
use config::problem::{ApiError, Body, Fields, Kind};
use config::response::{Created, IfMatch, NoContent, Versioned};
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::parse;
use super::rate_dto::{RateDto, RateOrRates, RateRequest};
use crate::application::{Books, ManageRates, RateFilter, RateReader, TaxError};
use crate::domain::{Rate, RateId};

/// Rates.
pub struct RatesApi {
    pub(crate) manage: ManageRates,
    pub(crate) rates: Arc<dyn RateReader>,
    pub(crate) books: Arc<dyn Books>,
    pub(crate) idempotency: Idempotency,
    pub(crate) clock: Arc<dyn Clock>,
}

#[OpenApi]
impl RatesApi {
    /// The taxes of all places, in the order in which they were made
    ///
    /// Those of the past and of the future too, unless `on` names a day. What is taken of a thing is what
    /// `/api/tax/calculate` says.
    #[oai(path = "/api/tax/rates", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn list(
        &self,
        /// A country by its ISO 3166 code or its English name, or `US-CA`
        location: Query<Option<String>>,
        /// The rates of this state only, without its country's
        state: Query<Option<String>>,
        /// The rates of this product type only, without the general ones
        product_type: Query<Option<String>>,
        /// Those that hold on this day
        on: Query<Option<String>>,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<RateDto>>, ApiError> {
        let mut fields = Fields::default();
        let (location, state) = (location.0.as_deref(), state.0.as_deref());
        let filter = filter(&mut fields, location, state, product_type.0.as_deref(), on.0.as_deref());
        let paging = Paging::check(&mut fields, skip.0, limit.0, cursor.as_deref());
        let (filter, paging) = fields.finish(|| Some((filter?, paging?)))?;
        Ok(Json(self.page(&filter, paging).await?))
    }

    /// A country's taxes, or one by its id
    ///
    /// `/api/tax/rates/VN` and `/api/tax/rates/Vietnam` are a list like `/api/tax/rates`, `/api/tax/rates/7` is one
    /// rate.
    #[oai(path = "/api/tax/rates/:id", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn get(
        &self,
        /// A country by its ISO 3166 code or its English name, or a rate's id
        id: Path<String>,
        state: Query<Option<String>>,
        product_type: Query<Option<String>>,
        on: Query<Option<String>>,
        skip: Query<Option<i64>>,
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> Result<Versioned<RateOrRates>, ApiError> {
        if id.bytes().all(|b| b.is_ascii_digit()) {
            let id = parse_id(&id)?;
            let rate = self.rates.rate(id).await?.ok_or(TaxError::NoRate(id))?;
            let version = rate.version;
            return Ok(Versioned::read(RateOrRates::One(rate.into()), version, if_none_match.as_deref()));
        }
        let missing = |_| ApiError::new(Kind::NotFound, "country-not-found", "There is no such country.");
        let country: Country = id.parse().map_err(missing)?;
        let mut fields = Fields::default();
        let (location, state) = (Some(country.code()), state.0.as_deref());
        let filter = filter(&mut fields, location, state, product_type.0.as_deref(), on.0.as_deref());
        let paging = Paging::check(&mut fields, skip.0, limit.0, cursor.as_deref());
        let (filter, paging) = fields.finish(|| Some((filter?, paging?)))?;
        // Before the rates: what is read then is of this version or a later one.
        let version = self.books.version().await?;
        let page = self.page(&filter, paging).await?;
        Ok(Versioned::read(RateOrRates::All(page), version, if_none_match.as_deref()))
    }

    /// Add a tax
    ///
    /// The rates of a place add up; a state's come on top of its country's, unless they replace them. No two of the
    /// same name, place and product type hold on the same day.
    #[oai(path = "/api/tax/rates", method = "post")]
    async fn add(
        &self,
        admin: Admin,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        body: Body<RateRequest>,
    ) -> Result<Created<RateDto>, ApiError> {
        let terms = &body.parse(self.clock.now().date_naive())?;
        let scope = format!("{}:add-rate", admin.user_id);
        let done = self.idempotency.run(scope, key.0, &body.0, |claim| async move {
            let answer = |rate: &_| Answer::json(201, &RateDto::from(Clone::clone(rate)));
            Ok::<_, TaxError>(RateDto::from(self.manage.add(terms, claim.as_ref(), answer).await?))
        });
        Ok(done.await?.into())
    }

    /// Change a tax
    ///
    /// Everything is replaced; without `valid_from` the first day stays. To change a rate from a day on, end the old one
    /// the day before and add a new one.
    #[oai(path = "/api/tax/rates/:id", method = "put")]
    async fn replace(
        &self,
        _admin: Admin,
        id: Path<String>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<RateRequest>,
    ) -> Result<Versioned<RateDto>, ApiError> {
        let change = |rate: &Rate| body.parse(rate.terms.validity.from());
        let rate = self.manage.replace(parse_id(&id)?, &IfMatch::new(if_match.0), change).await?;
        let version = rate.version;
        Ok(Versioned::written(rate.into(), version))
    }

    /// Delete a tax
    #[oai(path = "/api/tax/rates/:id", method = "delete")]
    async fn delete(
        &self,
        _admin: Admin,
        id: Path<String>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> Result<NoContent, ApiError> {
        self.manage.delete(parse_id(&id)?, &IfMatch::new(if_match.0)).await?;
        Ok(NoContent::NoContent)
    }
}

impl RatesApi {
    async fn page(&self, filter: &RateFilter, paging: Paging) -> Result<Page<RateDto>, ApiError> {
        let slice = self.rates.rates(filter, paging).await?;
        Ok(Page::new(slice, paging, |rate| rate.id.get(), RateDto::from))
    }
}

fn filter(
    fields: &mut Fields,
    location: Option<&str>,
    state: Option<&str>,
    product_type: Option<&str>,
    on: Option<&str>,
) -> Option<RateFilter> {
    let place = parse::place(fields, None, location, None);
    let country = place.as_ref().and_then(Option::as_ref).map(|place| place.country);
    let state = state.map(|text| country.map_or_else(|| text.parse(), |country| State::of(country, text)));
    let state = fields.check("state", state.transpose());
    let product_type = parse::label_if_any(fields, "product_type", product_type);
    let on = parse::day_if_any(fields, "on", on);
    let place = place?;
    let state = state?.or(place.and_then(|place| place.state));
    Some(RateFilter { country, state, product_type: product_type?, on: on? })
}

/// A path that can't name a rate names nothing.
fn parse_id(id: &str) -> Result<RateId, ApiError> {
    let missing = |_| ApiError::new(Kind::NotFound, "tax-rate-not-found", "There is no such tax rate.");
    id.parse().map(RateId::new).map_err(missing)
}
