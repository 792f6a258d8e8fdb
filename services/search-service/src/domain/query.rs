//! What is asked for.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use config::id::ProductId;

use super::text::folded;

/// Bounds of a query.
pub mod limits {
    /// Characters of a keyword.
    pub const KEYWORD: usize = 200;
    /// Of a category, a brand, an attribute's name or value.
    pub const NAME: usize = 200;
    /// Values of one filter.
    pub const VALUES: usize = 20;
    pub const SKIP: u32 = 10_000;
    pub const LIMIT: u32 = 100;
    pub const DEFAULT_LIMIT: u32 = 10;
}

/// Words to look for; none: everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Keyword(String);

impl Keyword {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Keyword {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let normal =
            text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|part| !part.is_empty());
        let normal = normal.collect::<Vec<_>>().join(" ");
        match normal.chars().count() <= limits::KEYWORD {
            true => Ok(Self(normal)),
            false => Err(format!("must be at most {} characters", limits::KEYWORD)),
        }
    }
}

/// What products must be. Values of one filter are alternatives; names are folded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filters {
    pub categories: Vec<String>,
    /// In minor units of the shop's currency; products in other currencies have no place between the two.
    pub min_price: Option<i64>,
    pub max_price: Option<i64>,
    pub in_stock: Option<bool>,
    /// In hundredths of a star.
    pub min_rating: Option<u16>,
    /// The attributes by their names; a brand is one.
    pub attributes: Vec<AttributeFilter>,
    pub created_after: Option<DateTime<Utc>>,
}

/// An attribute that must have one of these values, all folded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeFilter {
    pub name: String,
    pub values: Vec<String>,
}

/// The order of an answer; products that are equal in it follow their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

config::names! {
    /// What an answer is ordered by.
    SortKey {
        Relevance = "relevance",
        Price = "price",
        Name = "name",
        Rating = "rating",
        CreatedAt = "created_at",
    }
}

/// A word that is no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of relevance, price, -price, name, -name, rating, -rating, created_at, -created_at")]
pub struct UnknownSort;

impl Default for Sort {
    fn default() -> Self {
        Self { key: SortKey::Relevance, descending: true }
    }
}

impl Sort {
    /// The newest first: the order of everything, of which nothing is more relevant than another.
    pub const NEWEST: Self = Self { key: SortKey::CreatedAt, descending: true };
}

impl FromStr for Sort {
    type Err = UnknownSort;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let word = match word {
            "price_asc" => "price",
            "price_desc" => "-price",
            "newest" => "-created_at",
            usual => usual,
        };
        let (key, descending) = match word.strip_prefix('-') {
            Some(key) => (key, true),
            None => (word, false),
        };
        match key.parse::<SortKey>().map_err(|_| UnknownSort)? {
            // The least relevant first is of no use to anybody.
            SortKey::Relevance if descending => Err(UnknownSort),
            SortKey::Relevance => Ok(Self::default()),
            key => Ok(Self { key, descending }),
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_reverse = self.descending && self.key != SortKey::Relevance;
        write!(f, "{}{}", if is_reverse { "-" } else { "" }, self.key)
    }
}

/// A place in an order: that of a product, by what it is ordered by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum After {
    Number(i64, ProductId),
    Text(String, ProductId),
}

/// A question. Equal questions have equal answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    pub keyword: Keyword,
    pub filters: Filters,
    pub sort: Sort,
    pub after: Option<After>,
    pub skip: u32,
    pub limit: u32,
}

impl Query {
    /// Whether it is somebody's first look, not the turning of a page.
    pub fn is_first_page(&self) -> bool {
        self.skip == 0 && self.after.is_none()
    }
}

impl Filters {
    /// Names as they are compared, in one order: what means the same is the same.
    #[must_use]
    pub fn normalised(mut self) -> Self {
        let normal = |values: &mut Vec<String>| {
            values.iter_mut().for_each(|value| *value = folded(value).into_owned());
            values.sort();
            values.dedup();
        };
        normal(&mut self.categories);
        // An attribute in two spellings is one: its values are alternatives, however they are written.
        let mut attributes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for attribute in self.attributes {
            attributes.entry(folded(&attribute.name).into_owned()).or_default().extend(attribute.values);
        }
        let filter = |(name, mut values): (String, Vec<String>)| {
            normal(&mut values);
            AttributeFilter { name, values }
        };
        self.attributes = attributes.into_iter().map(filter).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_one_line() {
        assert_eq!("  coffee \t\n beans ".parse::<Keyword>().unwrap().as_str(), "coffee beans");
        assert!(" \u{0} ".parse::<Keyword>().unwrap().is_empty());
        assert!("é".repeat(200).parse::<Keyword>().is_ok());
        assert!("é".repeat(201).parse::<Keyword>().is_err());
    }

    #[test]
    fn an_order_reads_as_it_is_written() {
        for word in [
            "relevance",
            "price",
            "-price",
            "name",
            "-name",
            "rating",
            "-rating",
            "created_at",
            "-created_at",
        ] {
            assert_eq!(word.parse::<Sort>().unwrap().to_string(), word);
        }
        for (other, usual) in [("price_asc", "price"), ("price_desc", "-price"), ("newest", "-created_at")] {
            assert_eq!(other.parse::<Sort>(), usual.parse());
        }
        assert_eq!("newest".parse::<Sort>(), Ok(Sort::NEWEST));
        for unknown in ["popularity", "-relevance", "--price", "-newest", "-", ""] {
            assert_eq!(unknown.parse::<Sort>(), Err(UnknownSort), "{unknown}");
        }
    }

    #[test]
    fn filters_that_mean_the_same_are_the_same() {
        let of = |categories: [&str; 2]| {
            let categories = categories.map(str::to_owned).to_vec();
            Filters { categories, ..Filters::default() }.normalised()
        };
        assert_eq!(of(["Phở", "Audio"]), of(["AUDIO", "pho"]));
    }

    #[test]
    fn two_spellings_of_an_attribute_are_alternatives() {
        let filter = |name: &str, values: &[&str]| AttributeFilter {
            name: name.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let attributes =
            vec![filter("Brand", &["Novo"]), filter("size", &["L"]), filter("BRAND", &["Acme", "novo"])];
        let filters = Filters { attributes, ..Filters::default() }.normalised();
        assert_eq!(filters.attributes, [filter("brand", &["acme", "novo"]), filter("size", &["l"])]);
    }
}
