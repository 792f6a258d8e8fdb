//! Texts of a product. None can hold a control character, nor blanks at its ends.

use std::fmt;
use std::str::FromStr;

use config::text::{Line, Text};

/// What a product is called.
pub type Name = Line<200>;
/// What there is to say about it, which may be nothing.
pub type Description = Text<0, 10_000, true>;
/// Where it stands in the shop.
pub type Category = Line<100>;
/// How a variant differs, in words.
pub type VariantName = Line<200>;

/// The stock keeping unit: the shop's own name of a product or variant, unique in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sku(String);

impl Sku {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sku {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        match text.len() <= 64 && begins_well && text.bytes().all(legal) {
            true => Ok(Self(text.to_owned())),
            false => Err(
                "must be 1 to 64 letters, digits, dots, hyphens or underscores, beginning with a letter or digit",
            ),
        }
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn skus_are_plain() {
        for good in ["LT-001", "a", "0.5_kg", "  trimmed "] {
            assert!(good.parse::<Sku>().is_ok(), "{good}");
        }
        for bad in ["", " ", "-a", "a b", "a/b", "é", "a\0", &"x".repeat(65)] {
            assert!(bad.parse::<Sku>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_text_that_is_accepted_is_accepted_again_as_it_stands(text in "\\PC{0,220}") {
            if let Ok(name) = text.parse::<Name>() {
                prop_assert_eq!(name.as_str().parse::<Name>(), Ok(name.clone()));
                prop_assert!((1..=200).contains(&name.as_str().chars().count()));
            }
        }
    }
}
