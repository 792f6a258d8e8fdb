//! Money: integer minor units and a currency; major units only at the edges.

use std::fmt;
use std::str::FromStr;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Number, Value};

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// The three letters, upper-case.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the decimal point of a major unit: 2 for USD, 0 for VND, 3 for KWD.
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        iso_currency::Currency::from_code(&code.to_ascii_uppercase())
            .map(Self)
            .ok_or(MoneyError::UnknownCurrency)
    }
}

impl crate::settings::Value for Currency {
    fn parse(raw: &str) -> Result<Self, String> {
        raw.parse().map_err(|_| "must be an ISO 4217 currency code".to_owned())
    }
}

/// An amount of money, possibly negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why an amount can't be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("must be an ISO 4217 currency code")]
    UnknownCurrency,
    #[error("has more decimals than {0} has")]
    TooPrecise(Currency),
    #[error("is too large")]
    TooLarge,
    #[error("is in {0}, not in {1}")]
    OtherCurrency(Currency, Currency),
}

/// The largest amount in either direction, in minor units: what a JSON number carries exactly.
const LARGEST: i64 = 1_000_000_000_000_000;

impl Money {
    /// `minor` is in the currency's smallest units: cents, đồng, fils.
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self::from_minor(0, currency)
    }

    pub const fn minor(self) -> i64 {
        self.minor
    }

    pub const fn currency(self) -> Currency {
        self.currency
    }

    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// The sum; an error when the currencies differ or it overflows.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::checked(self.minor.checked_add(other.minor), self.currency)
    }

    /// The difference, which may be negative.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::checked(self.minor.checked_sub(other.minor), self.currency)
    }

    /// `quantity` times the amount.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        Self::checked(self.minor.checked_mul(quantity.into()), self.currency)
    }

    /// The sum of all, zero for none.
    pub fn sum(all: impl IntoIterator<Item = Self>, currency: Currency) -> Result<Self, MoneyError> {
        all.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        match self.currency == other.currency {
            true => Ok(()),
            false => Err(MoneyError::OtherCurrency(other.currency, self.currency)),
        }
    }

    fn checked(minor: Option<i64>, currency: Currency) -> Result<Self, MoneyError> {
        minor
            .filter(|minor| (-LARGEST..=LARGEST).contains(minor))
            .map(|minor| Self { minor, currency })
            .ok_or(MoneyError::TooLarge)
    }

    fn major(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }
}

/// `1499.99 USD`
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.major(), self.currency)
    }
}

/// A number of major units as it stands in JSON, exact, its currency not yet known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(Decimal);

impl Amount {
    /// The money that this is in `currency`; never rounded.
    pub fn in_currency(self, currency: Currency) -> Result<Money, MoneyError> {
        let amount = self.0.normalize();
        if amount.scale() > currency.exponent() {
            return Err(MoneyError::TooPrecise(currency));
        }
        let shift = Decimal::from(10_i64.pow(currency.exponent()));
        let minor = amount.checked_mul(shift).and_then(|minor| minor.to_i64());
        Money::checked(minor, currency)
    }

    /// The number itself, for what isn't money: a percentage.
    pub const fn number(self) -> Decimal {
        self.0
    }

    fn from_number(number: &Number) -> Result<Self, MoneyError> {
        // The shortest text that reads back as the same double is what the client wrote, up to 15 digits.
        let text = number.to_string();
        let parsed = match text.contains(['e', 'E']) {
            true => Decimal::from_scientific(&text),
            false => Decimal::from_str(&text),
        };
        parsed.map(Self).map_err(|_| MoneyError::TooLarge)
    }

    fn to_number(self) -> Number {
        match self.0.is_integer().then(|| self.0.to_i64()).flatten() {
            Some(whole) => whole.into(),
            None => self.0.to_f64().and_then(Number::from_f64).unwrap_or_else(|| 0.into()),
        }
    }
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self(money.major())
    }
}

impl From<Decimal> for Amount {
    fn from(number: Decimal) -> Self {
        Self(number)
    }
}

impl FromStr for Amount {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Decimal::from_str(text).map(Self).map_err(|_| MoneyError::TooLarge)
    }
}

impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_number().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(deserializer)?;
        Self::from_number(&number).map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "description": "Major units, exact to the currency." })
    }
}

impl Type for Amount {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> std::borrow::Cow<'static, str> {
        "number(money)".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("number", "money")))
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Amount {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value.unwrap_or_default() {
            Value::Number(number) => Self::from_number(&number).map_err(ParseError::custom),
            other => Err(ParseError::expected_type(other)),
        }
    }
}

impl ParseFromParameter for Amount {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        value.parse().map_err(|_| ParseError::custom("must be a number"))
    }
}

impl ToJSON for Amount {
    fn to_json(&self) -> Option<Value> {
        Some(Value::Number(self.to_number()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str, currency: &str) -> Result<i64, MoneyError> {
        let amount: Amount = serde_json::from_str(json).map_err(|_| MoneyError::TooLarge)?;
        amount.in_currency(currency.parse()?).map(Money::minor)
    }

    #[test]
    fn amounts_are_exact_to_the_currencys_exponent() {
        assert_eq!(parse("1499.99", "USD"), Ok(149_999));
        assert_eq!(parse("1500", "USD"), Ok(150_000));
        assert_eq!(parse("1500.00", "usd"), Ok(150_000));
        assert_eq!(parse("29990000", "VND"), Ok(29_990_000));
        assert_eq!(parse("1.234", "KWD"), Ok(1_234));
        assert_eq!(parse("1.005", "USD"), Err(MoneyError::TooPrecise(Currency::USD)));
        assert!(matches!(parse("0.5", "VND"), Err(MoneyError::TooPrecise(_))));
        assert_eq!(parse("1e30", "USD"), Err(MoneyError::TooLarge));
        assert_eq!(parse("1", "XXQ"), Err(MoneyError::UnknownCurrency));
    }

    #[test]
    fn amounts_print_as_they_were_written() {
        for (minor, json) in [(149_999, "1499.99"), (300_000, "3000"), (10, "0.1"), (-5, "-0.05")] {
            let amount = Amount::from(Money::from_minor(minor, Currency::USD));
            assert_eq!(serde_json::to_string(&amount).unwrap(), json);
        }
    }

    proptest::proptest! {
        #[test]
        fn every_amount_survives_json(minor in -LARGEST..=LARGEST) {
            let money = Money::from_minor(minor, Currency::USD);
            let json = serde_json::to_string(&Amount::from(money)).unwrap();
            let back: Amount = serde_json::from_str(&json).unwrap();
            proptest::prop_assert_eq!(back.in_currency(Currency::USD), Ok(money));
        }
    }
}
