//! Address books.

use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use super::optional;
use crate::domain::{Address, AddressEntry, region_in};

/// Where something can be sent.
#[derive(Object)]
pub struct AddressEntryDto {
    /// Such as "Home"; at most 50 characters.
    label: Option<String>,
    /// Who lives there; at most 100 characters.
    recipient: String,
    /// At most 200 characters, as `line2`.
    line1: String,
    line2: Option<String>,
    /// At most 100 characters.
    city: String,
    /// At most 100 characters. The name of a state of the USA, Canada or Australia is kept as its code (`California` as
    /// `CA`), any other text as it is.
    state: Option<String>,
    /// At most 20 characters.
    postal_code: Option<String>,
    /// Its ISO 3166 code, or its English name.
    country: String,
    phone: Option<String>,
    /// True makes it the default; the first one is it anyway.
    is_default: Option<bool>,
}

impl AddressEntryDto {
    /// The entry, and whether it is to be the default.
    pub fn parse(self) -> Result<(AddressEntry, bool), InvalidFields> {
        let mut fields = Fields::default();
        let label = fields.check("label", optional(self.label.as_deref()));
        let recipient = fields.check("recipient", self.recipient.parse());
        let line1 = fields.check("line1", self.line1.parse());
        let line2 = fields.check("line2", optional(self.line2.as_deref()));
        let city = fields.check("city", self.city.parse());
        let state = fields.check("state", optional(self.state.as_deref()));
        let postal_code = fields.check("postal_code", optional(self.postal_code.as_deref()));
        let country = fields.check("country", self.country.parse());
        let phone = fields.check("phone", optional(self.phone.as_deref()));
        fields.finish(|| {
            let country = country?;
            let entry = AddressEntry {
                label: label?,
                recipient: recipient?,
                line1: line1?,
                line2: line2?,
                city: city?,
                state: state?.map(|state| region_in(country, state)),
                postal_code: postal_code?,
                country,
                phone: phone?,
            };
            Some((entry, self.is_default.unwrap_or(false)))
        })
    }
}

/// An address.
#[derive(Object)]
pub struct AddressDto {
    id: u64,
    label: Option<String>,
    recipient: String,
    line1: String,
    line2: Option<String>,
    city: String,
    state: Option<String>,
    postal_code: Option<String>,
    country: String,
    phone: Option<String>,
    is_default: bool,
}

impl From<Address> for AddressDto {
    fn from(Address { id, entry, is_default }: Address) -> Self {
        Self {
            id: id.get(),
            label: entry.label.map(|text| text.to_string()),
            recipient: entry.recipient.to_string(),
            line1: entry.line1.to_string(),
            line2: entry.line2.map(|text| text.to_string()),
            city: entry.city.to_string(),
            state: entry.state.map(|text| text.to_string()),
            postal_code: entry.postal_code.map(|text| text.to_string()),
            country: entry.country.to_string(),
            phone: entry.phone.map(|phone| phone.as_str().to_owned()),
            is_default,
        }
    }
}

/// An address book; it has no parts, as it is small.
#[derive(Object)]
pub struct AddressBookDto {
    items: Vec<AddressDto>,
    count: u64,
    total: u64,
    /// Always null.
    next_cursor: Option<String>,
}

impl From<Vec<Address>> for AddressBookDto {
    fn from(addresses: Vec<Address>) -> Self {
        let items: Vec<_> = addresses.into_iter().map(AddressDto::from).collect();
        let count = items.len() as u64;
        Self { items, count, total: count, next_cursor: None }
    }
}
