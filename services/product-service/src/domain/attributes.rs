//! What sets a product apart: brand, colour, screen size.

use std::collections::BTreeMap;
use std::str::FromStr;

/// The largest whole number that every JSON reader keeps exact.
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// The name of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeName(String);

impl AttributeName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AttributeName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `$` and `.` have a meaning of their own where documents are stored.
        let legal = |c: char| !c.is_control() && c != '$' && c != '.';
        match (1..=64).contains(&text.chars().count()) && text.trim() == text && text.chars().all(legal) {
            true => Ok(Self(text.to_owned())),
            false => Err("must have a name of 1 to 64 characters without $ and dots"),
        }
    }
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeValue {
    Text(String),
    Integer(i64),
    Decimal(f64),
    Flag(bool),
}

impl AttributeValue {
    pub fn text(text: String) -> Result<Self, &'static str> {
        match text.chars().count() <= 500 && !text.contains('\0') {
            true => Ok(Self::Text(text)),
            false => Err("must be at most 500 characters"),
        }
    }

    pub fn number(number: f64) -> Result<Self, &'static str> {
        match number.abs() <= LARGEST {
            true if number.fract() == 0.0 => Ok(Self::Integer(number as i64)),
            true => Ok(Self::Decimal(number)),
            false => Err("must be from -9007199254740991 to 9007199254740991"),
        }
    }
}

/// All attributes of a product or variant.
pub type Attributes = BTreeMap<AttributeName, AttributeValue>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_something_to_a_database_are_refused() {
        for bad in ["$where", "a.b", "", " a", "a\0", &"x".repeat(65)] {
            assert!(bad.parse::<AttributeName>().is_err(), "{bad}");
        }
        assert!("màu sắc".parse::<AttributeName>().is_ok());
    }

    #[test]
    fn numbers_stay_exact() {
        assert_eq!(AttributeValue::number(15.0), Ok(AttributeValue::Integer(15)));
        assert_eq!(AttributeValue::number(15.6), Ok(AttributeValue::Decimal(15.6)));
        for bad in [f64::NAN, f64::INFINITY, 1e16] {
            assert!(AttributeValue::number(bad).is_err());
        }
    }
}
