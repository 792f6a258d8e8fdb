//! The state's share of an order.

use std::fmt;
use std::str::FromStr;

use config::money::Money;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// A rate in per cent, to a millionth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentage(u32);

/// A number that can't be a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a percentage of 0 to 1000")]
pub struct NotAPercentage;

impl Percentage {
    const DIGITS: u32 = 6;
    const MOST: u32 = 1_000_000_000;
    /// One per cent, in millionths.
    const ONE: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

    /// `7.25` is 7 250 000.
    pub fn from_millionths(millionths: u32) -> Result<Self, NotAPercentage> {
        if millionths <= Self::MOST { Ok(Self(millionths)) } else { Err(NotAPercentage) }
    }

    pub const fn millionths(self) -> u32 {
        self.0
    }

    fn decimal(self) -> Decimal {
        Decimal::new(self.0.into(), Self::DIGITS).normalize()
    }

    /// To be shown; the arithmetic is tax-service's.
    pub fn to_number(self) -> f64 {
        self.decimal().to_f64().unwrap_or_default()
    }
}

impl FromStr for Percentage {
    type Err = NotAPercentage;

    fn from_str(text: &str) -> Result<Self, NotAPercentage> {
        let number: Decimal = text.parse().map_err(|_| NotAPercentage)?;
        let millionths = number.round_dp(Self::DIGITS).checked_mul(Self::ONE);
        millionths.and_then(|number| number.to_u32()).ok_or(NotAPercentage).and_then(Self::from_millionths)
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decimal().fmt(f)
    }
}

/// What one rule of one jurisdiction takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxLine {
    pub name: String,
    /// Such as `US-CA`.
    pub jurisdiction: String,
    pub percent: Percentage,
    /// What it is taken of.
    pub taxable: Money,
    pub tax: Money,
}

/// What is to be paid to the state for a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxQuote {
    /// Of each line, in the basket's order.
    pub lines: Vec<Money>,
    /// Of everything, sending too.
    pub total: Money,
    /// By whom it is taken; they add up to the total.
    pub tax_lines: Vec<TaxLine>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_read_back() {
        for (text, shown) in [("7.25", "7.25"), ("0", "0"), ("20.000", "20"), ("9.97500049", "9.975")] {
            let percentage: Percentage = text.parse().unwrap();
            assert_eq!(percentage.to_string(), shown);
            assert_eq!(Percentage::from_millionths(percentage.millionths()), Ok(percentage));
        }
        for bad in ["-1", "1000.1", "much", "", "1e99"] {
            assert_eq!(bad.parse::<Percentage>(), Err(NotAPercentage), "{bad}");
        }
    }
}
