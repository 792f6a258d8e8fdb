//! Orders as clients see them.

use chrono::{DateTime, Utc};
use config::idempotency::Answer;
use config::money::Amount;
use poem_openapi::Object;

use crate::application::{EntryRecord, Quote, Rate};
use crate::domain::{AppliedPromotion, Order, OrderLine, Priced, TaxLine};

/// An order.
#[derive(Debug, Clone, Object)]
pub struct OrderDto {
    pub id: u64,
    pub user_id: u64,
    /// `pending`, `confirmed`, `paid`, `fulfilling`, `shipped`, `delivered`, `cancelled` or `refunded`.
    pub status: String,
    pub items: Vec<ItemDto>,
    pub subtotal: Amount,
    pub discount: Amount,
    pub tax: Amount,
    pub tax_lines: Vec<TaxLineDto>,
    /// Whether `total_amount` contains the tax because the prices do.
    pub prices_include_tax: bool,
    pub shipping: Amount,
    pub total_amount: Amount,
    /// What was taken of it so far.
    pub paid_amount: Amount,
    /// What was given back of that, by payments or by hand, or taken back by the customer's bank for good.
    pub refunded_amount: Amount,
    pub currency: String,
    pub shipping_address: String,
    /// ISO 3166; null when the address doesn't say it.
    pub shipping_country: Option<String>,
    pub shipping_state: Option<String>,
    pub shipping_method: String,
    pub promotion_code: Option<String>,
    pub promotions: Vec<PromotionDto>,
    /// Whether promotions couldn't be asked, so that the order went without.
    pub promotions_unavailable: bool,
    pub customer_notes: Option<String>,
    /// Whether whoever brings the parcel takes the money.
    pub cash_on_delivery: bool,
    /// When it is cancelled unless it is paid; null once it can't expire.
    pub expires_at: Option<DateTime<Utc>>,
    pub paid_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Grows with each change; also the `ETag`.
    pub version: u64,
}

/// A line of an order.
#[derive(Debug, Clone, Object)]
pub struct ItemDto {
    /// Its number in the order, from 1.
    pub id: u64,
    pub product_id: String,
    pub product_name: String,
    pub quantity: u32,
    /// Of one.
    pub price: Amount,
    /// Of the line.
    pub discount: Amount,
    /// Of the line.
    pub tax: Amount,
    /// Units that are coming back or are back.
    pub returned: u32,
}

/// What one rule of one jurisdiction takes.
#[derive(Debug, Clone, Object)]
pub struct TaxLineDto {
    pub name: String,
    /// Such as `US-CA`.
    pub jurisdiction: String,
    pub percent: f64,
    /// What it is taken of.
    pub taxable: Amount,
    pub tax: Amount,
}

fn taxes(lines: &[TaxLine]) -> Vec<TaxLineDto> {
    let tax = |line: &TaxLine| TaxLineDto {
        name: line.name.clone(),
        jurisdiction: line.jurisdiction.clone(),
        percent: line.percent.to_number(),
        taxable: line.taxable.into(),
        tax: line.tax.into(),
    };
    lines.iter().map(tax).collect()
}

/// A promotion that applies.
#[derive(Debug, Clone, Object)]
pub struct PromotionDto {
    pub promotion_id: u64,
    /// Null when it applies by itself.
    pub code: Option<String>,
    pub name: String,
    pub kind: String,
    pub discount: Amount,
}

fn promotions(applied: &[AppliedPromotion]) -> Vec<PromotionDto> {
    let promotion = |promotion: &AppliedPromotion| PromotionDto {
        promotion_id: promotion.promotion_id,
        code: promotion.code.clone(),
        name: promotion.name.clone(),
        kind: promotion.kind.clone(),
        discount: promotion.discount.into(),
    };
    applied.iter().map(promotion).collect()
}

fn items(lines: &[OrderLine]) -> Vec<ItemDto> {
    let item = |(id, line): (u64, &OrderLine)| ItemDto {
        id,
        product_id: line.product_id.to_string(),
        product_name: line.product_name.clone(),
        quantity: line.quantity.get(),
        price: line.price.into(),
        discount: line.discount.into(),
        tax: line.tax.into(),
        returned: line.returned,
    };
    (1..).zip(lines).map(item).collect()
}

impl OrderDto {
    /// The answer to the request that placed this order.
    pub fn created(order: &Order) -> Answer {
        Answer::json(201, &Self::from(order))
    }

    /// The answer to a request that changed this order.
    pub fn shown(order: &Order) -> Answer {
        Answer::json(200, &Self::from(order))
    }
}

