//! Texts that people write.

use std::fmt;
use std::str::FromStr;

/// A text of 1 to `MAX` characters, without white space around it.
#[derive(Clone, PartialEq, Eq)]
pub struct Text<const MAX: usize>(String);

/// A text that is empty or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {0} characters")]
pub struct TextLength(usize);

/// Where a parcel goes.
pub type Address = Text<500>;
/// Who carries it.
pub type Carrier = Text<100>;
/// Where it was seen.
pub type Location = Text<200>;
/// The name of a method.
pub type Name = Text<100>;
/// What an operator has to say about it.
pub type Note = Text<500>;

impl<const MAX: usize> Text<MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> FromStr for Text<MAX> {
    type Err = TextLength;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        match (1..=MAX).contains(&text.chars().count()) {
            true => Ok(Self(text.to_owned())),
            false => Err(TextLength(MAX)),
        }
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Addresses are personal: a text shows itself only where it is asked to.
impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters_after_trimming() {
        assert_eq!(" Hà Nội ".parse::<Text<6>>().unwrap().as_str(), "Hà Nội");
        for wrong in ["", "  ", "1234567"] {
            assert_eq!(wrong.parse::<Text<6>>(), Err(TextLength(6)));
        }
    }
}
