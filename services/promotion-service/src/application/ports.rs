//! What the use cases need from the world outside.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, UnitOfWork};
use config::id::UserId;
use config::page::{Paging, Slice};
use config::registry::CallError;
use serde_json::Value;

use super::Priced;
use crate::domain::{
    Basket, Code, OrderId, Promotion, PromotionId, Reason, ReservationId, ReservationState, Terms,
};

/// Whether a use was to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Yes,
    /// A limit is reached.
    No(Reason),
    /// The promotion has other terms by now.
    Changed,
}

/// Promotions, as a unit of work changes them.
#[async_trait]
pub trait Promotions: Send {
    /// Adds a promotion; violates `promotions_live_code` when the code is taken.
    async fn add(&mut self, terms: &Terms, now: DateTime<Utc>) -> Result<Promotion, StoreError>;
    /// The promotion, locked until the end.
    async fn promotion_for_update(&mut self, id: PromotionId) -> Result<Option<Promotion>, StoreError>;
    /// Writes a locked promotion's terms; violates `promotions_live_code` when the code is taken.
    async fn save(&mut self, promotion: &Promotion) -> Result<(), StoreError>;
    /// Remembers that one of the demonstration's is loaded; `false` when it was before.
    async fn mark_demo(&mut self, name: &str) -> Result<bool, StoreError>;

    /// Reserves a use if the limits allow it and the terms are these. So many uses the order has `already`; they will
    /// be given back, and don't count.
    async fn take_use(
        &mut self,
        promotion: &Promotion,
        user: UserId,
        already: u32,
    ) -> Result<Taken, StoreError>;
    /// Reserves a use for an order that exists, whatever the limits say.
    async fn insist_on_use(&mut self, id: PromotionId, user: UserId) -> Result<(), StoreError>;
    /// Makes a reserved use a real one.
    async fn consume_use(&mut self, id: PromotionId) -> Result<(), StoreError>;
    /// Undoes [`take_use`](Self::take_use), or, when it was consumed, that too.
    async fn give_back(&mut self, id: PromotionId, user: UserId, consumed: bool) -> Result<(), StoreError>;
}

/// Uses of promotions that an order has, or is about to have.
#[derive(Debug, Clone)]
pub struct Reservation {
    pub id: ReservationId,
    pub state: ReservationState,
    pub user_id: UserId,
    /// The order that is priced again.
    pub order_id: Option<OrderId>,
    /// Sorted.
    pub promotions: Vec<PromotionId>,
    /// Whether one of the promotions is for first orders.
    pub first_order: bool,
    /// What the caller was told.
    pub priced: Priced,
    pub expires_at: DateTime<Utc>,
}

/// Reservations, as a unit of work changes them.
#[async_trait]
pub trait Reservations: Send {
    /// Adds a reservation; violates `PRIMARY` when its id is known.
    async fn add_reservation(
        &mut self,
        reservation: &Reservation,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Remembers an id that was released before anything was reserved under it; `false` when it is known.
    async fn add_tombstone(&mut self, id: ReservationId, now: DateTime<Utc>) -> Result<bool, StoreError>;
    /// The state of the reservation, who has it and what, locked until the end. Nobody has a tombstone.
    async fn held_for_update(&mut self, id: ReservationId) -> Result<Option<Held>, StoreError>;
    async fn set_state(
        &mut self,
        id: ReservationId,
        state: ReservationState,
        order: Option<OrderId>,
    ) -> Result<(), StoreError>;
    /// Active reservations whose time is over, locked; those that another instance has in hand are left out.
    async fn due(&mut self, now: DateTime<Utc>, limit: u32) -> Result<Vec<Held>, StoreError>;
    /// Makes locked reservations, at least one, expired ones.
    async fn expire(&mut self, ids: &[ReservationId]) -> Result<(), StoreError>;
    /// The promotions that the order has now, one for each use.
    async fn promotions_of(&mut self, order: OrderId) -> Result<Vec<PromotionId>, StoreError>;
}

/// A reservation, as far as its uses are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub id: ReservationId,
    pub state: ReservationState,
    pub user_id: Option<UserId>,
    /// Sorted.
    pub promotions: Vec<PromotionId>,
}

/// An order, as far as its customer's first one is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomerOrder {
    pub id: OrderId,
    pub user: UserId,
    pub cancelled: bool,
}

/// Customers, as far as their first orders are concerned.
#[async_trait]
pub trait Customers: Send {
    /// Whether the customer has no order and is about to have none, but for the order and the reservation that are
    /// named. Others who ask for the same customer wait until the end.
    async fn is_first_order(
        &mut self,
        user: UserId,
        order: Option<OrderId>,
        reservation: ReservationId,
    ) -> Result<bool, StoreError>;
    /// Remembers orders, at least one; one that was cancelled stays so.
    async fn record_orders(&mut self, orders: &[CustomerOrder]) -> Result<(), StoreError>;
}

/// A unit of work of this service.
pub trait Store: UnitOfWork + Promotions + Reservations + Customers {}
impl<T: UnitOfWork + Promotions + Reservations + Customers> Store for T {}

/// Which promotions are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListFilter {
    /// All but the archived ones, or all; perhaps only those with this code.
    Everything { archived: bool, code: Option<Code> },
    /// What everybody may see: not over, and public.
    Public { now: DateTime<Utc> },
    /// Of these, what has begun.
    Running { now: DateTime<Utc> },
}

/// Promotions and reservations, as they are read outside a unit of work.
#[async_trait]
pub trait PromotionReader: Send + Sync {
    async fn promotion(&self, id: PromotionId) -> Result<Option<Promotion>, StoreError>;
    /// Newest first.
    async fn list(&self, filter: &ListFilter, paging: Paging) -> Result<Slice<Promotion>, StoreError>;
    /// All that are offered or will be.
    async fn live(&self, now: DateTime<Utc>) -> Result<Vec<Promotion>, StoreError>;
    /// The promotion that has the code.
    async fn with_code(&self, code: &Code) -> Result<Option<Promotion>, StoreError>;
    /// Those of the promotions that can't be had for this basket now, for their limits.
    async fn exhausted(
        &self,
        promotions: &[&Promotion],
        basket: &Basket,
    ) -> Result<Vec<(PromotionId, Reason)>, StoreError>;
    /// The state of a reservation, and what its caller was told.
    async fn reservation(
        &self,
        id: ReservationId,
    ) -> Result<Option<(ReservationState, Option<Priced>)>, StoreError>;
}

/// Orders, which order-service keeps.
#[async_trait]
pub trait Orders: Send + Sync {
    /// Prices the order anew with the code; the order as its clients see it.
    async fn apply(
        &self,
        order: OrderId,
        code: &Code,
        user: UserId,
        is_admin: bool,
    ) -> Result<Value, CallError>;
}
