//! Where a quote's parcel goes: an address as text, or a country.

use std::borrow::Cow;

use config::place::{Country, Place};
use config::problem::Fields;
use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;

use crate::domain::Address;

/// A country to send to.
#[derive(Debug, Clone, Object)]
pub struct DestinationCountry {
    /// Its ISO 3166 code, or its English name.
    pub country: String,
}

/// `"123 Main St, City"`, `"US"` or `{"country": "US"}`.
#[derive(Debug, Clone)]
pub enum Destination {
    Text(String),
    Country(DestinationCountry),
}

impl Destination {
    /// The country, where it is told.
    pub fn parse(&self, fields: &mut Fields) -> Option<Option<Country>> {
        match self {
            Self::Text(text) => match text.parse() {
                Ok(country) => Some(Some(country)),
                Err(_) => {
                    let address = fields.check("destination", text.parse::<Address>());
                    address.map(|_| Place::of_address(text).map(|place| place.country))
                }
            },
            Self::Country(place) => fields.check("destination.country", place.country.parse()).map(Some),
        }
    }
}

impl Type for Destination {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "Destination".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let one_of = vec![String::schema_ref(), DestinationCountry::schema_ref()];
        MetaSchemaRef::Inline(Box::new(MetaSchema { one_of, ..MetaSchema::ANY }))
    }

    fn register(registry: &mut Registry) {
        DestinationCountry::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Destination {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value.unwrap_or_default() {
            Value::String(text) => Ok(Self::Text(text)),
            object => DestinationCountry::parse_from_json(Some(object))
                .map(Self::Country)
                .map_err(ParseError::propagate),
        }
    }
}

impl ToJSON for Destination {
    fn to_json(&self) -> Option<Value> {
        match self {
            Self::Text(text) => text.to_json(),
            Self::Country(place) => place.to_json(),
        }
    }
}
