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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortKey {
    CreatedAt,
    Name,
    Price,
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

    fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::Name => "name",
            Self::Price => "price",
        }
    }
}

impl FromStr for Sort {
    type Err = UnknownSort;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let (word, descending) = match word.strip_prefix('-') {
            Some(word) => (word, true),
            None => (word, false),
        };
        let keys = [SortKey::CreatedAt, SortKey::Name, SortKey::Price];
        let key = keys.into_iter().find(|key| key.as_str() == word).ok_or(UnknownSort)?;
        Ok(Self { key, descending })
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.key.as_str())
    }
}

/// How names are compared: without regard to case.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}
