//! Percentages, exact.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

/// More than 0 and at most 100, with up to two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(Decimal);

/// A number that can't be a percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be more than 0 and at most 100, with two decimals at most")]
pub struct NotAPercent;

impl Percent {
    const DECIMALS: u32 = 2;
    pub const ALL: Self = Self(Decimal::ONE_HUNDRED);

    pub fn new(number: Decimal) -> Result<Self, NotAPercent> {
        let number = number.normalize();
        let legal =
            number > Decimal::ZERO && number <= Decimal::ONE_HUNDRED && number.scale() <= Self::DECIMALS;
        if legal { Ok(Self(number)) } else { Err(NotAPercent) }
    }

    /// From hundredths of a per cent, as they are stored.
    pub fn from_hundredths(hundredths: u16) -> Result<Self, NotAPercent> {
        Self::new(Decimal::new(hundredths.into(), Self::DECIMALS))
    }

    pub fn hundredths(self) -> u16 {
        (self.0 * Decimal::ONE_HUNDRED).to_u16().unwrap_or_default()
    }

    pub const fn number(self) -> Decimal {
        self.0
    }

    /// So many per cent of an amount in minor units; a half is rounded up.
    pub fn of(self, minor: i64) -> i64 {
        let exact = Decimal::from(minor) * self.0 / Decimal::ONE_HUNDRED;
        exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(text: &str) -> Result<Percent, NotAPercent> {
        Percent::new(text.parse().unwrap())
    }

    #[test]
    fn percentages_are_bounded_and_precise_to_a_hundredth() {
        for good in ["0.01", "7.25", "10.50", "100"] {
            let read = percent(good).unwrap();
            assert_eq!(Percent::from_hundredths(read.hundredths()), Ok(read), "{good}");
        }
        for bad in ["0", "-1", "100.01", "1.005", "79228162514264337593543950335"] {
            assert_eq!(percent(bad), Err(NotAPercent), "{bad}");
        }
    }

    #[test]
    fn parts_are_exact_and_halves_go_up() {
        assert_eq!(percent("10").unwrap().of(300_000), 30_000);
        assert_eq!(percent("10").unwrap().of(5), 1);
        assert_eq!(percent("10").unwrap().of(4), 0);
        assert_eq!(percent("33.33").unwrap().of(1_000_000_000_000_000), 333_300_000_000_000);
        assert_eq!(Percent::ALL.of(1_000_000_000_000_000), 1_000_000_000_000_000);
    }
}
