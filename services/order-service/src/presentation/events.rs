//! What the service hears; docs/EVENTS.md.

use async_trait::async_trait;
use config::BoxError;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use config::money::{Amount, Currency, Money};
use config::problem::InvalidFields;
use serde::Deserialize;

use crate::application::{FollowPayment, FollowShipment, FollowStock, PaymentNews};
use crate::domain::{OrderId, Product, ReturnId};
use crate::infrastructure::CatalogueCache;

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
}

/// A return's money that no payment can give back.
#[derive(Deserialize)]
struct Shortfall {
    order_id: u64,
    return_id: u64,
    missing_amount: Amount,
    currency: String,
}

#[async_trait]
impl MessageHandler for PaymentEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind == "return_refund_short" {
            let short: Shortfall = message.data()?;
            let missing = money("missing_amount", short.missing_amount, &short.currency)?;
            let news = PaymentNews::Short { back: ReturnId::new(short.return_id), missing };
            return Ok(self.0.run(message, OrderId::new(short.order_id), 0, &news).await?);
        }
        let ours = [
            "payment_authorized",
            "payment_voided",
            "payment_processed",
            "payment_failed",
            "payment_refunded",
            "refund_failed",
        ];
        if !ours.contains(&message.kind.as_str()) {
            return Ok(());
        }
        let payment: Payment = message.data()?;
        let news = match message.kind.as_str() {
            "payment_authorized" => PaymentNews::Authorized {
                amount: money("amount", payment.amount, &payment.currency)?,
                cash_on_delivery: payment.payment_method == "cod",
            },
            "payment_voided" => PaymentNews::Voided,
            "payment_processed" => {
                let amount = money("amount", payment.amount, &payment.currency)?;
                let authorized = payment.authorized_amount.unwrap_or(payment.amount);
                let authorized = money("authorized_amount", authorized, &payment.currency)?;
                PaymentNews::Processed { amount, authorized }
            }
            "payment_failed" => PaymentNews::Failed { code: payment.code.chars().take(100).collect() },
            kind => {
                let amount = payment
                    .refund_amount
                    .ok_or_else(|| InvalidFields::one("refund_amount", "required", "is required"))?;
                let amount = money("refund_amount", amount, &payment.currency)?;
                let (fully, back) = (payment.fully_refunded, payment.return_id.map(ReturnId::new));
                match kind {
                    "refund_failed" => {
                        PaymentNews::RefundFailed { amount, undone: payment.was_refunded, back }
                    }
                    _ => PaymentNews::Refunded { amount, fully, back },
                }
            }
        };
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
pub struct ProductEvents(CatalogueCache);

impl ProductEvents {
    pub fn new(catalogue: CatalogueCache) -> Self {
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
