//! What the service tells the others; docs/EVENTS.md.

use chrono::{DateTime, Utc};
use config::kafka::Event;
use config::money::{Amount, MoneyError};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{AppliedPromotion, Order, OrderLine, Return, ReturnItem, TaxLine, weight_grams};

/// An order, whole, so that whoever hears of it needn't ask back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderData {
    pub order_id: u64,
    pub user_id: u64,
    pub status: &'static str,
    pub items: Vec<ItemData>,
    pub subtotal: Amount,
    pub discount: Amount,
    pub tax: Amount,
    pub tax_lines: Vec<TaxLineData>,
    pub prices_include_tax: bool,
    pub shipping: Amount,
    pub total_amount: Amount,
    /// What was taken of it so far.
    pub paid_amount: Amount,
    /// What was given back of that, by payments or by hand, or taken back by the customer's bank for good.
    pub refunded_amount: Amount,
    pub currency: &'static str,
    pub shipping_address: String,
    /// ISO 3166.
    pub shipping_country: Option<String>,
    pub shipping_state: Option<String>,
    pub shipping_method: String,
    pub weight_grams: u64,
    pub reservation_id: Uuid,
    pub promotion_code: Option<String>,
    pub promotions: Vec<PromotionData>,
    pub promotion_reservation_id: Option<Uuid>,
    pub promotions_unavailable: bool,
    /// Whether whoever brings the parcel takes the money.
    pub cash_on_delivery: bool,
    pub version: u64,
}

/// A line of an order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ItemData {
    pub product_id: String,
    pub product_name: String,
    pub category: String,
    pub quantity: u32,
    /// Of one.
    pub price: Amount,
    /// Of the line.
    pub discount: Amount,
    /// Of the line.
    pub tax: Amount,
    /// Of one.
    pub weight_grams: u32,
}

/// What one rule of one jurisdiction takes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TaxLineData {
    pub name: String,
    pub jurisdiction: String,
    pub percent: f64,
    pub taxable: Amount,
    pub tax: Amount,
}

impl From<&TaxLine> for TaxLineData {
    fn from(line: &TaxLine) -> Self {
        Self {
            name: line.name.clone(),
            jurisdiction: line.jurisdiction.clone(),
            percent: line.percent.to_number(),
            taxable: line.taxable.into(),
            tax: line.tax.into(),
        }
    }
}

/// A promotion that the order got.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PromotionData {
    pub promotion_id: u64,
    pub code: Option<String>,
    pub name: String,
    pub kind: String,
    pub discount: Amount,
}

impl From<&AppliedPromotion> for PromotionData {
    fn from(promotion: &AppliedPromotion) -> Self {
        Self {
            promotion_id: promotion.promotion_id,
            code: promotion.code.clone(),
            name: promotion.name.clone(),
            kind: promotion.kind.clone(),
            discount: promotion.discount.into(),
        }
    }
}

impl From<&Order> for OrderData {
    fn from(order: &Order) -> Self {
        let item = |line: &OrderLine| ItemData {
            product_id: line.product_id.to_string(),
            product_name: line.product_name.clone(),
            category: line.category.clone(),
            quantity: line.quantity.get(),
            price: line.price.into(),
            discount: line.discount.into(),
            tax: line.tax.into(),
            weight_grams: line.weight_grams,
        };
        let place = order.delivery.address.place();
        let promoted = &order.promoted;
        Self {
            order_id: order.id.get(),
            user_id: order.user_id.get(),
            status: order.status.as_str(),
            items: order.lines.iter().map(item).collect(),
            subtotal: order.totals.subtotal().into(),
            discount: order.totals.discount().into(),
            tax: order.totals.tax().into(),
            tax_lines: order.tax_lines.iter().map(TaxLineData::from).collect(),
            prices_include_tax: order.totals.tax_included(),
            shipping: order.totals.shipping().into(),
            total_amount: order.totals.total().into(),
            paid_amount: order.paid.into(),
            refunded_amount: order.refunded.into(),
            currency: order.totals.currency().code(),
            shipping_address: order.delivery.address.to_string(),
            shipping_country: place.map(|place| place.country.to_string()),
            shipping_state: place.and_then(|place| place.state.as_ref()).map(ToString::to_string),
            shipping_method: order.delivery.method.to_string(),
            weight_grams: weight_grams(&order.lines),
            reservation_id: order.reservation_id,
            promotion_code: order.promotion_code.as_ref().map(ToString::to_string),
            promotions: promoted.applied.iter().map(PromotionData::from).collect(),
            promotion_reservation_id: promoted.reservation_id,
            promotions_unavailable: promoted.unavailable,
            cash_on_delivery: order.cash_on_delivery,
            version: order.version,
        }
    }
}

/// An order was placed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderCreated {
    #[serde(flatten)]
    pub order: OrderData,
    /// When it is cancelled unless paid.
    pub expires_at: Option<DateTime<Utc>>,
}

/// An order has moved along.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderStatusUpdated {
    #[serde(flatten)]
    pub order: OrderData,
    pub previous_status: &'static str,
    /// Whether the goods are the customer's from now on: it is paid, or leaves to be paid for on delivery.
    pub sold: bool,
    /// Whether an administrator wants what is left of its money given back.
    pub refund_due: bool,
}

/// An order will not be fulfilled.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderCancelled {
    #[serde(flatten)]
    pub order: OrderData,
    pub previous_status: &'static str,
    /// `customer`, `expired`, `payment_failed`, `out_of_stock` or `admin`.
    pub reason: &'static str,
    /// Whether money was taken that hasn't been given back, as far as is known here.
    pub refund_due: bool,
}

