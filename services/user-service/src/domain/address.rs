//! The address book.

use config::place::{Country, State};
use config::text::Line;

use super::Phone;

/// More addresses than anybody sends to.
pub const MAX_ADDRESSES: usize = 20;

config::ids! {
    /// An entry of an address book.
    AddressId
}

/// A part of a country: its code where that is known, else as people write it.
pub type Region = Line<100>;

/// Orders know states by their codes: a name that is known becomes one, as `California` in the USA. Any other text
/// stays as it is.
pub fn region_in(country: Country, text: Region) -> Region {
    let is_code = text.as_str().parse::<State>().is_ok();
    match State::of(country, text.as_str()) {
        Ok(state) if !is_code => Region::stored(state.as_str()),
        _ => text,
    }
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
    pub state: Option<Region>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_states_name_that_is_known_becomes_a_code() {
        for (country, text, region) in [
            ("US", "California", "CA"),
            ("AU", "new south wales", "NSW"),
            ("CA", "Quebec", "QC"),
            ("US", "tx", "tx"),
            ("US", "Atlantis", "Atlantis"),
            ("DE", "California", "California"),
            ("VN", "Hue", "Hue"),
        ] {
            let found = region_in(country.parse().unwrap(), text.parse().unwrap());
            assert_eq!(found.as_str(), region, "{text}");
        }
    }
}
