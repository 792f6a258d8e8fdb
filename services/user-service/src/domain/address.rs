//! The address book.

use std::str::FromStr;

use super::{Phone, Text};

/// More addresses than anybody sends to.
pub const MAX_ADDRESSES: usize = 20;

config::ids! {
    /// An entry of an address book.
    AddressId
}

/// ISO 3166-1 alpha-2, upper-case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Country(String);

/// What is wrong with a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a country's two letters, such as VN")]
pub struct NotACountry;

impl Country {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Country {
    type Err = NotACountry;

    fn from_str(raw: &str) -> Result<Self, NotACountry> {
        match raw.len() == 2 && raw.bytes().all(|b| b.is_ascii_alphabetic()) {
            true => Ok(Self(raw.to_ascii_uppercase())),
            false => Err(NotACountry),
        }
    }
}

/// Where something can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressEntry {
    /// Such as "Home".
    pub label: Option<Text<50>>,
    pub recipient: Text<100>,
    pub line1: Text<200>,
    pub line2: Option<Text<200>>,
    pub city: Text<100>,
    pub state: Option<Text<100>>,
    pub postal_code: Option<Text<20>>,
    pub country: Country,
    pub phone: Option<Phone>,
}

/// An entry of an address book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub id: AddressId,
    pub entry: AddressEntry,
    /// One of a user's addresses is, as soon as there are any.
    pub is_default: bool,
}
