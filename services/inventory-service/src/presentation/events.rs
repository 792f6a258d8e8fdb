//! What the service hears; docs/EVENTS.md.

use std::collections::BTreeMap;

use async_trait::async_trait;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use config::problem::{Fields, InvalidFields};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use uuid::Uuid;

use crate::application::{
    FollowOrder, FollowParcel, FollowedOrder, OpenStock, OrderChange, Parcel, Restock, Returned,
};
use crate::domain::{Quantity, ReservationId, Sku};

/// Orders whose stock is moved at a time.
const AT_ONCE: usize = 4;

/// Follows orders.
pub struct OrderEvents {
    pub(crate) follow: FollowOrder,
    pub(crate) restock: Restock,
}

#[derive(Deserialize)]
struct Order {
    order_id: u64,
    reservation_id: Uuid,
    status: String,
    #[serde(default)]
    previous_status: String,
    /// Whether its goods are the customer's from now on; of older versions, what is paid.
    sold: Option<bool>,
}

impl Order {
    fn is_sold(&self) -> bool {
        self.sold.unwrap_or(self.status == "paid")
    }

    /// Whether its money went back before the goods had left.
    fn is_undone(&self) -> bool {
        self.status == "refunded" && matches!(self.previous_status.as_str(), "paid" | "fulfilling")
    }
}

#[derive(Deserialize)]
struct Return {
    order_id: u64,
    reservation_id: Uuid,
    return_id: u64,
    restock: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    product_id: String,
    quantity: i64,
}

impl Return {
    fn parse(self) -> Result<Returned, InvalidFields> {
        let mut fields = Fields::default();
        let mut items = Vec::with_capacity(self.restock.len());
        for (n, unit) in self.restock.into_iter().enumerate() {
            let product = fields.check(format!("restock[{n}].product_id"), unit.product_id.parse());
            let quantity = fields.check(format!("restock[{n}].quantity"), Quantity::new(unit.quantity));
            items.extend(product.zip(quantity));
        }
        let reservation = ReservationId::new(self.reservation_id);
        let (order, return_id) = (self.order_id, self.return_id);
        fields.finish(|| Some(Returned { order, return_id, reservation, items }))
    }
}

/// What a message means here.
enum News {
    Order(OrderChange, FollowedOrder),
    Return(Returned),
    Nothing,
}

impl News {
    fn read(message: &Envelope) -> Result<Self, HandlerError> {
        if message.kind == "return_received" {
            let back: Return = message.data()?;
            return Ok(Self::Return(back.parse()?));
        }
        let order: Order = match message.kind.as_str() {
            "order_created" | "order_status_updated" | "order_cancelled" => message.data()?,
            _ => return Ok(Self::Nothing),
        };
        let change = match message.kind.as_str() {
            "order_created" => OrderChange::Created,
            "order_cancelled" => OrderChange::Cancelled,
            _ if order.is_sold() => OrderChange::Sold,
            _ if order.is_undone() => OrderChange::Cancelled,
            _ => return Ok(Self::Nothing),
        };
        let reservation = ReservationId::new(order.reservation_id);
        Ok(Self::Order(change, FollowedOrder { id: order.order_id, reservation }))
    }

    /// What must be heard in the order in which it was told.
    fn order(&self) -> Option<u64> {
        match self {
            Self::Order(_, order) => Some(order.id),
            Self::Return(returned) => Some(returned.order),
            Self::Nothing => None,
        }
    }
}

impl OrderEvents {
    async fn hear(&self, message: &Envelope, news: News) -> Result<(), HandlerError> {
        match news {
            News::Order(change, order) => Ok(self.follow.run(message, change, order).await?),
            News::Return(returned) => Ok(self.restock.run(message, &returned).await?),
            News::Nothing => Ok(()),
        }
    }

    async fn hear_in_turn(&self, told: Vec<(&Envelope, News)>) -> Result<(), HandlerError> {
        for (message, news) in told {
            self.hear(message, news).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl MessageHandler for OrderEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        self.hear(message, News::read(message)?).await
    }

    /// New orders come first and touch nothing but their own reservations: one transaction is enough for all of them.
    /// The others change stock, of which a long transaction would keep too much from those who buy; an order's own
    /// messages stay in their order.
    async fn handle_all(&self, messages: &[Envelope]) -> Result<(), HandlerError> {
        let (mut created, mut others) = (Vec::new(), BTreeMap::<u64, Vec<(&Envelope, News)>>::new());
        for message in messages {
            match News::read(message)? {
                News::Order(OrderChange::Created, order) => created.push((message, order)),
                news => {
                    if let Some(order) = news.order() {
                        others.entry(order).or_default().push((message, news));
                    }
                }
            }
        }
        if !created.is_empty() && !self.follow.hold_all(&created).await? {
            return Err(HandlerError::Retry("not all new orders are as they should be".into()));
        }
        let others: Vec<_> = others.into_values().map(|told| self.hear_in_turn(told)).collect();
        stream::iter(others).buffer_unordered(AT_ONCE).try_collect().await
    }
}

/// Follows parcels.
pub struct ShippingEvents(FollowParcel);

impl ShippingEvents {
    pub fn new(follow: FollowParcel) -> Self {
        Self(follow)
    }
}

#[derive(Deserialize)]
struct Shipment {
    order_id: u64,
    reservation_id: Uuid,
}

#[async_trait]
impl MessageHandler for ShippingEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        let parcel = match message.kind.as_str() {
            "shipment_beyond_recall" => Parcel::Away,
            "shipment_came_back" => Parcel::Back,
            _ => return Ok(()),
        };
        let shipment: Shipment = message.data()?;
        let reservation = ReservationId::new(shipment.reservation_id);
        Ok(self.0.run(message, parcel, FollowedOrder { id: shipment.order_id, reservation }).await?)
    }
}

/// Follows the catalogue.
pub struct ProductEvents(OpenStock);

impl ProductEvents {
    pub fn new(open: OpenStock) -> Self {
        Self(open)
    }
}

#[derive(Deserialize)]
struct Product {
    product_id: String,
    sku: Option<String>,
    initial_stock: Option<i64>,
}

#[async_trait]
impl MessageHandler for ProductEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind != "product_created" {
            return Ok(());
        }
        let product: Product = message.data()?;
        // A product without stock gets its record from an operator.
        let Some(stock) = product.initial_stock else { return Ok(()) };
        let bad = |field: &str, rule: String| InvalidFields::one(field, "invalid", rule);
        let id = product.product_id.parse().map_err(|error| bad("product_id", format!("{error}")))?;
        let on_hand = Quantity::level(stock).map_err(|error| bad("initial_stock", format!("{error}")))?;
        Ok(self.0.follow(message, id, product.sku.map(Sku::stored), on_hand).await?)
    }
}
