//! Returns of goods.

use std::sync::Arc;

use config::idempotency::Idempotency;
use config::jwt_auth::{Admin, Caller, SignedIn};
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Fields, OptionalBody};
use config::response::{Created, IfMatch, Versioned};
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::super::dto::{
    ApproveRequest, NewReturnRequest, ReceiveRequest, RefundRequest, RejectRequest, ReturnDto, id, optional,
    return_id,
};
use crate::application::{Decision, OrderError, OrderReader, Reply, ReturnFilter, ReturnReader, Returns};
use crate::domain::OrderId;

/// Goods that come back.
pub struct ReturnApi {
    pub(crate) returns: Returns,
    pub(crate) orders: Arc<dyn OrderReader>,
    pub(crate) reader: Arc<dyn ReturnReader>,
    pub(crate) idempotency: Idempotency,
}

#[OpenApi]
impl ReturnApi {
    /// Everybody's returns, newest first, for administrators
    #[oai(path = "/api/orders/returns", method = "get")]
    async fn list_all(
        &self,
        _admin: Admin,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
        status: Query<Option<String>>,
    ) -> Result<Json<Page<ReturnDto>>, ApiError> {
        let mut fields = Fields::default();
        let paging = Paging::check(&mut fields, skip.0, limit.0, cursor.as_deref());
        let status = optional(&mut fields, "status", status.as_deref());
        let (status, paging) = fields.finish(|| status.zip(paging))?;
        self.page(ReturnFilter { order: None, status }, paging).await
    }

    /// Ask to send something back
    ///
    /// What was shipped or delivered can be returned for a while after its delivery, in as many returns as one
    /// likes, but no more of it than was bought.
    #[oai(path = "/api/orders/:id/returns", method = "post")]
    async fn request(
        &self,
        caller: SignedIn,
        #[oai(name = "id")] path: Path<u64>,
        /// Up to 255 characters: the same again begins no second return
        #[oai(name = "Idempotency-Key")]
        idempotency_key: Header<Option<String>>,
        body: Body<NewReturnRequest>,
    ) -> Result<Created<ReturnDto>, ApiError> {
        let order = id(path.0)?;
        let (wanted, comment) = body.0.parse()?;
        let begin = async |claim: Option<_>| {
            let reply = claim.map(|claim| Reply { claim, render: ReturnDto::created });
            let back = self.returns.request(order, &caller, &wanted, comment, reply).await?;
            Ok::<_, OrderError>(ReturnDto::from(&back))
        };
        let scope = format!("{}:return:{order}", caller.user_id);
        Ok(self.idempotency.run(scope, idempotency_key.0, &body.0, begin).await?.into())
    }

    /// An order's returns, newest first
    #[oai(path = "/api/orders/:id/returns", method = "get")]
    async fn list(
        &self,
        caller: SignedIn,
        #[oai(name = "id")] path: Path<u64>,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<ReturnDto>>, ApiError> {
        let paging = Paging::parse(skip.0, limit.0, cursor.as_deref())?;
        let order = self.own(&caller, path.0).await?;
        self.page(ReturnFilter { order: Some(order), status: None }, paging).await
    }

    /// A return
    #[oai(path = "/api/orders/:id/returns/:return_id", method = "get")]
    async fn get(
        &self,
        caller: SignedIn,
        #[oai(name = "id")] path: Path<u64>,
        #[oai(name = "return_id")] which: Path<u64>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> Result<Versioned<ReturnDto>, ApiError> {
        let order = self.own(&caller, path.0).await?;
        let which = return_id(which.0)?;
        let back = self.reader.find_return(order, which).await?.ok_or(OrderError::NoReturn(which))?;
        Ok(Versioned::read(ReturnDto::from(&back), back.version, if_none_match.as_deref()))
    }

