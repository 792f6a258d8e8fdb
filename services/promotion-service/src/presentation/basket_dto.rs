//! Baskets and what promotions make of them, as they travel between services.

use config::id::{ProductId, UserId};
use config::money::{Amount, Currency};
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;
use uuid::Uuid;

use crate::application::{Priced, Reserved};
use crate::domain::{Applied, Basket, Code, Line, OrderId, Rejection, ReservationId};

/// More lines than any order has.
const MAX_LINES: usize = 100;
const MOST_UNITS: u32 = 1_000_000;

/// What somebody is about to order.
#[derive(Debug, Object)]
pub struct BasketRequest {
    /// Null: a guest. A reservation needs one.
    pub user_id: Option<u64>,
    /// What the shopper typed.
    pub code: Option<String>,
    /// ISO 4217
    pub currency: String,
    /// 1 to 100, each with another product.
    pub lines: Vec<LineRequest>,
    /// The order that is priced again, if it exists already: the promotions that it has are still to be had for it.
    pub order_id: Option<u64>,
    /// The reservation that this order has: its order may be priced again before its `order_created` is heard of.
    pub promotion_reservation_id: Option<Uuid>,
}

/// A product in a basket.
#[derive(Debug, Object)]
pub struct LineRequest {
    pub product_id: String,
    pub category: Option<String>,
    /// 1 to 1 000 000
    pub quantity: i64,
    /// Of one.
    pub price: Amount,
}

impl BasketRequest {
    pub fn parse(&self) -> Result<Basket, InvalidFields> {
        let mut fields = Fields::default();
        let basket = self.fill(&mut fields);
        fields.finish(|| basket)
    }

    /// With the user that a reservation needs.
    pub fn parse_for_customer(&self) -> Result<(UserId, Basket), InvalidFields> {
        let mut fields = Fields::default();
        let user = fields.required("user_id", self.user_id.map(UserId::new));
        let basket = self.fill(&mut fields);
        fields.finish(|| user.zip(basket))
    }

    fn fill(&self, fields: &mut Fields) -> Option<Basket> {
        let code: Option<Option<Code>> =
            fields.check("code", self.code.as_deref().map(str::parse).transpose());
        let currency: Option<Currency> = fields.check("currency", self.currency.parse());
        if self.lines.is_empty() || self.lines.len() > MAX_LINES {
            fields.reject("lines", "length", format!("must be 1 to {MAX_LINES} lines"));
        }
        let mut lines: Vec<Line> = Vec::with_capacity(self.lines.len().min(MAX_LINES));
        for (index, line) in self.lines.iter().take(MAX_LINES).enumerate() {
            let Some(line) = line.parse(fields, &format!("lines[{index}]"), currency) else { continue };
            match lines.iter().any(|other| other.product_id == line.product_id) {
                true => fields.reject(
                    format!("lines[{index}].product_id"),
                    "duplicate",
                    "must be on one line only",
                ),
                false => lines.push(line),
            }
        }
        let mut basket = fields.check("lines", Basket::new(currency?, lines))?;
        basket.user_id = self.user_id.map(UserId::new);
        basket.code = code?;
        basket.order_id = self.order_id.map(OrderId::new);
        basket.of_order = self.promotion_reservation_id.map(ReservationId::new);
        Some(basket)
    }
}

impl LineRequest {
    fn parse(&self, fields: &mut Fields, path: &str, currency: Option<Currency>) -> Option<Line> {
        let product_id: Option<ProductId> =
            fields.check(format!("{path}.product_id"), self.product_id.parse());
        let category = fields.check(
            format!("{path}.category"),
            // Some products have none.
            self.category.as_deref().filter(|it| !it.trim().is_empty()).map(str::parse).transpose(),
        );
        let quantity = u32::try_from(self.quantity).ok().filter(|units| (1..=MOST_UNITS).contains(units));
        let quantity = fields
            .check(format!("{path}.quantity"), quantity.ok_or(format!("must be from 1 to {MOST_UNITS}")));
        let price = fields.check(format!("{path}.price"), self.price.in_currency(currency?))?;
        if price.minor() < 0 {
            fields.reject(format!("{path}.price"), "invalid", "must be 0 or more");
            return None;
        }
        Some(Line { product_id: product_id?, category: category?, quantity: quantity?, price })
    }
}

/// What promotions make of a basket.
#[derive(Debug, Object)]
pub struct PricedDto {
    pub currency: String,
    pub discount: Amount,
    pub free_shipping: bool,
    /// The basket's lines, in their order.
    pub lines: Vec<LineDiscountDto>,
    pub applied: Vec<AppliedDto>,
    pub rejected: Option<RejectedDto>,
}

/// What is taken off a line.
#[derive(Debug, Object)]
pub struct LineDiscountDto {
    pub product_id: String,
    pub discount: Amount,
}

/// A promotion, and what it took off.
#[derive(Debug, Object)]
pub struct AppliedDto {
    pub promotion_id: u64,
    pub code: Option<String>,
    pub name: String,
    /// `percentage`, `fixed`, `free_shipping` or `buy_x_get_y`.
    pub kind: String,
    pub discount: Amount,
}

/// Why the code that was asked for gives nothing.
#[derive(Debug, Object)]
pub struct RejectedDto {
    pub code: String,
    /// `unknown`, `not-started`, `expired`, `used-up`, `used-up-by-customer`, `minimum-not-met`,
    /// `not-for-these-products`, `first-order-only`, `sign-in-required`, `not-combinable` or `other-currency`.
    pub reason: String,
    /// The reason in words, to be put after the code.
    pub message: String,
}

/// What is kept for an order.
#[derive(Debug, Object)]
pub struct ReservedDto {
    /// Null: no promotion is applied, and nothing is kept.
    pub reservation_id: Option<Uuid>,
    #[oai(flatten)]
    pub priced: PricedDto,
}

impl From<Priced> for PricedDto {
    fn from(priced: Priced) -> Self {
        let Priced { products, deal, rejected } = priced;
        let line = |(product, discount): (ProductId, config::money::Money)| LineDiscountDto {
            product_id: product.to_string(),
            discount: discount.into(),
        };
        Self {
            currency: deal.discount.currency().to_string(),
            discount: deal.discount.into(),
            free_shipping: deal.free_shipping,
            lines: products.into_iter().zip(deal.lines).map(line).collect(),
            applied: deal.applied.into_iter().map(AppliedDto::from).collect(),
            rejected: rejected.map(RejectedDto::from),
        }
    }
}

impl From<Applied> for AppliedDto {
    fn from(applied: Applied) -> Self {
        Self {
            promotion_id: applied.promotion_id.get(),
            code: applied.code.map(|code| code.to_string()),
            name: applied.name,
            kind: applied.kind.as_str().to_owned(),
            discount: applied.discount.into(),
        }
    }
}

impl From<Rejection> for RejectedDto {
    fn from(Rejection { code, reason }: Rejection) -> Self {
        Self {
            code: code.to_string(),
            reason: reason.as_str().to_owned(),
            message: reason.message().to_owned(),
        }
    }
}

impl From<Reserved> for ReservedDto {
    fn from(reserved: Reserved) -> Self {
        Self { reservation_id: reserved.id.map(|id| id.get()), priced: reserved.priced.into() }
    }
}
