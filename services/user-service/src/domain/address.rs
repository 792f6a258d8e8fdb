//! The address book.

use config::place::Country;
use config::text::Line;

use super::Phone;

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
    pub label: Option<Line<50>>,
    pub recipient: Line<100>,
    pub line1: Line<200>,
    pub line2: Option<Line<200>>,
    pub city: Line<100>,
    pub state: Option<Line<100>>,
    pub postal_code: Option<Line<20>>,
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
