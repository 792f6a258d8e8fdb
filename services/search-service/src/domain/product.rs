//! A product, as search knows it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use config::id::ProductId;
use config::money::Money;
use sha2::{Digest as _, Sha256};

/// A product of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    pub id: ProductId,
    pub details: Details,
    pub stock: Stock,
    pub rating: Rating,
}

/// What product-service says about a product.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    pub name: String,
    pub description: String,
    pub price: Money,
    pub category: String,
    pub sku: String,
    pub images: Vec<String>,
    pub attributes: BTreeMap<String, AttributeValue>,
    pub weight_grams: u32,
    /// Whether it is for sale.
    pub active: bool,
    /// Grows with every change of these.
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeValue {
    Text(String),
    Integer(i64),
    Decimal(f64),
    Flag(bool),
}

/// What can be ordered, as inventory-service last said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stock {
    pub available: u64,
    pub version: u64,
}

/// What rating-service last said.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rating {
    pub average: f64,
    pub count: u64,
    pub version: u64,
}

/// A figure that another service knows about a product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Figure {
    Stock(Stock),
    Rating(Rating),
}

impl Product {
    /// Takes over a figure unless a newer one is known. The answer is whether it did.
    pub fn follow(&mut self, figure: Figure) -> bool {
        match figure {
            Figure::Stock(stock) if stock.version > self.stock.version => self.stock = stock,
            Figure::Rating(rating) if rating.version > self.rating.version => self.rating = rating,
            Figure::Stock(_) | Figure::Rating(_) => return false,
        }
        true
    }

    /// The newest of what two views of one product know: each part from the one that knows it better.
    pub fn newest(mut self, other: &Self) -> Self {
        if other.details.version > self.details.version {
            self.details = other.details.clone();
        }
        self.follow(Figure::Stock(other.stock));
        self.follow(Figure::Rating(other.rating));
        self
    }

    pub fn in_stock(&self) -> bool {
        self.stock.available > 0
    }

    /// Tells this state of the product from every other: the sum over a catalogue names the catalogue.
    pub fn fingerprint(&self) -> u128 {
        let mut hash = Sha256::new();
        hash.update(self.id.as_str());
        let numbers = [
            self.details.version,
            self.stock.available,
            self.stock.version,
            self.rating.average.to_bits(),
            self.rating.count,
            self.rating.version,
        ];
        numbers.iter().for_each(|number| hash.update(number.to_be_bytes()));
        hash.finalize().iter().take(16).fold(0, |sum, byte| (sum << 8) | u128::from(*byte))
    }

    /// The brand, which shops write as an attribute.
    pub fn brand(&self) -> Option<&str> {
        match self.details.attributes.get("brand") {
            Some(AttributeValue::Text(brand)) => Some(brand),
            _ => None,
        }
    }
}

impl std::fmt::Display for AttributeValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => text.fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Decimal(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use config::money::Currency;
    use proptest::prelude::*;

    use super::*;

    fn view() -> impl Strategy<Value = Product> {
        (1u64..5, 0u64..5, 0u64..5).prop_map(|(version, stock, rating)| Product {
            id: "507f1f77bcf86cd799439011".parse().unwrap(),
            details: Details {
                name: format!("name {version}"),
                description: String::new(),
                price: Money::from_minor(1, Currency::USD),
                category: "c".to_owned(),
                sku: "s".to_owned(),
                images: vec![],
                attributes: BTreeMap::new(),
                weight_grams: 0,
                active: version < 4,
                version,
                created_at: DateTime::UNIX_EPOCH,
                updated_at: DateTime::UNIX_EPOCH,
            },
            stock: Stock { available: stock * 10, version: stock },
            rating: Rating { average: 4.5, count: rating, version: rating },
        })
    }

    proptest! {
        #[test]
        fn views_merge_alike_in_any_order(a in view(), b in view(), c in view()) {
            prop_assert_eq!(a.clone().newest(&b), b.clone().newest(&a));
            prop_assert_eq!(a.clone().newest(&b).newest(&c), a.clone().newest(&b.clone().newest(&c)));
            prop_assert_eq!(a.clone().newest(&a), a);
        }

        #[test]
        fn different_states_have_different_fingerprints(a in view(), b in view()) {
            prop_assert_eq!(a == b, a.fingerprint() == b.fingerprint());
        }
    }
}