    /// Let the shopper send it back
    #[oai(path = "/api/orders/:id/returns/:return_id/approve", method = "post")]
    async fn approve(
        &self,
        caller: Admin,
        #[oai(name = "id")] path: Path<u64>,
        #[oai(name = "return_id")] which: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: OptionalBody<ApproveRequest>,
    ) -> Result<Versioned<ReturnDto>, ApiError> {
        let decision = ApproveRequest::parse(body.0.as_ref())?;
        self.decide(&caller, (path.0, which.0), if_match.0, decision).await
    }

    /// Refuse a return that isn't here yet
    #[oai(path = "/api/orders/:id/returns/:return_id/reject", method = "post")]
    async fn reject(
        &self,
        caller: Admin,
        #[oai(name = "id")] path: Path<u64>,
        #[oai(name = "return_id")] which: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<RejectRequest>,
    ) -> Result<Versioned<ReturnDto>, ApiError> {
        let decision = body.0.parse()?;
        self.decide(&caller, (path.0, which.0), if_match.0, decision).await
    }

    /// The goods are here; what is as good as new goes back on the shelf
    #[oai(path = "/api/orders/:id/returns/:return_id/receive", method = "post")]
    async fn receive(
        &self,
        caller: Admin,
        #[oai(name = "id")] path: Path<u64>,
        #[oai(name = "return_id")] which: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: OptionalBody<ReceiveRequest>,
    ) -> Result<Versioned<ReturnDto>, ApiError> {
        let decision = ReceiveRequest::parse(body.0.as_ref())?;
        self.decide(&caller, (path.0, which.0), if_match.0, decision).await
    }

    /// Give the money back
    ///
    /// Never more than is left of what was paid: when nothing is, the return is `refunded` at once. Asked again while
    /// the money is on its way, it tries to give back what is still missing.
    #[oai(path = "/api/orders/:id/returns/:return_id/refund", method = "post")]
    async fn refund(
        &self,
        caller: Admin,
        #[oai(name = "id")] path: Path<u64>,
        #[oai(name = "return_id")] which: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: OptionalBody<RefundRequest>,
    ) -> Result<Versioned<ReturnDto>, ApiError> {
        let decision = RefundRequest::parse(body.0.as_ref());
        self.decide(&caller, (path.0, which.0), if_match.0, decision).await
    }

    /// Take a return back before it was decided upon
    #[oai(path = "/api/orders/:id/returns/:return_id/cancel", method = "post")]
    async fn cancel(
        &self,
        caller: SignedIn,
        #[oai(name = "id")] path: Path<u64>,
        #[oai(name = "return_id")] which: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
    ) -> Result<Versioned<ReturnDto>, ApiError> {
        self.decide(&caller, (path.0, which.0), if_match.0, Decision::Cancel).await
    }
}

impl ReturnApi {
    /// The order, if it is the caller's.
    async fn own(&self, caller: &Caller, path: u64) -> Result<OrderId, ApiError> {
        let id = id(path)?;
        let order = self.orders.order(id).await?.ok_or(OrderError::NotFound(id))?;
        caller.must_own(order.user_id)?;
        Ok(id)
    }

    async fn page(&self, filter: ReturnFilter, paging: Paging) -> Result<Json<Page<ReturnDto>>, ApiError> {
        let slice = self.reader.list_returns(filter, paging).await?;
        Ok(Json(Page::new(slice, paging, |back| back.id.get(), |back| ReturnDto::from(&back))))
    }

    /// `path`: the order's id and the return's.
    async fn decide(
        &self,
        caller: &Caller,
        path: (u64, u64),
        if_match: Option<String>,
        decision: Decision,
    ) -> Result<Versioned<ReturnDto>, ApiError> {
        let (order, back) = (id(path.0)?, return_id(path.1)?);
        let back = self.returns.decide(order, back, caller, &decision, &IfMatch::new(if_match)).await?;
        Ok(Versioned::written(ReturnDto::from(&back), back.version))
    }
}
