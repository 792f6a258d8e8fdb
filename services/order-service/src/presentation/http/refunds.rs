//! Money that is given back by hand.

use config::idempotency::Idempotency;
use config::jwt_auth::Admin;
use config::problem::{ApiError, Body};
use config::response::Performed;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};

use super::super::dto::{HandRefundRequest, OrderDto, id};
use crate::application::{OrderError, RefundByHand, Reply};

/// Money that is given back by other means than a payment.
pub struct RefundApi {
    pub(crate) refund: RefundByHand,
    pub(crate) idempotency: Idempotency,
}

#[OpenApi]
impl RefundApi {
    /// Record that money was given back by hand
    ///
    /// Nothing is sent: this is for money that was given back already and that no payment can give back, because the
    /// order was paid by bank transfer, say, or the provider refuses. More than was paid and not given back is a 409
    /// `refund-exceeds-paid` that names what is left. The return that it is for is `refunded` when it has all that it
    /// is owed, and so is the order when nothing is left.
    #[oai(path = "/api/orders/:id/refunds", method = "post")]
    async fn refund(
        &self,
        caller: Admin,
        #[oai(name = "id")] path: Path<u64>,
        /// Up to 255 characters: the same again is recorded once
        #[oai(name = "Idempotency-Key")]
        idempotency_key: Header<Option<String>>,
        body: Body<HandRefundRequest>,
    ) -> Result<Performed<OrderDto>, ApiError> {
        let order = id(path.0)?;
        let refund = body.0.parse()?;
        let administrator = caller.user_id;
        let record = async |claim: Option<_>| {
            let reply = claim.map(|claim| Reply { claim, render: OrderDto::shown });
            let order = self.refund.run(order, administrator, &refund, reply).await?;
            Ok::<_, OrderError>(OrderDto::from(&order))
        };
        let scope = format!("{administrator}:refund:{order}");
        Ok(self.idempotency.run(scope, idempotency_key.0, &body.0, record).await?.into())
    }
}
