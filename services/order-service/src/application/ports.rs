//! What the use cases need from the world outside.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use config::database::{StoreError, UnitOfWork};
use config::id::{ProductId, UserId};
use config::money::{Currency, Money};
use config::page::{Paging, Slice};
use config::place::Place;
use config::registry::CallError;
use uuid::Uuid;

use crate::domain::{
    Actor, Address, AppliedPromotion, CartId, CartItem, CartKey, NewOrder, NewReturn, Order, OrderId,
    OrderLine, Product, PromotionCode, Quantity, Return, ReturnId, ReturnStatus, Status, TaxQuote,
};

/// A line of an order's history. `from` equals `to` in a remark. That it was placed is not a line of its own: the
/// order itself says it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub order: OrderId,
    pub from: Status,
    pub to: Status,
    pub by: Actor,
    pub reason: Option<String>,
    pub at: DateTime<Utc>,
}

/// A line of an order's history as it was recorded; `from` is `None` at the beginning.
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
    /// Adds orders; they come back in the same order.
    async fn add_orders(
        &mut self,
        orders: &[&NewOrder],
        now: DateTime<Utc>,
    ) -> Result<Vec<Order>, StoreError>;
    /// The order, locked until the end.
    async fn order_for_update(&mut self, id: OrderId) -> Result<Option<Order>, StoreError>;
    /// Writes what can change of a locked order, but for its lines and its price.
    async fn save_order(&mut self, order: &Order) -> Result<(), StoreError>;
    /// Writes what can change of a locked order's lines.
    async fn save_lines(&mut self, order: &Order) -> Result<(), StoreError>;
    /// Writes a locked order's price and all it is made of, the lines too.
    async fn save_price(&mut self, order: &Order) -> Result<(), StoreError>;
    async fn record(&mut self, entry: &Entry) -> Result<(), StoreError>;
    /// Unpaid orders whose time is over, locked; those that another instance has in hand are left out.
    async fn overdue(&mut self, now: DateTime<Utc>, limit: u32) -> Result<Vec<Order>, StoreError>;
    /// How many orders these users, at least one, have that nobody has paid and that aren't at their end; who isn't
    /// named has none.
    async fn open_orders(&mut self, users: &[UserId]) -> Result<Vec<(UserId, u64)>, StoreError>;
}

/// Returns, as a unit of work changes them. The order's row is locked first and guards all that follows.
#[async_trait]
pub trait ReturnRepository: Send {
    async fn add_return(
        &mut self,
        order: &Order,
        new: NewReturn,
        now: DateTime<Utc>,
    ) -> Result<Return, StoreError>;
    async fn return_of(&mut self, order: OrderId, id: ReturnId) -> Result<Option<Return>, StoreError>;
    /// All of an order.
    async fn returns_of(&mut self, order: OrderId) -> Result<Vec<Return>, StoreError>;
    /// Writes what can change of a return: not its products and quantities.
    async fn save_return(&mut self, back: &Return) -> Result<(), StoreError>;
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
    /// Books that these were placed.
    async fn book_placed(&mut self, orders: &[Order]) -> Result<(), StoreError>;
    async fn book_products(&mut self, order: &Order) -> Result<(), StoreError>;
}

/// A unit of work of this service.
pub trait Store: UnitOfWork + OrderRepository + ReturnRepository + SalesBook {}
impl<T: UnitOfWork + OrderRepository + ReturnRepository + SalesBook> Store for T {}

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
    async fn history(&self, order: &Order) -> Result<Vec<EntryRecord>, StoreError>;
}

/// Which returns are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReturnFilter {
    pub order: Option<OrderId>,
    pub status: Option<ReturnStatus>,
}

/// Returns, as they are read outside a unit of work.
#[async_trait]
pub trait ReturnReader: Send + Sync {
    async fn find_return(&self, order: OrderId, id: ReturnId) -> Result<Option<Return>, StoreError>;
    /// Newest first.
    async fn list_returns(&self, filter: ReturnFilter, paging: Paging) -> Result<Slice<Return>, StoreError>;
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
    /// Hears what a product is like now; older news are ignored.
    async fn learn(&self, product: Product);
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

/// What promotions are asked about: prices of one are as the order has them.
#[derive(Debug, Clone, Copy)]
pub struct Wares<'a> {
    /// `None`: nobody is signed in.
    pub user: Option<UserId>,
    pub code: Option<&'a PromotionCode>,
    /// The order that they are in already: it and its promotions don't stand in its own way.
    pub order: Option<OrderId>,
    /// The uses that this order has: nobody may have told promotion-service yet that they are the order's.
    pub of_order: Option<Uuid>,
    pub lines: &'a [OrderLine],
    pub subtotal: Money,
}

/// Why a promotion's code gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedCode {
    /// In promotion-service's words: `expired`, `used-up`.
    pub reason: String,
    pub message: String,
}

/// What promotions do for a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discounts {
    /// Off each line, in the basket's order.
    pub lines: Vec<Money>,
    pub total: Money,
    pub free_shipping: bool,
    pub applied: Vec<AppliedPromotion>,
    pub rejected: Option<RejectedCode>,
    /// The uses that are kept, when there are any.
    pub reservation_id: Option<Uuid>,
}

/// The shop's promotions.
#[async_trait]
pub trait Promotions: Send + Sync {
    async fn quote(&self, wares: &Wares<'_>) -> Result<Discounts, CallError>;
    /// The same, and keeps a use of each promotion that applies. The same id again keeps one.
    async fn reserve(&self, id: Uuid, wares: &Wares<'_>) -> Result<Discounts, CallError>;
    /// Gives the uses back, also those of a request that is still on its way.
    async fn release(&self, id: Uuid) -> Result<(), CallError>;
}

/// What the state is asked about: lines are with their discounts.
#[derive(Debug, Clone, Copy)]
pub struct Taxable<'a> {
    pub place: Option<&'a Place>,
    pub user: Option<UserId>,
    pub lines: &'a [OrderLine],
    pub shipping: Money,
}

/// What the state wants.
#[async_trait]
pub trait Taxes: Send + Sync {
    /// Whether the catalogue's prices contain the tax.
    fn included(&self) -> bool;
    async fn tax(&self, taxable: &Taxable<'_>) -> Result<TaxQuote, CallError>;
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// `None` while nobody has said where it goes.
    pub destination: Option<Address>,
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
