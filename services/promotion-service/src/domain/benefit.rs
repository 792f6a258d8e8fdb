//! What a promotion gives.

use std::cmp::Ordering;

use config::money::Money;

use super::{Line, Percent};

/// What a promotion gives, before its cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Benefit {
    /// A part of what the goods cost.
    Percentage(Percent),
    /// An amount off the goods together.
    Fixed(Money),
    /// Sending costs nothing.
    FreeShipping,
    /// Of so many units the cheapest cost less.
    BuyXGetY(GroupSize, Percent),
}

config::names! {
    /// The kinds of benefits.
    Kind {
        Percentage = "percentage",
        Fixed = "fixed",
        FreeShipping = "free_shipping",
        BuyXGetY = "buy_x_get_y",
    }
}

/// How many units are bought at their price, and how many come with them for less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupSize {
    buy: u32,
    get: u32,
}

/// A number that can't be a part of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 1 to {}", GroupSize::MOST)]
pub struct GroupError;

impl GroupSize {
    const MOST: u32 = 1000;

    pub fn new(buy: u32, get: u32) -> Result<Self, GroupError> {
        Ok(Self { buy: Self::part(buy.into())?, get: Self::part(get.into())? })
    }

    /// A number of units that may be part of a group.
    pub fn part(units: i64) -> Result<u32, GroupError> {
        u32::try_from(units).ok().filter(|units| (1..=Self::MOST).contains(units)).ok_or(GroupError)
    }

    pub const fn buy(self) -> u32 {
        self.buy
    }

    pub const fn get(self) -> u32 {
        self.get
    }

    /// How many of so many units cost less. A group that isn't whole gives what it has over those that are bought.
    pub fn discounted(self, units: u64) -> u64 {
        let group = u64::from(self.buy) + u64::from(self.get);
        let rest = (units % group).saturating_sub(self.buy.into());
        units / group * u64::from(self.get) + rest
    }
}

impl Benefit {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Percentage(_) => Kind::Percentage,
            Self::Fixed(_) => Kind::Fixed,
            Self::FreeShipping => Kind::FreeShipping,
            Self::BuyXGetY(..) => Kind::BuyXGetY,
        }
    }

    pub fn is_free_shipping(&self) -> bool {
        self.kind() == Kind::FreeShipping
    }

    /// What it takes off, and by which weights that is spread over the lines. `left` is what each line costs by now;
    /// `None` where the promotion isn't for its product.
    pub(super) fn claim(&self, lines: &[Line], left: &[Option<i64>]) -> (i64, Vec<i64>) {
        let all = || left.iter().map(|left| left.unwrap_or_default()).collect::<Vec<_>>();
        let weights = match self {
            Self::Percentage(_) | Self::Fixed(_) => all(),
            Self::FreeShipping => vec![0; lines.len()],
            Self::BuyXGetY(group, _) => {
                let quantities = lines.iter().zip(left).filter(|(_, left)| left.is_some());
                let units = quantities.map(|(line, _)| u64::from(line.quantity)).sum();
                cheapest(lines, left, group.discounted(units))
            }
        };
        let sum = weights.iter().sum();
        let amount = match self {
            Self::Percentage(percent) | Self::BuyXGetY(_, percent) => percent.of(sum),
            Self::Fixed(amount) => amount.minor(),
            Self::FreeShipping => 0,
        };
        (amount, weights)
    }
}

/// What the cheapest units are worth, on each line.
fn cheapest(lines: &[Line], left: &[Option<i64>], mut units: u64) -> Vec<i64> {
    let mut worth = vec![0; lines.len()];
    let mut by_price: Vec<_> = lines
        .iter()
        .zip(left)
        .enumerate()
        .filter_map(|(index, (line, left))| {
            left.map(|left| (index, i128::from(left), i128::from(line.quantity)))
        })
        .collect();
    // Of equal prices the earlier line's units are first: the sort is stable.
    by_price.sort_by(|(_, left, quantity), (_, other_left, other_quantity)| -> Ordering {
        (left * other_quantity).cmp(&(other_left * quantity))
    });
    for (index, left, quantity) in by_price {
        let taken = i128::from(units).min(quantity);
        // At most what is left of the line, so it fits.
        worth[index] = i64::try_from(left * taken / quantity.max(1)).unwrap_or(i64::MAX);
        units -= u64::try_from(taken).unwrap_or_default();
    }
    worth
}

#[cfg(test)]
mod tests {
    use config::money::Currency;

    use super::*;

    fn line(minor: i64, quantity: u32) -> Line {
        Line {
            product_id: "507f1f77bcf86cd799439011".parse().unwrap(),
            category: None,
            quantity,
            price: Money::from_minor(minor, Currency::USD),
        }
    }

    #[test]
    fn every_third_of_buy_two_get_one_is_for_less() {
        let group = GroupSize::new(2, 1).unwrap();
        let discounted: Vec<_> = (0..=7).map(|units| group.discounted(units)).collect();
        assert_eq!(discounted, [0, 0, 0, 1, 1, 1, 2, 2]);
        let generous = GroupSize::new(1, 2).unwrap();
        let discounted: Vec<_> = (0..=6).map(|units| generous.discounted(units)).collect();
        assert_eq!(discounted, [0, 0, 1, 2, 2, 3, 4]);
        assert!(GroupSize::new(0, 1).is_err() && GroupSize::new(1, 1001).is_err());
    }

    #[test]
    fn the_cheapest_units_are_the_discounted_ones() {
        let lines = [line(3_000, 2), line(1_000, 3), line(2_000, 1)];
        let benefit = Benefit::BuyXGetY(GroupSize::new(1, 1).unwrap(), Percent::ALL);
        let left = [Some(6_000), Some(3_000), Some(2_000)];
        assert_eq!(benefit.claim(&lines, &left), (3_000, vec![0, 3_000, 0]));
        let without_the_cheapest = [Some(6_000), None, Some(2_000)];
        assert_eq!(benefit.claim(&lines, &without_the_cheapest), (2_000, vec![0, 0, 2_000]));
    }
}
