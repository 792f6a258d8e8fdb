//! How much of a price a tax is.

use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// 0 to 100 per cent, to four decimals; kept in parts per million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u32);

/// A number that can't be a tax's percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 0 to 100, with four decimals at most")]
pub struct NotAPercent;

impl Percent {
    const MOST: u32 = 1_000_000;
    /// Decimals of a percentage.
    const SCALE: u32 = 4;

    pub fn new(percent: Decimal) -> Result<Self, NotAPercent> {
        let percent = percent.normalize();
        if percent.scale() > Self::SCALE {
            return Err(NotAPercent);
        }
        let millionths = percent.checked_mul(Decimal::from(10_u32.pow(Self::SCALE)));
        Self::from_millionths(millionths.and_then(|value| value.to_u32()).ok_or(NotAPercent)?)
    }

    pub fn from_millionths(millionths: u32) -> Result<Self, NotAPercent> {
        if millionths <= Self::MOST { Ok(Self(millionths)) } else { Err(NotAPercent) }
    }

    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// 7.25 for 7.25 %.
    pub fn number(self) -> Decimal {
        Decimal::new(self.0.into(), Self::SCALE).normalize()
    }

    /// 0.0725 for 7.25 %.
    pub fn fraction(self) -> Decimal {
        Decimal::new(self.0.into(), Self::SCALE + 2)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_has_four_decimals_and_is_a_hundred_at_most() {
        for (text, millionths) in
            [("0", 0), ("7.25", 72_500), ("9.975", 99_750), ("0.0001", 1), ("100.000000", 1_000_000)]
        {
            let percent = Percent::new(text.parse().unwrap()).unwrap();
            assert_eq!(percent.millionths(), millionths, "{text}");
            assert_eq!(percent.number(), text.parse().unwrap());
            assert_eq!(percent.fraction() * Decimal::ONE_HUNDRED, percent.number());
        }
        for wrong in ["-1", "-0.0001", "100.0001", "0.00001", "79228162514264337593543950335"] {
            assert_eq!(Percent::new(wrong.parse().unwrap()), Err(NotAPercent), "{wrong}");
        }
        assert_eq!(Percent::from_millionths(72_500).unwrap().to_string(), "7.25 %");
    }
}
