//! What an operator says about a product.

use std::str::FromStr;

use config::money::Money;
use url::Url;

use super::{Attributes, Category, Description, Name, Sku, VariantName};

/// How many there may be of each.
pub mod limits {
    pub const IMAGES: usize = 20;
    pub const ATTRIBUTES: usize = 50;
    pub const VARIANTS: usize = 100;
}

/// What a product is.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    pub name: Name,
    pub description: Description,
    pub price: Price,
    pub category: Category,
    pub sku: Sku,
    pub images: Vec<ImageUrl>,
    pub attributes: Attributes,
    pub variants: Vec<Variant>,
    pub weight: Weight,
}

/// One of several forms that a product comes in.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    pub sku: Sku,
    pub name: VariantName,
    /// The product's when `None`.
    pub price: Option<Price>,
    pub attributes: Attributes,
}

/// What one costs: not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price(Money);

impl Price {
    pub fn new(money: Money) -> Result<Self, &'static str> {
        if money.minor() < 0 { Err("must not be negative") } else { Ok(Self(money)) }
    }

    pub fn money(self) -> Money {
        self.0
    }
}

/// Where a picture can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUrl(String);

impl ImageUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ImageUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let web = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        match text.len() <= 2048 && Url::parse(text).is_ok_and(web) {
            true => Ok(Self(text.to_owned())),
            false => Err("must be an http or https URL of at most 2048 characters"),
        }
    }
}

/// What one weighs with its packing, in grams: up to ten tonnes. 0: nothing that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weight(u32);

impl Weight {
    const MOST: i64 = 10_000_000;

    pub fn from_grams(grams: i64) -> Result<Self, &'static str> {
        let grams = u32::try_from(grams).ok().filter(|grams| i64::from(*grams) <= Self::MOST);
        grams.map(Self).ok_or("must be from 0 to 10000000 grams")
    }

    pub fn grams(self) -> u32 {
        self.0
    }
}

/// Units to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockLevel(u32);

impl StockLevel {
    /// What inventory-service takes for one product in one warehouse.
    const MOST: u32 = 1_000_000;

    pub fn new(units: i64) -> Result<Self, &'static str> {
        let units = u32::try_from(units).ok().filter(|units| *units <= Self::MOST);
        units.map(Self).ok_or("must be from 0 to 1000000")
    }

    pub fn units(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use config::money::Currency;

    use super::*;

    #[test]
    fn pictures_are_on_the_web() {
        for bad in ["", "x", "ftp://a/b", "javascript:alert(1)", "http://", "file:///etc/passwd"] {
            assert!(bad.parse::<ImageUrl>().is_err(), "{bad}");
        }
        assert!("https://picsum.photos/seed/a/800/600".parse::<ImageUrl>().is_ok());
    }

    #[test]
    fn numbers_have_bounds() {
        assert!(Price::new(Money::from_minor(-1, Currency::USD)).is_err());
        assert!(Price::new(Money::zero(Currency::USD)).is_ok());
        assert!(Weight::from_grams(-1).is_err() && Weight::from_grams(10_000_001).is_err());
        assert!(StockLevel::new(-1).is_err() && StockLevel::new(1_000_001).is_err());
        assert_eq!(StockLevel::new(1_000_000).unwrap().units(), 1_000_000);
    }
}
