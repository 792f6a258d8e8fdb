//! Which promotions a basket gets; docs/adr/0100.

use std::cmp::Reverse;

use config::money::Money;

use super::benefit::Kind;
use super::{Basket, Code, Promotion, PromotionId};

/// A promotion, and what it took off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub promotion_id: PromotionId,
    pub code: Option<Code>,
    /// What shoppers know it by.
    pub name: String,
    pub kind: Kind,
    pub discount: Money,
}

/// What promotions make of a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deal {
    /// What is taken off each of the basket's lines.
    pub lines: Vec<Money>,
    /// The sum of the lines'.
    pub discount: Money,
    pub free_shipping: bool,
    /// In the order in which they were applied; those that give nothing aren't here.
    pub applied: Vec<Applied>,
}

impl Deal {
    /// The promotions one after the other, each on what those before it have left.
    fn of(basket: &Basket, promotions: &[&Promotion]) -> Self {
        let currency = basket.currency();
        let mut left = basket.costs().to_vec();
        let mut applied = Vec::new();
        let mut free_shipping = false;
        for promotion in promotions {
            let off = promotion.off(basket, &left);
            let discount: i64 = off.iter().sum();
            let frees = promotion.terms.benefit.is_free_shipping() && !free_shipping;
            if discount == 0 && !frees {
                continue;
            }
            left.iter_mut().zip(off).for_each(|(left, off)| *left -= off);
            free_shipping |= frees;
            applied.push(Applied {
                promotion_id: promotion.id,
                code: promotion.terms.code.clone(),
                name: promotion.terms.title().to_owned(),
                kind: promotion.terms.benefit.kind(),
                discount: Money::from_minor(discount, currency),
            });
        }
        let lines: Vec<i64> = basket.costs().iter().zip(left).map(|(cost, left)| cost - left).collect();
        Self {
            discount: Money::from_minor(lines.iter().sum(), currency),
            lines: lines.into_iter().map(|minor| Money::from_minor(minor, currency)).collect(),
            free_shipping,
            applied,
        }
    }

    /// Whether the code that was asked for is part of it.
    pub fn honours(&self, code: &Code) -> bool {
        self.applied.iter().any(|applied| applied.code.as_ref() == Some(code))
    }

    /// What a deal is better by. Of two that cost the same, the one with the code that was asked for is better: that
    /// is what the shopper expects to see; then the one that uses up fewer promotions.
    fn rank(&self, basket: &Basket) -> impl Ord + use<> {
        let honours = basket.code.as_ref().is_some_and(|code| self.honours(code));
        (self.discount.minor(), self.free_shipping, honours, Reverse(self.applied.len()))
    }
}

/// The best of what is allowed: all promotions that go together, or a single one of the others. Each candidate is for
/// this basket.
pub fn choose(basket: &Basket, candidates: &[&Promotion]) -> Deal {
    let (mut stack, mut alone): (Vec<&Promotion>, Vec<&Promotion>) =
        candidates.iter().partition(|promotion| promotion.terms.stackable);
    stack.sort_by_key(|promotion| place(promotion));
    alone.sort_by_key(|promotion| place(promotion));
    let mut best = Deal::of(basket, &stack);
    for promotion in alone {
        let deal = Deal::of(basket, &[promotion]);
        if deal.rank(basket) > best.rank(basket) {
            best = deal;
        }
    }
    best
}

/// Free shipping changes no line, so it comes last; that of a code first, for one is enough.
fn place(promotion: &Promotion) -> impl Ord + use<> {
    let frees = promotion.terms.benefit.is_free_shipping();
    let unasked = frees && promotion.terms.code.is_none();
    (frees, unasked, Reverse(promotion.terms.priority), promotion.id)
}

#[cfg(test)]
mod tests;
