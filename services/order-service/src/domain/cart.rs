//! What somebody may order later.

use std::fmt;
use std::str::FromStr;

use config::id::{ProductId, UserId};
use uuid::Uuid;

use super::Quantity;

/// The most products that a cart holds: no more than an order can have.
pub const MAX_CART_ITEMS: usize = super::MAX_LINES;

/// The cart of somebody who isn't signed in: whoever knows the id has the cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CartId(Uuid);

/// A text that isn't a cart's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the id of a cart: 32 hexadecimal digits")]
pub struct NotACartId;

impl CartId {
    /// A new one, which can't be guessed.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl FromStr for CartId {
    type Err = NotACartId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.len() {
            32 => text.parse().map(Self).map_err(|_| NotACartId),
            _ => Err(NotACartId),
        }
    }
}

impl fmt::Display for CartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// Whose cart it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CartKey {
    Member(UserId),
    Guest(CartId),
}

/// A product in a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartItem {
    pub product_id: ProductId,
    pub quantity: Quantity,
}
