//! Promotions, as they are read.

use chrono::{DateTime, Utc};
use config::money::Amount;
use poem_openapi::Object;

use crate::domain::{Benefit, Percent, Promotion};

/// A promotion.
#[derive(Debug, Object)]
pub struct PromotionDto {
    pub id: u64,
    /// Null: it applies by itself.
    pub code: Option<String>,
    pub name: Option<String>,
    pub description: String,
    /// `percentage`, `fixed`, `free_shipping` or `buy_x_get_y`.
    pub kind: String,
    pub discount_percentage: Option<Amount>,
    /// The same as `discount_percentage`.
    pub discount_percent: Option<Amount>,
    pub amount: Option<Amount>,
    /// The only currency that it is for; null: any.
    pub currency: Option<String>,
    pub buy_quantity: Option<u32>,
    pub get_quantity: Option<u32>,
    pub get_discount_percent: Option<Amount>,
    pub start_date: DateTime<Utc>,
    /// The last moment of it.
    pub end_date: DateTime<Utc>,
    pub min_subtotal: Option<Amount>,
    pub max_discount: Option<Amount>,
    /// With `categories`: for these only; for all when both are empty.
    pub product_ids: Vec<String>,
    pub categories: Vec<String>,
    pub first_order_only: bool,
    /// For administrators.
    pub usage_limit: Option<u32>,
    /// By orders that are paid; for administrators.
    pub used_count: Option<u64>,
    /// By orders that aren't paid yet; for administrators.
    pub reserved_count: Option<u64>,
    pub per_customer_limit: Option<u32>,
    /// Whether it goes together with others that do.
    pub stackable: bool,
    pub priority: i32,
    pub is_active: bool,
    /// Whether everybody may see it.
    pub is_public: bool,
    /// Whether it was deleted.
    pub archived: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Grows with each change of the terms; also the `ETag`.
    pub version: u64,
}

impl PromotionDto {
    /// As administrators see it.
    pub fn whole(promotion: Promotion) -> Self {
        let usage = promotion.usage;
        let usage_limit = promotion.terms.conditions.usage_limit;
        let shown = Self::public(promotion);
        Self { usage_limit, used_count: Some(usage.used), reserved_count: Some(usage.reserved), ..shown }
    }

    /// As everybody sees it: how often it is used is the shop's own affair.
    pub fn public(promotion: Promotion) -> Self {
        let Promotion { id, terms, version, archived, created_at, updated_at, .. } = promotion;
        let kind = terms.benefit.kind().as_str().to_owned();
        let (percentage, amount, group, off) = match terms.benefit {
            Benefit::Percentage(percent) => (Some(percent), None, None, None),
            Benefit::Fixed(amount) => (None, Some(amount), None, None),
            Benefit::FreeShipping => (None, None, None, None),
            Benefit::BuyXGetY(group, percent) => (None, None, Some(group), Some(percent)),
        };
        let number = |percent: Percent| Amount::from(percent.number());
        let currency = terms.currency().map(|currency| currency.to_string());
        let conditions = terms.conditions;
        Self {
            id: id.get(),
            code: terms.code.map(|code| code.to_string()),
            name: terms.name.map(|name| name.to_string()),
            description: terms.description.to_string(),
            kind,
            discount_percentage: percentage.map(number),
            discount_percent: percentage.map(number),
            amount: amount.map(Amount::from),
            currency,
            buy_quantity: group.map(|group| group.buy()),
            get_quantity: group.map(|group| group.get()),
            get_discount_percent: off.map(number),
            start_date: terms.period.starts_at(),
            end_date: terms.period.ends_at(),
            min_subtotal: conditions.min_subtotal.map(Amount::from),
            max_discount: terms.max_discount.map(Amount::from),
            product_ids: conditions.product_ids.iter().map(ToString::to_string).collect(),
            categories: conditions.categories.iter().map(ToString::to_string).collect(),
            first_order_only: conditions.first_order_only,
            usage_limit: None,
            used_count: None,
            reserved_count: None,
            per_customer_limit: conditions.per_customer_limit,
            stackable: terms.stackable,
            priority: terms.priority,
            is_active: terms.is_active,
            is_public: terms.is_public,
            archived,
            created_at,
            updated_at,
            version,
        }
    }
}
