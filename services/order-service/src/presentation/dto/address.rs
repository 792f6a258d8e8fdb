//! Where an order goes: as text, or in parts.

use std::borrow::Cow;

use config::place::{Place, State};
use config::problem::Fields;
use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;

use crate::domain::Address;

/// An address in parts; together no more than 500 characters.
#[derive(Debug, Clone, Object)]
pub struct AddressParts {
    /// Of whoever receives it.
    pub name: Option<String>,
    pub line1: String,
    pub line2: Option<String>,
    pub city: String,
    /// Its code, as in ISO 3166-2: `CA`; of the USA, Canada and Australia also its name.
    pub state: Option<String>,
    pub postal_code: Option<String>,
    /// By its ISO 3166 code or its English name.
    pub country: Option<String>,
    pub phone: Option<String>,
}

/// `"12 Lê Lợi, Huế, Vietnam"`, or its parts.
#[derive(Debug, Clone)]
pub enum AddressRequest {
    Text(String),
    Parts(Box<AddressParts>),
}

impl AddressRequest {
    pub fn parse(&self, fields: &mut Fields) -> Option<Address> {
        match self {
            Self::Text(text) => fields.check("shipping_address", text.parse()),
            Self::Parts(parts) => parts.parse(fields),
        }
    }
}

impl AddressParts {
    fn parse(&self, fields: &mut Fields) -> Option<Address> {
        for (name, value) in [("line1", &self.line1), ("city", &self.city)] {
            if value.trim().is_empty() {
                fields.reject(format!("shipping_address.{name}"), "required", "is required");
            }
        }
        let country = self.country.as_deref().map(str::parse).transpose();
        let country = fields.check("shipping_address.country", country);
        let state = self.state.as_deref().filter(|state| !state.trim().is_empty());
        let state = state.map(|text| match country.flatten() {
            Some(country) => State::of(country, text),
            None => text.parse(),
        });
        let state = fields.check("shipping_address.state", state.transpose());
        let text = fields.check("shipping_address", self.text().parse());
        let (country, state) = (country?, state?);
        Some(Address::new(text?, country.map(|country| Place { country, state })))
    }

    /// As it is written on a parcel. `str::is_empty` by its full name, because `Type` has an `is_empty` that says
    /// something else of a `&&str`.
    fn text(&self) -> String {
        let town = [Some(&self.city), self.state.as_ref(), self.postal_code.as_ref()];
        let town = town.into_iter().flatten().map(|part| part.trim()).filter(|part| !str::is_empty(part));
        let town = town.collect::<Vec<_>>().join(" ");
        let lines = [
            self.name.as_ref(),
            Some(&self.line1),
            self.line2.as_ref(),
            Some(&town),
            self.country.as_ref(),
            self.phone.as_ref(),
        ];
        let lines = lines.into_iter().flatten().map(|line| line.trim()).filter(|line| !str::is_empty(line));
        lines.collect::<Vec<_>>().join(", ")
    }
}

impl Type for AddressRequest {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "Address".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let one_of = vec![String::schema_ref(), AddressParts::schema_ref()];
        MetaSchemaRef::Inline(Box::new(MetaSchema { one_of, ..MetaSchema::ANY }))
    }

    fn register(registry: &mut Registry) {
        AddressParts::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for AddressRequest {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value.unwrap_or_default() {
            Value::String(text) => Ok(Self::Text(text)),
            object => AddressParts::parse_from_json(Some(object))
                .map(|parts| Self::Parts(Box::new(parts)))
                .map_err(ParseError::propagate),
        }
    }
}

impl ToJSON for AddressRequest {
    fn to_json(&self) -> Option<Value> {
        match self {
            Self::Text(text) => text.to_json(),
            Self::Parts(parts) => parts.to_json(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> AddressParts {
        AddressParts {
            name: Some("Ann Lee".to_owned()),
            line1: "1 Main St".to_owned(),
            line2: None,
            city: "Austin".to_owned(),
            state: Some("tx".to_owned()),
            postal_code: Some("78701".to_owned()),
            country: Some("United States".to_owned()),
            phone: Some(" ".to_owned()),
        }
    }

    #[test]
    fn parts_are_one_text_and_an_exact_place() {
        let mut fields = Fields::default();
        let address = AddressRequest::Parts(Box::new(parts())).parse(&mut fields).unwrap();
        assert_eq!(address.as_str(), "Ann Lee, 1 Main St, Austin tx 78701, United States");
        let place = address.place().unwrap();
        assert_eq!((place.country.code(), place.state.as_ref().unwrap().as_str()), ("US", "TX"));
        let spelled_out = AddressParts { state: Some("Texas".to_owned()), ..parts() };
        assert_eq!(spelled_out.parse(&mut fields).unwrap().place(), Some(place));
        let nowhere = AddressParts { country: None, ..parts() };
        assert_eq!(nowhere.parse(&mut fields).unwrap().place(), None);
    }

    #[test]
    fn every_wrong_part_is_named() {
        let mut fields = Fields::default();
        let (country, state) = (Some("Atlantis".to_owned()), Some("Texas".to_owned()));
        let wrong = AddressParts { line1: " ".to_owned(), city: String::new(), country, state, ..parts() };
        assert!(wrong.parse(&mut fields).is_none());
        let all = fields.finish(|| None::<()>).unwrap_err();
        let named: Vec<_> = all.all().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            named,
            ["line1", "city", "country", "state"].map(|name| format!("shipping_address.{name}"))
        );
    }
}
