//! Telephone numbers.

use std::str::FromStr;

/// A telephone number as people write it: 5 to 20 digits, and what stands between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone(String);

/// What is wrong with a telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a telephone number of 5 to 20 digits, at most 32 characters in all")]
pub struct NotAPhone;

impl Phone {
    /// A number that was accepted when it was stored: the rules may have become stricter since.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = NotAPhone;

    fn from_str(raw: &str) -> Result<Self, NotAPhone> {
        let text = raw.trim();
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let legal = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'(' | b')' | b' ' | b'/');
        match (5..=20).contains(&digits) && text.len() <= 32 && text.bytes().all(legal) {
            true => Ok(Self(text.to_owned())),
            false => Err(NotAPhone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_as_people_write_them() {
        for text in ["0123456789", "+84 (24) 3825-1234", "555.01.99"] {
            assert!(text.parse::<Phone>().is_ok(), "{text}");
        }
        for text in ["", "1234", "call me", "0123456789;DROP", &"1".repeat(21)] {
            assert!(text.parse::<Phone>().is_err(), "{text}");
        }
    }
}
