//! Texts of a product. None can hold a control character, nor blanks at its ends.

use std::fmt;
use std::str::FromStr;

/// Declares a text type: its bounds in characters, and what else its text must satisfy.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $least:literal to $most:literal, $legal:expr, $rule:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let text = text.trim();
                let legal: fn(&str) -> bool = $legal;
                match ($least..=$most).contains(&text.chars().count()) && legal(text) {
                    true => Ok(Self(text.to_owned())),
                    false => Err($rule),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

texts! {
    /// What a product is called.
    Name: 1 to 200, is_line, "must be 1 to 200 characters, on one line";
    /// What there is to say about it.
    Description: 0 to 10_000, is_prose, "must be at most 10000 characters";
    /// Where it stands in the shop.
    Category: 1 to 100, is_line, "must be 1 to 100 characters, on one line";
    /// The stock keeping unit: the shop's own name of a product or variant, unique in the catalogue.
    Sku: 1 to 64, is_sku, "must be 1 to 64 letters, digits, dots, hyphens or underscores, beginning with a letter or digit";
    /// How a variant differs, in words.
    VariantName: 1 to 200, is_line, "must be 1 to 200 characters, on one line";
}

fn is_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

fn is_prose(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

fn is_sku(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    text.bytes().all(legal) && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
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
