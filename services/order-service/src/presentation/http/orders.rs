//! Orders.

use std::sync::Arc;

use config::clock::Clock;
use config::id::UserId;
use config::idempotency::Idempotency;
use config::jwt_auth::{Caller, Internal, MaybeSignedIn, SignedIn};
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Fields, OptionalBody};
use config::response::{Created, IfMatch, Versioned};
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::super::dto::{
    CancelRequest, ChangeRequest, EntryDto, InternalOrderDto, NewOrderRequest, OrderDto, PromotionRequest,
    QuoteDto, QuoteRequest, filter, id, owner,
};
use crate::application::{ChangeOrder, OrderError, OrderReader, PlaceOrder, Pricing, Reply, RepriceOrder};
use crate::domain::{Actor, Order, OrderId};

/// Orders.
pub struct OrderApi {
    pub(crate) place: PlaceOrder,
    pub(crate) change: ChangeOrder,
    pub(crate) pricing: Pricing,
    pub(crate) reprice: RepriceOrder,
    pub(crate) orders: Arc<dyn OrderReader>,
    pub(crate) idempotency: Idempotency,
    pub(crate) clock: Arc<dyn Clock>,
}

#[OpenApi]
impl OrderApi {
    /// Place an order
    ///
    /// The shop prices it and sets its stock aside. It is cancelled unless it is paid before `expires_at`. Who has too
    /// many orders that aren't paid gets a 409 (`too-many-open-orders`); an administrator doesn't.
    #[oai(path = "/api/orders", method = "post")]
    async fn place(
        &self,
        caller: SignedIn,
        /// Up to 255 characters: the same again places no second order
        #[oai(name = "Idempotency-Key")]
        idempotency_key: Header<Option<String>>,
        body: Body<NewOrderRequest>,
    ) -> Result<Created<OrderDto>, ApiError> {
        let user = caller.acting_for(body.0.user_id)?;
        let by = Actor::of(&caller);
        let request = body.0.clone().parse()?;
        let place = async |claim: Option<_>| {
            let reply = claim.map(|claim| Reply { claim, render: OrderDto::created });
            let order = self.place.run(user, by, request, reply).await?;
            Ok::<_, OrderError>(OrderDto::from(&order))
        };
        let scope = format!("{}:place-order", caller.user_id);
        Ok(self.idempotency.run(scope, idempotency_key.0, &body.0, place).await?.into())
    }

    /// Price a basket without ordering it
    #[oai(path = "/api/orders/quote", method = "post")]
    async fn quote(
        &self,
        caller: MaybeSignedIn,
        body: Body<QuoteRequest>,
    ) -> Result<Json<QuoteDto>, ApiError> {
        let user = caller.0.map(|caller| caller.user_id);
        Ok(Json(self.pricing.quote(&body.0.parse()?, user).await?.into()))
    }

    /// The caller's orders, newest first; an administrator's are everybody's
    #[oai(path = "/api/orders", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the request")]
    async fn list(
        &self,
        caller: SignedIn,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
        /// Somebody else's: for administrators
        user_id: Query<Option<u64>>,
        status: Query<Option<String>>,
        /// Placed then or later: a date, or a time with its zone
        from: Query<Option<String>>,
        /// Placed before then, or on that date
        to: Query<Option<String>>,
    ) -> Result<Json<Page<OrderDto>>, ApiError> {
        let user = owner(&caller, user_id.0)?;
        let mut fields = Fields::default();
        let paging = Paging::check(&mut fields, skip.0, limit.0, cursor.as_deref());
        let filter = filter(&mut fields, user, status.as_deref(), from.as_deref(), to.as_deref());
        let (filter, paging) = fields.finish(|| filter.zip(paging))?;
        let slice = self.orders.list(filter, paging).await?;
        Ok(Json(Page::new(slice, paging, |order| order.id.get(), |order| OrderDto::from(&order))))
    }

    /// An order
    #[oai(path = "/api/orders/:id", method = "get")]
    async fn get(
        &self,
        caller: SignedIn,
        #[oai(name = "id")] path: Path<u64>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> Result<Versioned<OrderDto>, ApiError> {
        let order = self.own(&caller, id(path.0)?).await?;
        Ok(Versioned::read(OrderDto::from(&order), order.version, if_none_match.as_deref()))
    }

