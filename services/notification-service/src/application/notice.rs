//! A notification before it has a number, and what its e-mail says beside it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{NotificationType, Wording};

/// Something to tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub kind: NotificationType,
    pub wording: Wording,
    pub details: Details,
}

impl Notice {
    pub fn new(kind: NotificationType, wording: Wording, details: Details) -> Self {
        Self { kind, wording, details }
    }
}

/// What an e-mail says beside title and message; it names the template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "template", rename_all = "snake_case")]
pub enum Details {
    Message,
    Order(OrderDetails),
    Shipment(ShipmentDetails),
    Link(LinkDetails),
    /// Nothing; it only goes elsewhere.
    FormerAddress(FormerAddress),
}

impl Details {
    /// Without what the user wrote: whoever reads it needn't be the user.
    pub fn without_free_text(self) -> Self {
        match self {
            Self::Order(order) => Self::Order(OrderDetails { shipping_address: String::new(), ..order }),
            // Nothing of these is the user's.
            Self::Message | Self::Shipment(_) | Self::Link(_) | Self::FormerAddress(_) => self,
        }
    }
}

/// Amounts are as people read them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderDetails {
    pub order_id: u64,
    pub lines: Vec<OrderLine>,
    pub subtotal: String,
    /// `None` where it is zero; so are tax and shipping.
    pub discount: Option<String>,
    /// That comes on top.
    pub tax: Option<String>,
    pub shipping: Option<String>,
    pub total: String,
    /// That is in the prices, and so in the total.
    #[serde(default)]
    pub included_tax: Option<String>,
    /// May be empty.
    pub shipping_address: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    pub name: String,
    pub quantity: u32,
    /// Of one.
    pub price: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShipmentDetails {
    pub order_id: u64,
    /// Empty where no carrier has the parcel; so is the number. Older versions expect a text.
    pub carrier: String,
    pub tracking_number: String,
    pub estimated_delivery: Option<String>,
}

/// Where the e-mail goes instead of to the user's present address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerAddress {
    pub email: String,
    pub name: String,
    /// See [`Contact::is_trusted`](super::Contact::is_trusted). Those that were kept before it was asked for are.
    #[serde(default = "trusted")]
    pub is_trusted: bool,
}

fn trusted() -> bool {
    true
}

/// Without the person.
impl std::fmt::Debug for FormerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FormerAddress").finish_non_exhaustive()
    }
}

/// A one-time link.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct LinkDetails {
    /// What the button says.
    pub action: String,
    /// Below the shop's public address.
    pub path: String,
    pub token: String,
    /// After this nobody needs the e-mail.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Without the token: whoever holds it takes the account.
impl std::fmt::Debug for LinkDetails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkDetails")
            .field("path", &self.path)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
