//! Texts that an order carries.

use std::fmt;
use std::str::FromStr;

use config::text::{Line, Prose};

/// Where an order goes, in words.
pub type AddressText = Prose<500>;
/// What the customer wants to say about an order.
pub type Notes = Prose<1000>;
/// Why an order is changed.
pub type Reason = Prose<500>;
/// What money that was sent outside the shop is found by: a bank transfer's text.
pub type Reference = Line<100>;

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 50 letters, digits, hyphens or underscores")]
pub struct NotACode;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotACode;

            fn from_str(text: &str) -> Result<Self, NotACode> {
                let text = text.trim();
                let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
                match (1..=50).contains(&text.len()) && text.bytes().all(legal) {
                    true => Ok(Self(text.to_owned())),
                    false => Err(NotACode),
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

codes! {
    /// How an order is sent: a method's code.
    ShippingMethod,
    /// What a promotion is asked for by.
    PromotionCode,
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
