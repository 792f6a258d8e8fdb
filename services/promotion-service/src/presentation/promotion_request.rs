//! Promotions, as administrators write them.

use std::fmt::Display;
use std::str::FromStr;

use config::money::{Amount, Currency, Money};
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use crate::domain::{Benefit, Conditions, GroupSize, Kind, NotAPercent, Percent, Period, Terms};

const MOST_PRODUCTS: usize = 500;
const MOST_CATEGORIES: usize = 100;
/// As large as a counter of uses may get.
const MOST_USES: i64 = 1_000_000_000;
const PRIORITIES: std::ops::RangeInclusive<i64> = -1_000..=1_000;

/// A promotion, new or with other terms.
#[derive(Debug, Object)]
pub struct PromotionRequest {
    /// What shoppers type: 1 to 50 letters, digits, hyphens or underscores, in any case. Without it the promotion
    /// applies by itself.
    pub code: Option<String>,
    /// 1 to 100 characters; what shoppers see beside the discount.
    pub name: Option<String>,
    /// 1 to 1000 characters.
    pub description: String,
    /// `percentage`, `fixed`, `free_shipping` or `buy_x_get_y`. When not given, what the other members tell.
    pub kind: Option<String>,
    /// Of a `percentage`: more than 0, at most 100, two decimals.
    pub discount_percentage: Option<Amount>,
    /// The same as `discount_percentage`.
    pub discount_percent: Option<Amount>,
    /// Of a `fixed` one: what is taken off the goods together.
    pub amount: Option<Amount>,
    /// Of `amount`, `min_subtotal` and `max_discount`; the shop's when not given.
    pub currency: Option<String>,
    /// Of `buy_x_get_y`: so many units at their price, 1 to 1000.
    pub buy_quantity: Option<i64>,
    /// Of `buy_x_get_y`: so many more for less, 1 to 1000.
    pub get_quantity: Option<i64>,
    /// Of `buy_x_get_y`: how much less; 100 when not given.
    pub get_discount_percent: Option<Amount>,
    /// `2025-12-01`, or RFC 3339.
    pub start_date: String,
    /// `2025-12-31`, which includes that day, or RFC 3339.
    pub end_date: String,
    /// What the whole basket must cost before anything is taken off.
    pub min_subtotal: Option<Amount>,
    /// No more than this is taken off.
    pub max_discount: Option<Amount>,
    /// Only for these products, 500 at most, and those of the categories; for all when neither is given.
    pub product_ids: Option<Vec<String>>,
    /// 100 at most.
    pub categories: Option<Vec<String>>,
    /// Only for a customer's first order.
    pub first_order_only: Option<bool>,
    /// How many orders may have it, 1 to 1 000 000 000; as many as come when not given.
    pub usage_limit: Option<i64>,
    /// How many orders of one customer may have it.
    pub per_customer_limit: Option<i64>,
    /// Whether it goes together with others that do; false when not given.
    pub stackable: Option<bool>,
    /// Of promotions that go together the higher is applied first, -1000 to 1000; 0 when not given.
    pub priority: Option<i64>,
    /// Whether it is offered; true when not given.
    pub is_active: Option<bool>,
    /// Whether everybody may see it; when not given, only if it has no code.
    pub is_public: Option<bool>,
}

impl PromotionRequest {
    pub fn parse(&self, shop: Currency) -> Result<Terms, InvalidFields> {
        let mut fields = Fields::default();
        let code = optional(&mut fields, "code", self.code.as_deref());
        let name = optional(&mut fields, "name", self.name.as_deref());
        let description = fields.check("description", self.description.parse());
        let currency = fields.check("currency", self.currency.as_deref().map_or(Ok(shop), str::parse));
        let benefit = self.benefit(&mut fields, currency);
        let period = self.period(&mut fields);
        let min_subtotal = money(&mut fields, "min_subtotal", self.min_subtotal, currency);
        let max_discount = money(&mut fields, "max_discount", self.max_discount, currency);
        let product_ids = list(&mut fields, "product_ids", self.product_ids.as_deref(), MOST_PRODUCTS);
        let categories = list(&mut fields, "categories", self.categories.as_deref(), MOST_CATEGORIES);
        let usage_limit = limit(&mut fields, "usage_limit", self.usage_limit);
        let per_customer_limit = limit(&mut fields, "per_customer_limit", self.per_customer_limit);
        let priority = Some(self.priority.unwrap_or_default()).filter(|it| PRIORITIES.contains(it));
        let priority = priority.and_then(|priority| i32::try_from(priority).ok());
        let priority = fields.check("priority", priority.ok_or("must be from -1000 to 1000"));
        let is_public = self.is_public.unwrap_or(self.code.is_none());
        fields.finish(|| {
            let conditions = Conditions {
                min_subtotal: min_subtotal?,
                product_ids: product_ids?,
                categories: categories?,
                first_order_only: self.first_order_only.unwrap_or_default(),
                usage_limit: usage_limit?,
                per_customer_limit: per_customer_limit?,
            };
            Some(Terms {
                code: code?,
                name: name?,
                description: description?,
                benefit: benefit?,
                max_discount: max_discount?,
                conditions,
                period: period?,
                stackable: self.stackable.unwrap_or_default(),
                priority: priority?,
                is_active: self.is_active.unwrap_or(true),
                is_public,
            })
        })
    }

