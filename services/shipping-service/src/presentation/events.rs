//! What the service hears; docs/EVENTS.md.

use async_trait::async_trait;
use config::id::UserId;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use config::money::{Amount, Currency, Money};
use config::problem::{Fields, InvalidFields};
use serde::Deserialize;
use uuid::Uuid;

use crate::application::{FollowOrder, OrderSnapshot};
use crate::domain::{
    Address, MethodCode, OrderFacts, OrderId, ProductName, ShipmentItem, Standing, pays_at_the_door,
};

/// Follows orders.
pub struct OrderEvents(FollowOrder);

impl OrderEvents {
    pub fn new(follow: FollowOrder) -> Self {
        Self(follow)
    }
}

#[derive(Deserialize)]
struct Order {
    order_id: u64,
    user_id: u64,
    status: String,
    previous_status: String,
    #[serde(default)]
    version: u64,
    shipping_address: String,
    shipping_method: Option<String>,
    #[serde(default)]
    cash_on_delivery: bool,
    total_amount: Option<Amount>,
    paid_amount: Option<Amount>,
    currency: Option<String>,
    reservation_id: Option<Uuid>,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    product_id: String,
    product_name: Option<String>,
    quantity: u32,
}

impl Order {
    fn snapshot(self) -> Result<OrderSnapshot, InvalidFields> {
        let mut fields = Fields::default();
        let method = self.shipping_method.as_deref().map_or_else(|| Ok(MethodCode::default()), str::parse);
        let method = fields.check("shipping_method", method);
        let destination = fields.check("shipping_address", self.shipping_address.parse());
        let cash_due = self.cash_due(&mut fields);
        let mut items = Vec::with_capacity(self.items.len());
        for (index, Item { product_id, product_name, quantity }) in self.items.into_iter().enumerate() {
            let product_id = fields.check(format!("items[{index}].product_id"), product_id.parse());
            let product_name = product_name.map(ProductName::stored);
            items.extend(product_id.map(|product_id| ShipmentItem { product_id, product_name, quantity }));
        }
        let (id, user_id, version) = (OrderId::new(self.order_id), UserId::new(self.user_id), self.version);
        fields.finish(|| {
            let facts = OrderFacts { id, user_id, version, cash_due: cash_due? };
            Some(OrderSnapshot { facts, method: method?, destination: destination?, items })
        })
    }

    /// `None`: it can't be read.
    fn cash_due(&self, fields: &mut Fields) -> Option<Option<Money>> {
        let was_paid = self.paid_amount.is_some_and(|paid| !paid.number().is_zero());
        let total = self.total_amount.zip(self.currency.as_deref());
        match total.filter(|_| pays_at_the_door(&self.status, self.cash_on_delivery, was_paid)) {
            Some((total, currency)) => {
                let currency = fields.check("currency", currency.parse::<Currency>())?;
                fields.check("total_amount", total.in_currency(currency)).map(Some)
            }
            None => Some(None),
        }
    }

    /// The reservation whose goods inventory-service puts back on the shelf because the order ends so.
    fn put_back(&self, kind: &str) -> Option<Uuid> {
        let before_it_left = matches!(self.previous_status.as_str(), "paid" | "fulfilling");
        self.reservation_id.filter(|_| kind == "order_cancelled" || before_it_left)
    }
}

/// An order that goes to another address.
#[derive(Deserialize)]
struct Readdressed {
    order_id: u64,
    shipping_address: String,
    version: Option<u64>,
}

impl OrderEvents {
    async fn readdress(&self, message: &Envelope) -> Result<(), HandlerError> {
        let order: Readdressed = message.data()?;
        let to = order.shipping_address.parse::<Address>();
        let to = to.map_err(|error| InvalidFields::one("shipping_address", "invalid", error.to_string()))?;
        Ok(self.0.readdressed(message, OrderId::new(order.order_id), &to, order.version).await?)
    }
}

#[async_trait]
impl MessageHandler for OrderEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        let order: Order = match message.kind.as_str() {
            "order_status_updated" | "order_cancelled" => message.data()?,
            "order_readdressed" => return self.readdress(message).await,
            _ => return Ok(()),
        };
        let standing = Standing::of(&order.status, order.cash_on_delivery);
        match (message.kind.as_str(), order.status.as_str()) {
            ("order_cancelled", _) | (_, "refunded") => {
                let put_back = order.put_back(&message.kind);
                self.0.over(message, &order.snapshot()?, put_back).await?;
            }
            (_, "confirmed" | "paid") if standing == Standing::ToBeSent => {
                self.0.due(message, &order.snapshot()?).await?;
            }
            _ => {}
        }
        Ok(())
    }
}