    /// Everything that happened to an order, oldest first
    #[oai(path = "/api/orders/:id/history", method = "get")]
    async fn history(
        &self,
        caller: SignedIn,
        #[oai(name = "id")] path: Path<u64>,
    ) -> Result<Json<Page<EntryDto>>, ApiError> {
        let order = self.own(&caller, id(path.0)?).await?;
        let items: Vec<_> = self.orders.history(&order).await?.into_iter().map(EntryDto::from).collect();
        let count = items.len() as u64;
        Ok(Json(Page { items, count, total: count, next_cursor: None }))
    }

    /// Change an order
    ///
    /// Its owner or an administrator changes the address until it is packed; administrators move it along. A status
    /// that it can't have next is a 409 that names those it can.
    #[oai(path = "/api/orders/:id", method = "put")]
    async fn change(
        &self,
        caller: SignedIn,
        #[oai(name = "id")] path: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<ChangeRequest>,
    ) -> Result<Versioned<OrderDto>, ApiError> {
        let wanted = body.0.parse()?;
        let order = self.change.run(id(path.0)?, &caller, &wanted, &IfMatch::new(if_match.0)).await?;
        Ok(Versioned::written(OrderDto::from(&order), order.version))
    }

    /// Cancel an order; what was paid is given back
    #[oai(path = "/api/orders/:id/cancel", method = "post")]
    async fn cancel(
        &self,
        caller: SignedIn,
        #[oai(name = "id")] path: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: OptionalBody<CancelRequest>,
    ) -> Result<Versioned<OrderDto>, ApiError> {
        self.end(&caller, path.0, if_match.0, body.0).await
    }

    /// Cancel an order; it stays readable
    #[oai(path = "/api/orders/:id", method = "delete")]
    async fn delete(
        &self,
        caller: SignedIn,
        #[oai(name = "id")] path: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> Result<Versioned<OrderDto>, ApiError> {
        self.end(&caller, path.0, if_match.0, None).await
    }

    /// What has to be paid for an order
    #[oai(path = "/internal/orders/:id", method = "get")]
    async fn due(
        &self,
        _service: Internal,
        #[oai(name = "id")] path: Path<u64>,
    ) -> Result<Json<InternalOrderDto>, ApiError> {
        let order = self.order(id(path.0)?).await?;
        Ok(Json(InternalOrderDto::new(&order, self.clock.now())))
    }

    /// Give a pending order another promotion
    ///
    /// promotion-service asks for it on a user's behalf.
    #[oai(path = "/internal/orders/:id/promotion", method = "post")]
    async fn promote(
        &self,
        _service: Internal,
        #[oai(name = "id")] path: Path<u64>,
        body: Body<PromotionRequest>,
    ) -> Result<Versioned<OrderDto>, ApiError> {
        let code = body.0.parse()?;
        let (id, user) = (id(path.0)?, UserId::new(body.0.user_id));
        let order = self.reprice.run(id, user, body.0.is_admin, &code).await?;
        Ok(Versioned::written(OrderDto::from(&order), order.version))
    }
}

impl OrderApi {
    async fn order(&self, id: OrderId) -> Result<Order, ApiError> {
        Ok(self.orders.order(id).await?.ok_or(OrderError::NotFound(id))?)
    }

    async fn own(&self, caller: &Caller, id: OrderId) -> Result<Order, ApiError> {
        let order = self.order(id).await?;
        caller.must_own(order.user_id)?;
        Ok(order)
    }

    async fn end(
        &self,
        caller: &Caller,
        path: u64,
        if_match: Option<String>,
        request: Option<CancelRequest>,
    ) -> Result<Versioned<OrderDto>, ApiError> {
        let reason = CancelRequest::parse(request.as_ref())?;
        let order = self.change.cancel(id(path)?, caller, reason, &IfMatch::new(if_match)).await?;
        Ok(Versioned::written(OrderDto::from(&order), order.version))
    }
}
