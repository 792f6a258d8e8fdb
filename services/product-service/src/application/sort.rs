//! The orders that a list of products can have.

use std::fmt;
use std::str::FromStr;

use config::id::ProductId;

use crate::domain::Product;

/// The order of a list; products that are equal in it follow their ids. The newest first, when not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

config::names! {
    /// What a list is ordered by.
    SortKey {
        CreatedAt = "created_at",
        Name = "name",
        Price = "price",
    }
}

/// A word that is no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of price, -price, name, -name, created_at, -created_at")]
pub struct UnknownSort;

/// A place in an order: that of a product, by what it is ordered by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct After {
    pub value: SortValue,
    pub id: ProductId,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SortValue {
    Text(String),
    /// Minor units, or milliseconds since 1970.
    Number(i64),
}

impl Default for Sort {
    fn default() -> Self {
        Self { key: SortKey::CreatedAt, descending: true }
    }
}

impl SortKey {
    /// What the product is ordered by.
    pub fn of(self, product: &Product) -> SortValue {
        match self {
            Self::CreatedAt => SortValue::Number(product.created_at.timestamp_millis()),
            Self::Name => SortValue::Text(folded(product.details.name.as_str())),
            Self::Price => SortValue::Number(product.details.price.money().minor()),
        }
    }

    pub fn is_text(self) -> bool {
        self == Self::Name
    }
}

impl FromStr for Sort {
    type Err = UnknownSort;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let (key, descending) = match word.strip_prefix('-') {
            Some(key) => (key, true),
            None => (word, false),
        };
        Ok(Self { key: key.parse().map_err(|_| UnknownSort)?, descending })
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.key)
    }
}

/// How names are compared: without regard to case.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}
