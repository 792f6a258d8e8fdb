//! Texts that an order carries.

use std::fmt;
use std::str::FromStr;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct TextError(&'static str);

/// Text between two lengths in characters, trimmed, of printable characters and line breaks.
fn parse(text: &str, most: usize, legal: fn(char) -> bool, rule: &'static str) -> Result<String, TextError> {
    let text = text.trim();
    match (1..=most).contains(&text.chars().count()) && text.chars().all(legal) {
        true => Ok(text.to_owned()),
        false => Err(TextError(rule)),
    }
}

fn prose(c: char) -> bool {
    !c.is_control() || c == '\n' || c == '\r' || c == '\t'
}

fn code(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $most:literal, $legal:ident, $rule:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                parse(text, $most, $legal, $rule).map(Self)
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
    /// Where an order goes, in words.
    AddressText: 500, prose, "1 to 500 printable characters";
    /// What the customer wants to say about an order.
    Notes: 1000, prose, "1 to 1000 printable characters";
    /// Why an order is changed.
    Reason: 500, prose, "1 to 500 printable characters";
    /// How an order is sent: a method's code.
    ShippingMethod: 50, code, "1 to 50 letters, digits, hyphens or underscores";
    /// What a promotion is asked for by.
    PromotionCode: 50, code, "1 to 50 letters, digits, hyphens or underscores";
}

impl Default for ShippingMethod {
    fn default() -> Self {
        Self("standard".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_bounded_in_characters() {
        assert_eq!(" 12 Lê Lợi\n Huế ".parse::<AddressText>().unwrap().as_str(), "12 Lê Lợi\n Huế");
        assert!("ệ".repeat(500).parse::<AddressText>().is_ok());
        for bad in ["", "  \n", "a\u{7}b", &"x".repeat(501)] {
            assert!(bad.parse::<AddressText>().is_err(), "{bad:?}");
        }
        for bad in ["two words", "Ä", "'; DROP TABLE orders"] {
            assert!(bad.parse::<PromotionCode>().is_err(), "{bad:?}");
        }
    }
}
