//! What the service hears; docs/EVENTS.md.

use std::sync::Arc;

use async_trait::async_trait;
use config::BoxError;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use config::money::{Amount, Currency, Money};
use config::problem::InvalidFields;
use serde::Deserialize;

use crate::application::{Catalogue, FollowPayment, FollowShipment, FollowStock, PaymentNews, Shortfall};
use crate::domain::{OrderId, Product, ReturnId};

/// What of `payment-events` is about one payment of an order.
const PAYMENT_NEWS: [&str; 8] = [
    "payment_authorized",
    "payment_voided",
    "payment_processed",
    "payment_failed",
    "payment_refunded",
    "refund_failed",
    "dispute_opened",
    "dispute_updated",
];

/// Follows payments.
pub struct PaymentEvents(FollowPayment);

impl PaymentEvents {
    pub fn new(follow: FollowPayment) -> Self {
        Self(follow)
    }
}

#[derive(Deserialize)]
struct Payment {
    payment_id: u64,
    order_id: u64,
    amount: Amount,
    currency: String,
    /// What older versions don't tell is what was taken.
    authorized_amount: Option<Amount>,
    #[serde(default)]
    payment_method: String,
    #[serde(default)]
    code: String,
    refund_amount: Option<Amount>,
    #[serde(default)]
    fully_refunded: bool,
    return_id: Option<u64>,
    #[serde(default)]
    was_refunded: bool,
    /// A dispute's.
    #[serde(default)]
    status: String,
    disputed_amount: Option<Amount>,
}

impl Payment {
    /// What an event of this kind says; `None` when it changes nothing for the order.
    fn news(&self, kind: &str) -> Result<Option<PaymentNews>, InvalidFields> {
        let told = |name: &str, amount: Option<Amount>| -> Result<Money, InvalidFields> {
            let missing = || InvalidFields::one(name, "required", "is required");
            money(name, amount.ok_or_else(missing)?, &self.currency)
        };
        let back = self.return_id.map(ReturnId::new);
        Ok(Some(match kind {
            "payment_authorized" => PaymentNews::Authorized {
                amount: told("amount", Some(self.amount))?,
                cash_on_delivery: self.payment_method == "cod",
            },
            "payment_voided" => PaymentNews::Voided,
            "payment_processed" => PaymentNews::Processed {
                amount: told("amount", Some(self.amount))?,
                authorized: told("authorized_amount", self.authorized_amount.or(Some(self.amount)))?,
            },
            "payment_failed" => PaymentNews::Failed { code: self.code.chars().take(100).collect() },
            "payment_refunded" => PaymentNews::Refunded {
                amount: told("refund_amount", self.refund_amount)?,
                fully: self.fully_refunded,
                back,
            },
            "refund_failed" => PaymentNews::RefundFailed {
                amount: told("refund_amount", self.refund_amount)?,
                undone: self.was_refunded,
                back,
            },
            // A dispute is told to be lost once, and never after it was won.
            "dispute_opened" | "dispute_updated" if self.status == "lost" => {
                PaymentNews::ChargedBack { amount: told("disputed_amount", self.disputed_amount)? }
            }
            _ => return Ok(None),
        }))
    }
}

/// A return's money that no payment can give back.
#[derive(Deserialize)]
struct Short {
    order_id: u64,
    return_id: u64,
    missing_amount: Amount,
    /// What of it is in an open dispute; older versions don't tell.
    disputed: Option<Amount>,
    currency: String,
}

impl Short {
    fn parse(&self) -> Result<Shortfall, InvalidFields> {
        let disputed = self.disputed.map(|amount| money("disputed", amount, &self.currency));
        Ok(Shortfall {
            back: ReturnId::new(self.return_id),
            missing: money("missing_amount", self.missing_amount, &self.currency)?,
            disputed: disputed.transpose()?,
        })
    }
}

#[async_trait]
impl MessageHandler for PaymentEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        let kind = message.kind.as_str();
        if kind == "return_refund_short" {
            let short: Short = message.data()?;
            return Ok(self.0.fell_short(message, OrderId::new(short.order_id), short.parse()?).await?);
        }
        if !PAYMENT_NEWS.contains(&kind) {
            return Ok(());
        }
        let payment: Payment = message.data()?;
        let Some(news) = payment.news(kind)? else { return Ok(()) };
        Ok(self.0.run(message, OrderId::new(payment.order_id), payment.payment_id, &news).await?)
    }
}

fn money(field: &str, amount: Amount, currency: &str) -> Result<Money, InvalidFields> {
    let money = currency.parse::<Currency>().and_then(|currency| amount.in_currency(currency));
    money.map_err(|error| InvalidFields::one(field, "invalid", error.to_string()))
}

/// Follows shipments.
pub struct ShippingEvents(FollowShipment);

impl ShippingEvents {
    pub fn new(follow: FollowShipment) -> Self {
        Self(follow)
    }
}

#[derive(Deserialize)]
struct Shipment {
    shipment_id: u64,
    order_id: u64,
    status: String,
}

#[async_trait]
impl MessageHandler for ShippingEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind != "shipment_updated" {
            return Ok(());
        }
        let shipment: Shipment = message.data()?;
        let order = OrderId::new(shipment.order_id);
        Ok(self.0.run(message, order, shipment.shipment_id, &shipment.status).await?)
    }
}

/// Follows reservations.
pub struct StockEvents(FollowStock);

impl StockEvents {
    pub fn new(follow: FollowStock) -> Self {
        Self(follow)
    }
}

#[derive(Deserialize)]
struct Reservation {
    order_id: u64,
}

#[async_trait]
impl MessageHandler for StockEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind != "reservation_lost" {
            return Ok(());
        }
        let lost: Reservation = message.data()?;
        Ok(self.0.reservation_lost(message, OrderId::new(lost.order_id)).await?)
    }
}

/// Follows the catalogue, for this instance's cache.
pub struct ProductEvents(Arc<dyn Catalogue>);

impl ProductEvents {
    pub fn new(catalogue: Arc<dyn Catalogue>) -> Self {
        Self(catalogue)
    }
}

#[derive(Deserialize)]
struct ProductData {
    product_id: String,
    name: String,
    price: Amount,
    currency: String,
    #[serde(default)]
    category: String,
    weight_grams: Option<u32>,
    status: String,
    version: u64,
}

#[async_trait]
impl MessageHandler for ProductEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if !matches!(message.kind.as_str(), "product_created" | "product_updated" | "product_archived") {
            return Ok(());
        }
        let data: ProductData = message.data()?;
        let bad_id = |error| HandlerError::Fail(BoxError::from(error));
        self.0
            .learn(Product {
                id: data.product_id.parse().map_err(|error: config::id::NotAProductId| bad_id(error))?,
                name: data.name,
                price: money("price", data.price, &data.currency)?,
                category: data.category,
                weight_grams: data.weight_grams.unwrap_or_default(),
                on_sale: data.status == "active",
                version: data.version,
            })
            .await;
        Ok(())
    }
}
