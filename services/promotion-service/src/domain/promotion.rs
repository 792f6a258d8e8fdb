//! A promotion.

use chrono::{DateTime, Utc};
use config::id::ProductId;
use config::money::{Currency, Money};

use super::spread::spread;
use super::{Basket, Benefit, Category, Code, Description, Line, Name, Period, PromotionId, Reason};

/// For whom and what a promotion is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Of the whole basket, before anything is taken off.
    pub min_subtotal: Option<Money>,
    /// With `categories`: products that are in either. For all when both are empty.
    pub product_ids: Vec<ProductId>,
    pub categories: Vec<Category>,
    pub first_order_only: bool,
    /// How many orders may have it.
    pub usage_limit: Option<u32>,
    /// How many orders of one customer may have it.
    pub per_customer_limit: Option<u32>,
}

/// All of a promotion that an administrator decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// `None`: it applies by itself.
    pub code: Option<Code>,
    pub name: Option<Name>,
    pub description: Description,
    pub benefit: Benefit,
    pub max_discount: Option<Money>,
    pub conditions: Conditions,
    pub period: Period,
    /// Whether it goes together with others that do.
    pub stackable: bool,
    /// The higher is applied first.
    pub priority: i32,
    pub is_active: bool,
    /// Whether everybody may see it.
    pub is_public: bool,
}

/// How often a promotion is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// By orders that are paid.
    pub used: u64,
    /// By orders that aren't paid yet.
    pub reserved: u64,
}

/// A promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    pub id: PromotionId,
    pub terms: Terms,
    pub usage: Usage,
    /// Grows with each change of the terms; uses don't count.
    pub version: u64,
    pub archived: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Terms {
    /// What shoppers know it by.
    pub fn title(&self) -> &str {
        let name = self.name.as_ref().map(Name::as_str);
        name.or(self.code.as_ref().map(Code::as_str)).unwrap_or(self.description.as_str())
    }

    /// The only currency that it is for, if it speaks of money.
    pub fn currency(&self) -> Option<Currency> {
        let amount = match self.benefit {
            Benefit::Fixed(amount) => Some(amount),
            _ => None,
        };
        amount.or(self.max_discount).or(self.conditions.min_subtotal).map(Money::currency)
    }

    fn is_for(&self, line: &Line) -> bool {
        let Conditions { product_ids, categories, .. } = &self.conditions;
        let for_all = product_ids.is_empty() && categories.is_empty();
        for_all
            || product_ids.contains(&line.product_id)
            || line.category.as_ref().is_some_and(|category| categories.contains(category))
    }
}

impl Promotion {
    /// Whether everybody may see it.
    pub fn is_shown(&self, now: DateTime<Utc>) -> bool {
        let Terms { period, is_active, is_public, .. } = &self.terms;
        *is_public && *is_active && !self.archived && !period.is_over(now)
    }

    /// Whether its uses are limited in a way that only the database knows.
    pub fn is_limited(&self) -> bool {
        let Conditions { first_order_only, usage_limit, per_customer_limit, .. } = &self.terms.conditions;
        *first_order_only || usage_limit.is_some() || per_customer_limit.is_some()
    }

    /// Why it isn't for this basket, as far as its terms tell.
    pub fn unmet(&self, basket: &Basket, now: DateTime<Utc>) -> Option<Reason> {
        let Terms { conditions, period, benefit, .. } = &self.terms;
        let personal = conditions.first_order_only || conditions.per_customer_limit.is_some();
        let lines = || basket.lines().iter().filter(|line| self.terms.is_for(line));
        if self.archived || !self.terms.is_active {
            return Some(Reason::Unknown);
        }
        if !period.has_begun(now) {
            return Some(Reason::NotStarted);
        }
        if period.is_over(now) {
            return Some(Reason::Expired);
        }
        if self.terms.currency().is_some_and(|currency| currency != basket.currency()) {
            return Some(Reason::OtherCurrency);
        }
        if lines().next().is_none() {
            return Some(Reason::NotForTheseProducts);
        }
        if conditions.min_subtotal.is_some_and(|least| basket.subtotal().minor() < least.minor()) {
            return Some(Reason::MinimumNotMet);
        }
        if let Benefit::BuyXGetY(group, _) = benefit
            && group.discounted(lines().map(|line| u64::from(line.quantity)).sum()) == 0
        {
            return Some(Reason::MinimumNotMet);
        }
        if personal && basket.user_id.is_none() {
            return Some(Reason::SignInRequired);
        }
        None
    }

    /// What it takes off each line, of which so much is left, in minor units.
    pub(super) fn off(&self, basket: &Basket, left: &[i64]) -> Vec<i64> {
        let lines = basket.lines();
        let eligible: Vec<_> =
            lines.iter().zip(left).map(|(line, left)| self.terms.is_for(line).then_some(*left)).collect();
        let (amount, weights) = self.terms.benefit.claim(lines, &eligible);
        let most = self.terms.max_discount.map_or(i64::MAX, Money::minor);
        spread(amount.min(most), &weights)
    }
}