    fn kind(&self, fields: &mut Fields) -> Option<Kind> {
        let percentage = self.discount_percentage.or(self.discount_percent);
        match &self.kind {
            Some(kind) => fields.check("kind", kind.parse()),
            None if percentage.is_some() => Some(Kind::Percentage),
            None if self.amount.is_some() => Some(Kind::Fixed),
            None if self.buy_quantity.is_some() => Some(Kind::BuyXGetY),
            None => fields.required("kind", None),
        }
    }

    fn benefit(&self, fields: &mut Fields, currency: Option<Currency>) -> Option<Benefit> {
        match self.kind(fields)? {
            Kind::Percentage => {
                let named = match (self.discount_percentage, self.discount_percent) {
                    (None, Some(percent)) => ("discount_percent", Some(percent)),
                    (percentage, _) => ("discount_percentage", percentage),
                };
                let number = fields.required(named.0, named.1)?;
                fields.check(named.0, percent(number)).map(Benefit::Percentage)
            }
            Kind::Fixed => {
                fields.required("amount", self.amount)?;
                money(fields, "amount", self.amount, currency).flatten().map(Benefit::Fixed)
            }
            Kind::FreeShipping => Some(Benefit::FreeShipping),
            Kind::BuyXGetY => {
                let mut part = |field: &str, units: Option<i64>| {
                    let units = fields.required(field, units)?;
                    fields.check(field, GroupSize::part(units))
                };
                let (buy, get) =
                    (part("buy_quantity", self.buy_quantity), part("get_quantity", self.get_quantity));
                let off = self.get_discount_percent.map_or(Ok(Percent::ALL), percent);
                let off = fields.check("get_discount_percent", off);
                Some(Benefit::BuyXGetY(GroupSize::new(buy?, get?).ok()?, off?))
            }
        }
    }

    fn period(&self, fields: &mut Fields) -> Option<Period> {
        let start = fields.check("start_date", Period::start(&self.start_date));
        let end = fields.check("end_date", Period::end(&self.end_date));
        fields.check("end_date", Period::new(start?, end?))
    }
}

/// The value if one is given. `None`: it is wrong.
fn optional<T: FromStr<Err: Display>>(
    fields: &mut Fields,
    field: &str,
    text: Option<&str>,
) -> Option<Option<T>> {
    fields.check(field, text.map(str::parse).transpose())
}

fn percent(number: Amount) -> Result<Percent, NotAPercent> {
    Percent::new(number.number())
}

/// More than nothing, if it is given.
fn money(
    fields: &mut Fields,
    field: &str,
    amount: Option<Amount>,
    currency: Option<Currency>,
) -> Option<Option<Money>> {
    let Some(amount) = amount else { return Some(None) };
    let money = fields.check(field, amount.in_currency(currency?))?;
    if !money.is_positive() {
        fields.reject(field, "invalid", "must be more than 0");
        return None;
    }
    Some(Some(money))
}

fn list<T: FromStr<Err: Display>>(
    fields: &mut Fields,
    field: &str,
    texts: Option<&[String]>,
    most: usize,
) -> Option<Vec<T>> {
    let texts = texts.unwrap_or_default();
    if texts.len() > most {
        fields.reject(field, "length", format!("must be {most} at most"));
        return None;
    }
    let parsed = texts.iter().enumerate();
    let parsed: Vec<_> =
        parsed.map(|(index, text)| fields.check(format!("{field}[{index}]"), text.parse())).collect();
    parsed.into_iter().collect()
}

fn limit(fields: &mut Fields, field: &str, uses: Option<i64>) -> Option<Option<u32>> {
    let Some(uses) = uses else { return Some(None) };
    let legal = Some(uses).filter(|uses| (1..=MOST_USES).contains(uses));
    let legal = legal.and_then(|uses| u32::try_from(uses).ok());
    fields.check(field, legal.ok_or(format!("must be from 1 to {MOST_USES}"))).map(Some)
}
