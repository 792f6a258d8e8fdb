//! What the use cases need from the world outside.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, UnitOfWork};
use config::id::UserId;
use config::page::{Paging, Slice};
use config::registry::CallError;

use crate::domain::{
    Consignment, MethodCode, OrderFacts, OrderId, Shipment, ShipmentId, ShipmentStatus, ShippingMethod,
    Standing, TrackingEvent, TrackingNumber,
};

/// Shipments, as a unit of work changes them.
#[async_trait]
pub trait Shipments: Send {
    /// Adds a pending shipment; `None` when the order has one already.
    async fn add(
        &mut self,
        consignment: &Consignment,
        now: DateTime<Utc>,
    ) -> Result<Option<Shipment>, StoreError>;
    /// Has the order's one shipment cancelled before there is any, so that none is ever made; `false` when it has one.
    /// Readers don't see it.
    async fn rule_out(&mut self, consignment: &Consignment, now: DateTime<Utc>) -> Result<bool, StoreError>;
    /// The shipment, locked until the end.
    async fn shipment_for_update(&mut self, id: ShipmentId) -> Result<Option<Shipment>, StoreError>;
    /// The order's shipment, locked until the end.
    async fn shipment_of_order_for_update(&mut self, order: OrderId) -> Result<Option<Shipment>, StoreError>;
    /// Writes what may change of a locked shipment while it is one consignment.
    async fn save(&mut self, shipment: &Shipment) -> Result<(), StoreError>;
    /// Writes what of a locked shipment is another consignment's from now on, beside [`save`](Self::save).
    async fn entrust(&mut self, shipment: &Shipment) -> Result<(), StoreError>;
    /// Adds to the shipment's timeline.
    async fn record(&mut self, id: ShipmentId, event: &TrackingEvent) -> Result<(), StoreError>;
}

/// Methods, as a unit of work changes them.
#[async_trait]
pub trait Methods: Send {
    async fn method(&mut self, code: &MethodCode) -> Result<Option<ShippingMethod>, StoreError>;
    /// The method, locked until the end.
    async fn method_for_update(&mut self, code: &MethodCode) -> Result<Option<ShippingMethod>, StoreError>;
    /// `false` when the code is taken.
    async fn add_method(&mut self, method: &ShippingMethod) -> Result<bool, StoreError>;
    /// Writes a locked method.
    async fn save_method(&mut self, method: &ShippingMethod) -> Result<(), StoreError>;
}

/// A unit of work of this service.
pub trait Store: UnitOfWork + Shipments + Methods {}
impl<T: UnitOfWork + Shipments + Methods> Store for T {}

/// Which shipments are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShipmentFilter {
    pub user_id: Option<UserId>,
    pub order_id: Option<OrderId>,
    pub status: Option<ShipmentStatus>,
}

/// Shipments, as they are read outside a unit of work.
#[async_trait]
pub trait ShipmentsReader: Send + Sync {
    async fn shipment(&self, id: ShipmentId) -> Result<Option<Shipment>, StoreError>;
    async fn shipment_of_order(&self, order: OrderId) -> Result<Option<Shipment>, StoreError>;
    async fn shipment_by_number(&self, number: &TrackingNumber) -> Result<Option<Shipment>, StoreError>;
    /// Newest first.
    async fn list(&self, filter: &ShipmentFilter, paging: Paging) -> Result<Slice<Shipment>, StoreError>;
    /// Oldest first.
    async fn timeline(&self, id: ShipmentId) -> Result<Vec<TrackingEvent>, StoreError>;
}

/// Methods, as they are read outside a unit of work.
#[async_trait]
pub trait MethodsReader: Send + Sync {
    /// All of them, in the order of their positions.
    async fn methods(&self) -> Result<Vec<ShippingMethod>, StoreError>;
    async fn method(&self, code: &MethodCode) -> Result<Option<ShippingMethod>, StoreError>;
}

/// What must be known of an order to ship it by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderSummary {
    pub facts: OrderFacts,
    pub standing: Standing,
}

/// Orders, which order-service keeps.
#[async_trait]
pub trait Orders: Send + Sync {
    async fn order(&self, id: OrderId) -> Result<Option<OrderSummary>, CallError>;
}
