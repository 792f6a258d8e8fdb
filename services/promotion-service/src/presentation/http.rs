//! The HTTP API.

use std::sync::Arc;

use config::clock::Clock;
use config::jwt_auth::{Admin, Internal, MaybeSignedIn, SignedIn};
use config::money::Currency;
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Fields};
use config::registry::CallError;
use config::response::{Created, IfMatch, NoContent, Versioned};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use super::basket_dto::{BasketRequest, PricedDto, ReservedDto};
use super::promotion_dto::PromotionDto;
use super::promotion_request::PromotionRequest;
use crate::application::{
    ListFilter, ManagePromotions, Orders, Price, PromotionError, PromotionReader, Reserve, Settle,
};
use crate::domain::{Code, OrderId, Promotion, PromotionId, ReservationId};

/// Promotions, and their uses.
pub struct PromotionApi {
    pub(crate) manage: ManagePromotions,
    pub(crate) price: Price,
    pub(crate) reserve: Reserve,
    pub(crate) settle: Settle,
    pub(crate) promotions: Arc<dyn PromotionReader>,
    pub(crate) orders: Arc<dyn Orders>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The shop's.
    pub(crate) currency: Currency,
}

/// A code for an order.
#[derive(Debug, Object)]
struct CodeRequest {
    /// It must be pending.
    order_id: u64,
    code: String,
}

#[OpenApi]
impl PromotionApi {
    /// Add a promotion
    #[oai(path = "/api/promotions", method = "post")]
    async fn add(
        &self,
        _admin: Admin,
        body: Body<PromotionRequest>,
    ) -> Result<Created<PromotionDto>, ApiError> {
        let promotion = self.manage.add(&body.parse(self.currency)?).await?;
        Ok(Created::new(PromotionDto::whole(promotion)))
    }

    /// The promotions, newest first
    ///
    /// Everybody sees the public ones that aren't over; administrators see all, with how often they are used.
    #[oai(path = "/api/promotions", method = "get")]
    async fn list(
        &self,
        caller: MaybeSignedIn,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
        /// The one with this code; for administrators
        code: Query<Option<String>>,
        /// Whether to show what was deleted, too; for administrators
        archived: Query<Option<bool>>,
    ) -> Result<Json<Page<PromotionDto>>, ApiError> {
        if !is_admin(&caller) {
            let paging = Paging::parse(skip.0, limit.0, cursor.as_deref())?;
            let filter = ListFilter::Public { now: self.clock.now() };
            return self.page(&filter, paging, PromotionDto::public).await;
        }
        let mut fields = Fields::default();
        let paging = Paging::check(&mut fields, skip.0, limit.0, cursor.as_deref());
        let code = fields.check("code", code.as_deref().map(str::parse::<Code>).transpose());
        let (paging, code) = fields.finish(|| paging.zip(code))?;
        let filter = ListFilter::Everything { archived: archived.0.unwrap_or_default(), code };
        self.page(&filter, paging, PromotionDto::whole).await
    }

