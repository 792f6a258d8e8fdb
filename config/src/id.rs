//! Identifiers that can't be mistaken for one another.

use crate::problem::{Facts, Fault, Kind};

/// Declares integer identifiers: positive, as MySQL's `BIGINT UNSIGNED AUTO_INCREMENT` makes them.
///
/// ```
/// config::ids! {
///     /// An order.
///     OrderId
/// }
/// assert_eq!(OrderId::new(7).to_string(), "7");
/// ```
#[macro_export]
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            pub const fn new(value: u64) -> Self {
                Self(value)
            }

            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<u64> for $name {
            fn from(value: u64) -> Self {
                Self(value)
            }
        }
    )+};
}

ids! {
    /// A user of the shop, as every service knows them.
    UserId
}

/// A product: the 24 lower-case hexadecimal digits of its ObjectId.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductId(String);

/// What is wrong with a product's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 24 hexadecimal digits")]
pub struct NotAProductId;

/// A text that can't name a product was asked for as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such product")]
pub struct NoSuchProduct;

impl Fault for NoSuchProduct {
    fn facts(&self) -> Facts {
        Kind::NotFound.coded("product-not-found")
    }
}

impl ProductId {
    /// From a path: one that can't name a product names nothing.
    pub fn in_path(text: &str) -> Result<Self, NoSuchProduct> {
        text.parse().map_err(|_| NoSuchProduct)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for ProductId {
    type Err = NotAProductId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            true => Ok(Self(text.to_ascii_lowercase())),
            false => Err(NotAProductId),
        }
    }
}

impl std::fmt::Display for ProductId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
