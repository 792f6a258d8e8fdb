//! The HTTP API of shipments and tracking.

use std::sync::Arc;

use config::id::UserId;
use config::idempotency::{Answer, Idempotency};
use config::jwt_auth::{Admin, SignedIn};
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Fields};
use config::response::{Created, IfMatch, Versioned};
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;

use super::shipment_dto::{NewShipment, PublicTrackingDto, ShipmentDto, StatusChange, TrackingDto};
use crate::application::{CreateShipment, ShipmentFilter, ShipmentsReader, ShippingError, UpdateStatus};
use crate::domain::{OrderId, ShipmentId, ShipmentStatus};

/// Shipments and tracking.
pub struct ShipmentsApi {
    pub(crate) create: CreateShipment,
    pub(crate) update: UpdateStatus,
    pub(crate) shipments: Arc<dyn ShipmentsReader>,
    pub(crate) idempotency: Idempotency,
}

#[OpenApi]
impl ShipmentsApi {
    /// Ship an order by hand
    ///
    /// A paid order gets its shipment by itself, and one that is paid for on delivery when it is confirmed; an order has
    /// one at most. What was cancelled by hand or has come back is sent again by this: the same shipment begins anew as
    /// `pending`, with another tracking number. An order that isn't to be sent is refused: 409 `order-not-paid`, or
    /// `order-is-over` when it is delivered, cancelled or refunded.
    #[oai(path = "/api/shipments", method = "post")]
    async fn create(
        &self,
        admin: Admin,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        body: Body<NewShipment>,
    ) -> Result<Created<ShipmentDto>, ApiError> {
        let request = &body.parse()?;
        let scope = format!("{}:create-shipment", admin.user_id);
        let done = self.idempotency.run(scope, key.0, &body.0, |claim| async move {
            let answer = |shipment: &_| Answer::json(201, &ShipmentDto::from(Clone::clone(shipment)));
            let shipment = self.create.run(request, claim.as_ref(), answer).await?;
            Ok::<_, ShippingError>(ShipmentDto::from(shipment))
        });
        Ok(done.await?.into())
    }

    /// Shipments, newest first
    ///
    /// One's own; administrators see all.
    #[oai(path = "/api/shipments", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a query parameter")]
    async fn list(
        &self,
        caller: SignedIn,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
        user_id: Query<Option<u64>>,
        order_id: Query<Option<u64>>,
        status: Query<Option<String>>,
    ) -> Result<Json<Page<ShipmentDto>>, ApiError> {
        let user_id = match (caller.is_admin(), user_id.0) {
            (true, asked) => asked.map(UserId::new),
            (false, asked) => Some(caller.acting_for(asked)?),
        };
        let mut fields = Fields::default();
        let paging = Paging::check(&mut fields, skip.0, limit.0, cursor.as_deref());
        let status = fields.check("status", status.as_deref().map(str::parse::<ShipmentStatus>).transpose());
        let (paging, status) = fields.finish(|| paging.zip(status))?;
        let filter = ShipmentFilter { user_id, order_id: order_id.0.map(OrderId::new), status };
        let slice = self.shipments.list(&filter, paging).await?;
        Ok(Json(Page::new(slice, paging, |shipment| shipment.id.get(), ShipmentDto::from)))
    }

    /// A shipment
    #[oai(path = "/api/shipments/:id", method = "get")]
    async fn get(
        &self,
        caller: SignedIn,
        id: Path<u64>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> Result<Versioned<ShipmentDto>, ApiError> {
        let id = ShipmentId::new(id.0);
        let shipment = self.shipments.shipment(id).await?.ok_or(ShippingError::NotFound(id))?;
        caller.must_own(shipment.consignment.user_id)?;
        let version = shipment.version;
        Ok(Versioned::read(shipment.into(), version, if_none_match.as_deref()))
    }

    /// Where an order's shipment is
    #[oai(path = "/api/shipments/:order_id/track", method = "get")]
    async fn track(&self, caller: SignedIn, order_id: Path<u64>) -> Result<Json<TrackingDto>, ApiError> {
        let order = OrderId::new(order_id.0);
        let shipment =
            self.shipments.shipment_of_order(order).await?.ok_or(ShippingError::NotShipped(order))?;
        caller.must_own(shipment.consignment.user_id)?;
        let timeline = self.shipments.timeline(shipment.id).await?;
        Ok(Json(TrackingDto::new(&shipment, timeline)))
    }

    /// Where the parcel with a tracking number is
    ///
    /// For whoever has the number; it tells nothing about the customer.
    #[oai(path = "/api/shipments/track/:tracking_number", method = "get")]
    async fn track_by_number(
        &self,
        tracking_number: Path<String>,
    ) -> Result<Json<PublicTrackingDto>, ApiError> {
        let number = tracking_number.parse().map_err(|_| ShippingError::NoSuchNumber)?;
        let shipment =
            self.shipments.shipment_by_number(&number).await?.ok_or(ShippingError::NoSuchNumber)?;
        let timeline = self.shipments.timeline(shipment.id).await?;
        Ok(Json(PublicTrackingDto::new(&shipment, timeline)))
    }

    /// Move a shipment along
    #[oai(path = "/api/shipments/:id/status", method = "put")]
    async fn move_along(
        &self,
        _admin: Admin,
        id: Path<u64>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<StatusChange>,
    ) -> Result<Versioned<ShipmentDto>, ApiError> {
        let update = body.parse()?;
        let shipment = self.update.run(ShipmentId::new(id.0), &update, &IfMatch::new(if_match.0)).await?;
        let version = shipment.version;
        Ok(Versioned::written(shipment.into(), version))
    }
}