    /// The public promotions that run now, newest first
    #[oai(path = "/api/promotions/active", method = "get")]
    async fn active(
        &self,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<PromotionDto>>, ApiError> {
        let paging = Paging::parse(skip.0, limit.0, cursor.as_deref())?;
        self.page(&ListFilter::Running { now: self.clock.now() }, paging, PromotionDto::public).await
    }

    /// A promotion
    ///
    /// Everybody may see a public one until it is over.
    #[oai(path = "/api/promotions/:id", method = "get")]
    async fn get(
        &self,
        caller: MaybeSignedIn,
        id: Path<u64>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> Result<Versioned<PromotionDto>, ApiError> {
        let id = PromotionId::new(id.0);
        let now = self.clock.now();
        let admin = is_admin(&caller);
        let found = self.promotions.promotion(id).await?.filter(|promotion| admin || promotion.is_shown(now));
        let promotion = found.ok_or(PromotionError::NotFound(id))?;
        let version = promotion.version;
        Ok(match admin {
            // Uses change without a new version: what an administrator has may be outdated all the same.
            true => Versioned::read(PromotionDto::whole(promotion), version, None),
            false => Versioned::read(PromotionDto::public(promotion), version, if_none_match.as_deref()),
        })
    }

    /// Give a promotion other terms
    ///
    /// Orders that have it keep their price.
    #[oai(path = "/api/promotions/:id", method = "put")]
    async fn replace(
        &self,
        _admin: Admin,
        id: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<PromotionRequest>,
    ) -> Result<Versioned<PromotionDto>, ApiError> {
        let terms = body.parse(self.currency)?;
        let if_match = IfMatch::new(if_match.0);
        let promotion = self.manage.replace(PromotionId::new(id.0), &terms, &if_match).await?;
        let version = promotion.version;
        Ok(Versioned::written(PromotionDto::whole(promotion), version))
    }

    /// Offer a promotion no more
    ///
    /// Its code is free for another one; orders that have it keep it.
    #[oai(path = "/api/promotions/:id", method = "delete")]
    async fn archive(
        &self,
        _admin: Admin,
        id: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> Result<NoContent, ApiError> {
        self.manage.archive(PromotionId::new(id.0), &IfMatch::new(if_match.0)).await?;
        Ok(NoContent::NoContent)
    }

    /// Apply a code to an order that is pending
    ///
    /// The answer is the order with its new price, as order-service shows it.
    #[oai(path = "/api/promotions/apply", method = "post")]
    async fn apply(&self, caller: SignedIn, body: Body<CodeRequest>) -> Result<Json<Value>, ApiError> {
        let mut fields = Fields::default();
        let code = fields.check("code", body.code.parse::<Code>());
        let code = fields.finish(|| code)?;
        let order = OrderId::new(body.order_id);
        let applied = self.orders.apply(order, &code, caller.user_id, caller.is_admin()).await;
        applied.map(Json).map_err(passed_on)
    }

    /// What promotions make of a basket; nothing is kept
    #[oai(path = "/internal/promotions/quote", method = "post")]
    async fn quote(
        &self,
        _service: Internal,
        body: Body<BasketRequest>,
    ) -> Result<Json<PricedDto>, ApiError> {
        Ok(Json(self.price.run(&body.parse()?).await?.into()))
    }

    /// Price a basket and keep a use of each promotion for it
    ///
    /// The id is the caller's choice: the same again gets the same answer.
    #[oai(path = "/internal/promotions/reservations/:id", method = "put")]
    async fn reserve(
        &self,
        _service: Internal,
        id: Path<Uuid>,
        body: Body<BasketRequest>,
    ) -> Result<Json<ReservedDto>, ApiError> {
        let (user, basket) = body.parse_for_customer()?;
        Ok(Json(self.reserve.run(ReservationId::new(id.0), user, &basket).await?.into()))
    }

    /// Give the uses of a reservation back
    ///
    /// May be repeated. An id that isn't known is refused from then on.
    #[oai(path = "/internal/promotions/reservations/:id/release", method = "post")]
    async fn release(&self, _service: Internal, id: Path<Uuid>) -> Result<NoContent, ApiError> {
        self.settle.release(ReservationId::new(id.0)).await?;
        Ok(NoContent::NoContent)
    }
}

impl PromotionApi {
    async fn page(
        &self,
        filter: &ListFilter,
        paging: Paging,
        show: impl Fn(Promotion) -> PromotionDto,
    ) -> Result<Json<Page<PromotionDto>>, ApiError> {
        let slice = self.promotions.list(filter, paging).await?;
        Ok(Json(Page::new(slice, paging, |promotion| promotion.id.get(), show)))
    }
}

fn is_admin(caller: &MaybeSignedIn) -> bool {
    caller.0.as_ref().is_some_and(|caller| caller.is_admin())
}

/// What order-service has against the code is for whoever asked. That it doesn't know us is not.
fn passed_on(error: CallError) -> ApiError {
    match error.rejection() {
        Some((status, problem)) if [403, 404, 409, 422].contains(&status.as_u16()) => {
            ApiError::passed_on(status, problem)
        }
        _ => error.into(),
    }
}
