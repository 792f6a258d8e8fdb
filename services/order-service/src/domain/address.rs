//! Where an order goes.

use std::fmt;
use std::str::FromStr;

use config::place::Place;
use config::text::TextError;

use super::AddressText;

/// Where an order goes: for people, and for those who must know the country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: AddressText,
    place: Option<Place>,
}

impl Address {
    /// An address of which the place is known, or known not to be.
    pub fn new(text: AddressText, place: Option<Place>) -> Self {
        Self { text, place }
    }

    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Its country and state, when it says them.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

impl FromStr for Address {
    type Err = TextError;

    /// The place is what the text ends with.
    fn from_str(text: &str) -> Result<Self, TextError> {
        let text: AddressText = text.parse()?;
        let place = Place::of_address(text.as_str());
        Ok(Self { text, place })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}