impl From<&Order> for OrderDto {
    fn from(order: &Order) -> Self {
        let totals = &order.totals;
        let place = order.delivery.address.place();
        Self {
            id: order.id.get(),
            user_id: order.user_id.get(),
            status: order.status.to_string(),
            items: items(&order.lines),
            subtotal: totals.subtotal().into(),
            discount: totals.discount().into(),
            tax: totals.tax().into(),
            tax_lines: taxes(&order.tax_lines),
            prices_include_tax: totals.tax_included(),
            shipping: totals.shipping().into(),
            total_amount: totals.total().into(),
            paid_amount: order.paid.into(),
            refunded_amount: order.refunded.into(),
            currency: totals.currency().to_string(),
            shipping_address: order.delivery.address.to_string(),
            shipping_country: place.map(|place| place.country.to_string()),
            shipping_state: place.and_then(|place| place.state.as_ref()).map(ToString::to_string),
            shipping_method: order.delivery.method.to_string(),
            promotion_code: order.promotion_code.as_ref().map(ToString::to_string),
            promotions: promotions(&order.promoted.applied),
            promotions_unavailable: order.promoted.unavailable,
            customer_notes: order.notes.as_ref().map(ToString::to_string),
            cash_on_delivery: order.cash_on_delivery,
            expires_at: order.expires_at,
            paid_at: order.paid_at,
            delivered_at: order.delivered_at,
            created_at: order.created_at,
            updated_at: order.updated_at,
            version: order.version,
        }
    }
}

/// What payment-service needs to know of an order.
#[derive(Debug, Clone, Object)]
pub struct InternalOrderDto {
    pub id: u64,
    pub user_id: u64,
    pub status: String,
    pub total_amount: Amount,
    pub currency: String,
    /// Whether a payment may be taken for it now.
    pub payable: bool,
    /// Whether it is paid when the parcel is handed over.
    pub cash_on_delivery: bool,
    /// What was taken for it, 0 before that.
    pub paid_amount: Amount,
    pub version: u64,
}

impl InternalOrderDto {
    pub fn new(order: &Order, now: DateTime<Utc>) -> Self {
        Self {
            id: order.id.get(),
            user_id: order.user_id.get(),
            status: order.status.to_string(),
            total_amount: order.totals.total().into(),
            currency: order.totals.currency().to_string(),
            payable: order.is_payable(now),
            cash_on_delivery: order.cash_on_delivery,
            paid_amount: order.paid.into(),
            version: order.version,
        }
    }
}

/// What a basket would cost.
#[derive(Debug, Clone, Object)]
pub struct QuoteDto {
    pub items: Vec<ItemDto>,
    pub subtotal: Amount,
    pub discount: Amount,
    pub tax: Amount,
    pub tax_lines: Vec<TaxLineDto>,
    pub prices_include_tax: bool,
    pub shipping: Amount,
    pub total_amount: Amount,
    pub currency: String,
    pub promotions: Vec<PromotionDto>,
    /// Whether promotions couldn't be asked, so that it was priced without.
    pub promotions_unavailable: bool,
    /// The ways of sending that can be chosen.
    pub shipping_methods: Vec<RateDto>,
}

/// A way of sending.
#[derive(Debug, Clone, Object)]
pub struct RateDto {
    pub code: String,
    pub name: String,
    pub price: Amount,
}

impl From<Quote> for QuoteDto {
    fn from(quote: Quote) -> Self {
        let Quote { priced: Priced { lines, totals, tax_lines, promoted, .. }, rates } = quote;
        let rate = |rate: &Rate| RateDto {
            code: rate.method.clone(),
            name: rate.name.clone(),
            price: rate.price.into(),
        };
        Self {
            items: items(&lines),
            subtotal: totals.subtotal().into(),
            discount: totals.discount().into(),
            tax: totals.tax().into(),
            tax_lines: taxes(&tax_lines),
            prices_include_tax: totals.tax_included(),
            shipping: totals.shipping().into(),
            total_amount: totals.total().into(),
            currency: totals.currency().to_string(),
            promotions: promotions(&promoted.applied),
            promotions_unavailable: promoted.unavailable,
            shipping_methods: rates.iter().map(rate).collect(),
        }
    }
}

/// Something that happened to an order.
#[derive(Debug, Clone, Object)]
pub struct EntryDto {
    /// The status before; null at the beginning. The same as `to` in a remark.
    pub from: Option<String>,
    pub to: String,
    /// `customer`, `admin`, `payment`, `shipping`, `stock` or `expiry`.
    pub actor: String,
    /// The customer or administrator.
    pub actor_id: Option<u64>,
    pub reason: Option<String>,
    pub at: DateTime<Utc>,
}

impl From<EntryRecord> for EntryDto {
    fn from(entry: EntryRecord) -> Self {
        let EntryRecord { from, to, actor, actor_id, reason, at } = entry;
        Self { from, to, actor, actor_id, reason, at }
    }
}
