//! An exact number, as it stands in JSON.

use std::borrow::Cow;
use std::str::FromStr;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Number, Value};

/// A percentage: the decimal number that was written, not the nearest binary one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact(pub Decimal);

impl Type for Exact {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "number(decimal)".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("number", "decimal")))
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Exact {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let Some(Value::Number(number)) = value else {
            return Err(ParseError::expected_type(value.unwrap_or_default()));
        };
        // The shortest text that reads back as the same double is what the client wrote.
        let text = number.to_string();
        let parsed = Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text));
        // Beyond what a decimal can be it is beyond every range that is asked for as well.
        Ok(Self(parsed.unwrap_or(Decimal::MAX)))
    }
}

impl ToJSON for Exact {
    fn to_json(&self) -> Option<Value> {
        let whole = self.0.is_integer().then(|| self.0.to_i64()).flatten();
        let number = whole.map(Number::from).or_else(|| self.0.to_f64().and_then(Number::from_f64));
        number.map(Value::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_was_written() {
        for text in ["9.975", "0", "19", "0.0001", "100"] {
            let value: Value = serde_json::from_str(text).unwrap();
            let number = Exact::parse_from_json(Some(value.clone())).unwrap();
            assert_eq!(number.0, text.parse().unwrap());
            assert_eq!(number.to_json(), Some(value));
        }
        for text in ["\"19\"", "null", "true"] {
            assert!(Exact::parse_from_json(Some(serde_json::from_str(text).unwrap())).is_err(), "{text}");
        }
        let huge = serde_json::from_str("1e300").unwrap();
        assert_eq!(Exact::parse_from_json(Some(huge)).unwrap().0, Decimal::MAX);
    }
}
