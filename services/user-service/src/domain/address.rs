//! The address book.

use config::place::Country;

use super::{Phone, Text};

/// More addresses than anybody sends to.
pub const MAX_ADDRESSES: usize = 20;

config::ids! {
    /// An entry of an address book.
    AddressId
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
