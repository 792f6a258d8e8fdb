//! What the use cases need from the world outside.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use config::database::{StoreError, UnitOfWork};
use config::id::{ProductId, UserId};
use config::money::{Currency, Money};
use config::page::{Paging, Slice};
use config::registry::CallError;
use uuid::Uuid;

use crate::domain::{
    Actor, Address, CartId, CartItem, CartKey, NewOrder, Order, OrderId, OrderLine, Product, PromotionCode,
    Quantity, Status,
};

/// A line of an order's history. `from` equals `to` in a remark, and is `None` at the beginning.
#[derive(Debug, Clone)]
pub struct Entry {
    pub order: OrderId,
    pub from: Option<Status>,
    pub to: Status,
    pub by: Actor,
    pub reason: Option<String>,
    pub at: DateTime<Utc>,
}

/// A line of an order's history as it was recorded.
#[derive(Debug, Clone)]
pub struct EntryRecord {
    pub from: Option<String>,
    pub to: String,
    pub actor: String,
    pub actor_id: Option<u64>,
    pub reason: Option<String>,
    pub at: DateTime<Utc>,
}

/// Orders, as a unit of work changes them.
#[async_trait]
pub trait OrderRepository: Send {
    async fn add_order(&mut self, order: NewOrder, now: DateTime<Utc>) -> Result<Order, StoreError>;
    /// The order, locked until the end.
    async fn order_for_update(&mut self, id: OrderId) -> Result<Option<Order>, StoreError>;
    /// Writes what can change of a locked order.
    async fn save_order(&mut self, order: &Order) -> Result<(), StoreError>;
    async fn record(&mut self, entry: &Entry) -> Result<(), StoreError>;
    /// Unpaid orders whose time is over, locked; those that another instance has in hand are left out.
    async fn overdue(&mut self, now: DateTime<Utc>, limit: u32) -> Result<Vec<Order>, StoreError>;
}

/// What is added to a day's sales.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub orders: u64,
    pub paid_orders: u64,
    /// Minor units.
    pub paid: i64,
    /// Minor units.
    pub refunded: i64,
}

/// What was sold, as a unit of work adds to it: under the day on which the order was placed.
#[async_trait]
pub trait SalesBook: Send {
    async fn book(&mut self, order: &Order, figures: Figures) -> Result<(), StoreError>;
    async fn book_products(&mut self, order: &Order) -> Result<(), StoreError>;
}

/// A unit of work of this service.
pub trait Store: UnitOfWork + OrderRepository + SalesBook {}
impl<T: UnitOfWork + OrderRepository + SalesBook> Store for T {}

/// Which orders are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrderFilter {
    pub user: Option<UserId>,
    pub status: Option<Status>,
    /// Placed then or later.
    pub from: Option<DateTime<Utc>>,
    /// Placed before then.
    pub to: Option<DateTime<Utc>>,
}

/// Orders, as they are read outside a unit of work.
#[async_trait]
pub trait OrderReader: Send + Sync {
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError>;
    /// Newest first.
    async fn list(&self, filter: OrderFilter, paging: Paging) -> Result<Slice<Order>, StoreError>;
    /// Oldest first.
    async fn history(&self, id: OrderId) -> Result<Vec<EntryRecord>, StoreError>;
}

/// A day's sales in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySales {
    pub day: NaiveDate,
    pub figures: Figures,
}

/// What was sold of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductSales {
    /// `None`: in the whole period.
    pub day: Option<NaiveDate>,
    pub product_id: String,
    pub product_name: String,
    pub units: u64,
    /// Minor units.
    pub revenue: i64,
}

/// What was sold.
#[async_trait]
pub trait SalesReader: Send + Sync {
    /// Days without orders are left out.
    async fn days(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        currency: Currency,
    ) -> Result<Vec<DaySales>, StoreError>;
    /// The products with the most revenue in the whole period, and on each of its days.
    async fn top_products(
        &self,
        from: NaiveDate,
        to: NaiveDate,
        currency: Currency,
    ) -> Result<Vec<ProductSales>, StoreError>;
}

/// The shop's products.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// Those of the products that exist, in any order.
    async fn products(&self, ids: &[ProductId]) -> Result<Vec<Arc<Product>>, CallError>;
}

/// Why stock isn't set aside.
#[derive(Debug, thiserror::Error)]
pub enum StockError {
    #[error("only {available} of product {product_id} are left, not {requested}")]
    OutOfStock { product_id: String, requested: u64, available: u64 },
    #[error("the stock can't be asked")]
    Call(#[from] CallError),
}

/// The shop's stock.
#[async_trait]
pub trait Stock: Send + Sync {
    /// Sets all of it aside, or nothing. The same id again reserves once.
    async fn reserve(&self, id: Uuid, lines: &[OrderLine]) -> Result<(), StockError>;
    async fn release(&self, id: Uuid) -> Result<(), CallError>;
}

/// What is taken off a price.
#[async_trait]
pub trait Promotions: Send + Sync {
    /// `None`: there is no such promotion now.
    async fn discount(
        &self,
        code: &PromotionCode,
        lines: &[OrderLine],
        subtotal: Money,
    ) -> Result<Option<Money>, CallError>;
}

/// What the state wants.
#[async_trait]
pub trait Taxes: Send + Sync {
    async fn tax(&self, destination: Option<&Address>, taxable: Money) -> Result<Money, CallError>;
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parcel {
    pub destination: Address,
    pub weight_grams: u64,
    pub subtotal: Money,
}

/// What sending a parcel by one method costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    pub method: String,
    pub name: String,
    pub price: Money,
}

/// The ways of sending.
#[async_trait]
pub trait Shipping: Send + Sync {
    /// The methods that are offered for the parcel.
    async fn rates(&self, parcel: &Parcel) -> Result<Arc<Vec<Rate>>, CallError>;
}

/// What is in the carts.
#[async_trait]
pub trait CartStore: Send + Sync {
    async fn items(&self, cart: CartKey) -> Result<Vec<CartItem>, StoreError>;
    /// Sets a product's quantity; `false` when the cart is full.
    async fn put(&self, cart: CartKey, product: &ProductId, quantity: Quantity) -> Result<bool, StoreError>;
    async fn remove(&self, cart: CartKey, product: &ProductId) -> Result<(), StoreError>;
    async fn clear(&self, cart: CartKey) -> Result<(), StoreError>;
    /// Moves a guest's cart into a member's; `false`, and nothing is moved, when they don't fit into one.
    async fn merge(&self, guest: CartId, member: UserId) -> Result<bool, StoreError>;
    /// Takes what was ordered out of the cart, once however often it is asked for.
    async fn take(&self, member: UserId, order: OrderId, items: &[CartItem]) -> Result<(), StoreError>;
}
