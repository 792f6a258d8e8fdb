//! Rounding to minor units so that everything still adds up.

use config::money::MoneyError;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

config::names! {
    /// What is rounded.
    #[derive(Default)]
    Per {
        /// The tax of each line.
        #[default]
        Line = "line",
        /// The tax of the whole order, which is then shared out over its lines.
        Order = "order",
    }
}

config::names! {
    /// What becomes of an exact half.
    #[derive(Default)]
    Mode {
        #[default]
        HalfUp = "half-up",
        HalfEven = "half-even",
    }
}

/// How a shop rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rounding {
    pub per: Per,
    pub mode: Mode,
}

impl Mode {
    /// The whole minor units nearest to an exact number of them, which isn't negative.
    pub(super) fn round(self, exact: Decimal) -> Result<i64, MoneyError> {
        let strategy = match self {
            Self::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Self::HalfEven => RoundingStrategy::MidpointNearestEven,
        };
        exact.round_dp_with_strategy(0, strategy).to_i64().ok_or(MoneyError::TooLarge)
    }
}

/// Shares `total` out in proportion to the exact parts, each part rounded down or up: the units that are left over
/// after rounding down go to the largest remainders.
///
/// `total` is the sum of the parts, rounded in either direction.
pub(super) fn apportion(total: i64, exact: &[Decimal]) -> Result<Vec<i64>, MoneyError> {
    let whole = exact.iter().map(|part| part.floor().to_i64().ok_or(MoneyError::TooLarge));
    let mut shares = whole.collect::<Result<Vec<i64>, _>>()?;
    let mut by_remainder: Vec<usize> = (0..exact.len()).collect();
    // Stable: of equal remainders the first gets it, so that the same basket is always shared out alike.
    by_remainder.sort_by_key(|&index| std::cmp::Reverse(exact[index].fract()));
    let left = usize::try_from(total - shares.iter().sum::<i64>()).unwrap_or_default();
    for index in by_remainder.into_iter().take(left) {
        shares[index] += 1;
    }
    Ok(shares)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_go_where_the_mode_says() {
        for (exact, up, even) in
            [("0.5", 1, 0), ("1.5", 2, 2), ("2.5", 3, 2), ("2.4999", 2, 2), ("2.51", 3, 3)]
        {
            let exact: Decimal = exact.parse().unwrap();
            assert_eq!(
                (Mode::HalfUp.round(exact), Mode::HalfEven.round(exact)),
                (Ok(up), Ok(even)),
                "{exact}"
            );
        }
        assert_eq!(Mode::HalfUp.round(Decimal::MAX), Err(MoneyError::TooLarge));
    }

    #[test]
    fn left_over_units_go_to_the_largest_remainders() {
        let exact: Vec<Decimal> = ["1.2", "0.7", "0", "2.6", "0.5"].map(|part| part.parse().unwrap()).into();
        assert_eq!(apportion(5, &exact), Ok(vec![1, 1, 0, 3, 0]));
        assert_eq!(apportion(3, &exact), Ok(vec![1, 0, 0, 2, 0]));
        assert_eq!(apportion(0, &[]), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn shares_add_up_and_none_is_more_than_a_unit_off(parts in prop::collection::vec(0i64..10_000_000, 0..20), up: bool) {
            let exact: Vec<Decimal> = parts.iter().map(|part| Decimal::new(*part, 4)).collect();
            let sum: Decimal = exact.iter().sum();
            let total = if up { sum.ceil() } else { sum.floor() }.to_i64().unwrap();
            let shares = apportion(total, &exact).unwrap();
            prop_assert_eq!(shares.iter().sum::<i64>(), total);
            for (share, exact) in shares.iter().zip(&exact) {
                prop_assert!((Decimal::from(*share) - exact).abs() < Decimal::ONE, "{share} of {exact}");
            }
        }
    }
}
