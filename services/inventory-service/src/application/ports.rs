//! What the use cases need from the world outside.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, UnitOfWork};
use config::id::ProductId;
use config::page::{Paging, Slice};

use crate::domain::{Allocation, Level, ReservationId, ReservationState, StockItem, Warehouse};

config::names! {
    /// Why what is on hand changes.
    MovementKind {
        Opening = "opening",
        Count = "count",
        Adjustment = "adjustment",
        Sale = "sale",
        Return = "return",
    }
}

/// A change of what is on hand.
#[derive(Debug, Clone)]
pub struct Movement {
    pub product_id: ProductId,
    pub warehouse: Warehouse,
    pub kind: MovementKind,
    pub delta: i64,
    pub reason: String,
}

/// A change as it was recorded.
#[derive(Debug, Clone)]
pub struct MovementRecord {
    pub id: u64,
    pub warehouse: String,
    pub kind: String,
    pub delta: i64,
    pub reason: String,
    pub created_at: DateTime<Utc>,
}

/// Stock that is kept for an order.
#[derive(Debug, Clone)]
pub struct Reservation {
    pub id: ReservationId,
    pub state: ReservationState,
    pub expires_at: DateTime<Utc>,
    /// Whether its goods have left, though their order is over.
    pub parcel_away: bool,
    pub lines: Vec<Allocation>,
}

/// Stock, as a unit of work changes it.
#[async_trait]
pub trait StockRepository: Send {
    /// `false` when the product is known already.
    async fn add_product(&mut self, item: &StockItem, now: DateTime<Utc>) -> Result<bool, StoreError>;
    /// The product with its levels, locked until the end.
    async fn item_for_update(&mut self, id: &ProductId) -> Result<Option<StockItem>, StoreError>;
    /// The levels of those of the products that are known, locked until the end.
    async fn levels_for_update(
        &mut self,
        ids: &BTreeSet<ProductId>,
    ) -> Result<BTreeMap<ProductId, Vec<Level>>, StoreError>;
    /// Writes locked levels; new ones are added.
    async fn save_levels(
        &mut self,
        levels: &[(&ProductId, &Level)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    async fn set_threshold(&mut self, id: &ProductId, threshold: u32) -> Result<(), StoreError>;
    async fn record(&mut self, movements: &[Movement], now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Sets units aside if they are there; `false` when they no longer are.
    async fn set_aside(&mut self, line: &Allocation, now: DateTime<Utc>) -> Result<bool, StoreError>;
    /// Undoes [`set_aside`](Self::set_aside).
    async fn give_back(&mut self, line: &Allocation, now: DateTime<Utc>) -> Result<(), StoreError>;
    /// Takes units that were set aside off the shelf.
    async fn take(&mut self, line: &Allocation, now: DateTime<Utc>) -> Result<(), StoreError>;
    /// Puts units back on the shelf.
    async fn put_back(&mut self, line: &Allocation, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// Products that changed since they were last announced, locked, with whether they were low then.
    async fn changed(&mut self, limit: u32) -> Result<Vec<(StockItem, bool)>, StoreError>;
    /// These are announced; what was said of each being low is as [`changed`](Self::changed) gave it.
    async fn announced(&mut self, items: &[(StockItem, bool)]) -> Result<(), StoreError>;
}

/// Reservations, as a unit of work changes them.
#[async_trait]
pub trait Reservations: Send {
    /// Adds reservations; violates `PRIMARY` when one of them exists.
    async fn add_reservations(
        &mut self,
        reservations: &[&Reservation],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// The reservation, locked until the end.
    async fn reservation_for_update(&mut self, id: ReservationId) -> Result<Option<Reservation>, StoreError>;
    async fn set_state(
        &mut self,
        id: ReservationId,
        state: ReservationState,
        order: Option<u64>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Whether its goods have left, though their order is over.
    async fn set_parcel_away(&mut self, id: ReservationId, away: bool) -> Result<(), StoreError>;
    /// So much was taken for these lines of a locked reservation, and no more.
    async fn set_taken(&mut self, id: ReservationId, lines: &[Allocation]) -> Result<(), StoreError>;
    /// Lets the orders' reservations no longer expire, if all of them are active; `false` when one isn't, and then
    /// this must not be committed.
    async fn hold_all(&mut self, orders: &[(ReservationId, u64)]) -> Result<bool, StoreError>;
    /// Active reservations whose time is over, locked; those that another instance has in hand are left out.
    async fn due(&mut self, now: DateTime<Utc>, limit: u32) -> Result<Vec<Reservation>, StoreError>;
}

/// A unit of work of this service.
pub trait Store: UnitOfWork + StockRepository + Reservations {}
impl<T: UnitOfWork + StockRepository + Reservations> Store for T {}

/// Stock, as it is read outside a unit of work.
#[async_trait]
pub trait StockReader: Send + Sync {
    async fn item(&self, id: &ProductId) -> Result<Option<StockItem>, StoreError>;
    /// By product; `after` is the last one of the part before.
    async fn list(&self, paging: Paging, after: Option<&ProductId>) -> Result<Slice<StockItem>, StoreError>;
    async fn movements(&self, id: &ProductId, paging: Paging) -> Result<Slice<MovementRecord>, StoreError>;
    async fn reservation(&self, id: ReservationId) -> Result<Option<Reservation>, StoreError>;
}