/// A pending order costs something else now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderRepriced {
    #[serde(flatten)]
    pub order: OrderData,
    pub previous_total_amount: Amount,
    /// Whose uses are given back.
    pub previous_promotion_reservation_id: Option<Uuid>,
}

/// A payment isn't wanted, as it is of another amount than is due or the order was paid otherwise: it is to be given
/// back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderPaymentRefused {
    #[serde(flatten)]
    pub order: OrderData,
    pub payment_id: u64,
    /// What it took, or promised.
    pub amount: Amount,
    /// `wrong_amount`, or `paid_otherwise`: another payment or a person has paid the order, or nothing was due.
    pub reason: &'static str,
}

/// The promise of money that had confirmed the order is void, and nobody of the shop vouches for it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderPaymentLapsed {
    #[serde(flatten)]
    pub order: OrderData,
    /// When it is cancelled unless paid otherwise.
    pub expires_at: DateTime<Utc>,
}

/// A confirmed or paid order goes to another address in the same country and state.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderReaddressed {
    #[serde(flatten)]
    pub order: OrderData,
}

/// The shop has given money back by other means than a payment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderRefundedByHand {
    #[serde(flatten)]
    pub order: OrderData,
    pub refund_amount: Amount,
    /// The return that it is for, or null.
    pub return_id: Option<u64>,
    /// What the money is found by, in an administrator's words.
    pub reference: String,
}

/// A return and its order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReturnData {
    #[serde(flatten)]
    pub order: OrderData,
    pub return_id: u64,
    pub return_items: Vec<ReturnItemData>,
    /// What is given back for it: once that is decided, no more than was left of what was paid.
    pub refund_amount: Amount,
    /// The shop's last word on it.
    pub note: Option<String>,
}

/// A product that comes back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReturnItemData {
    pub product_id: String,
    pub quantity: u32,
    pub reason: String,
}

/// Units that go back on the shelf.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RestockData {
    pub product_id: String,
    pub quantity: u32,
}

impl ReturnData {
    pub fn new(order: &Order, back: &Return) -> Result<Self, MoneyError> {
        let item = |item: &ReturnItem| ReturnItemData {
            product_id: item.product_id.to_string(),
            quantity: item.quantity.get(),
            reason: item.reason.to_string(),
        };
        Ok(Self {
            order: OrderData::from(order),
            return_id: back.id.get(),
            return_items: back.items.iter().map(item).collect(),
            refund_amount: back.refund()?.into(),
            note: back.note.as_ref().map(ToString::to_string),
        })
    }
}

/// The goods of a return are here.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReturnReceived {
    #[serde(flatten)]
    pub back: ReturnData,
    /// What is as good as new.
    pub restock: Vec<RestockData>,
}

impl ReturnReceived {
    pub fn new(back: &Return, data: ReturnData) -> Self {
        let good = back.items.iter().filter(|item| item.restock == Some(true));
        let unit = |item: &ReturnItem| RestockData {
            product_id: item.product_id.to_string(),
            quantity: item.quantity.get(),
        };
        Self { restock: good.map(unit).collect(), back: data }
    }
}

/// Events that say no more than that a return has come so far.
macro_rules! return_events {
    ($($(#[$doc:meta])* $event:ident: $type:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        pub struct $event(pub ReturnData);

        impl Event for $event {
            const TOPIC: &'static str = "order-events";
            const TYPE: &'static str = $type;

            fn key(&self) -> String {
                self.0.order.order_id.to_string()
            }
        }
    )+};
}
return_events! {
    /// The shopper wants to send something back.
    ReturnRequested: "return_requested",
    /// The shopper may.
    ReturnApproved: "return_approved",
    /// The shopper may not.
    ReturnRejected: "return_rejected",
    /// The shopper no longer wants to.
    ReturnCancelled: "return_cancelled",
    /// payment-service is to give the money back.
    ReturnRefundDue: "return_refund_due",
    /// The money was given back.
    ReturnRefunded: "return_refunded",
}

impl ReturnRefundDue {
    /// Of what was given back by hand payment-service knows nothing: it isn't asked for that.
    pub fn new(order: &Order, back: &Return) -> Result<Self, MoneyError> {
        let refund_amount = back.refund_by_payments()?.into();
        Ok(Self(ReturnData { refund_amount, ..ReturnData::new(order, back)? }))
    }
}

impl Event for ReturnReceived {
    const TOPIC: &'static str = "order-events";
    const TYPE: &'static str = "return_received";

    fn key(&self) -> String {
        self.back.order.order_id.to_string()
    }
}

macro_rules! order_events {
    ($($event:ident: $type:literal),+ $(,)?) => {$(
        impl Event for $event {
            const TOPIC: &'static str = "order-events";
            const TYPE: &'static str = $type;

            fn key(&self) -> String {
                self.order.order_id.to_string()
            }
        }
    )+};
}
order_events! {
    OrderCreated: "order_created",
    OrderStatusUpdated: "order_status_updated",
    OrderCancelled: "order_cancelled",
    OrderRepriced: "order_repriced",
    OrderPaymentRefused: "order_payment_refused",
    OrderPaymentLapsed: "order_payment_lapsed",
    OrderReaddressed: "order_readdressed",
    OrderRefundedByHand: "order_refunded_by_hand",
}
