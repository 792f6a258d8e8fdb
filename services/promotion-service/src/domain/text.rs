//! Texts that people write.

use std::fmt;
use std::str::FromStr;

use config::text::{Line, Prose, TextError};

/// What a promotion is called.
pub type Name = Line<100>;
/// What a promotion is about.
pub type Description = Prose<1000>;

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} letters, digits, hyphens or underscores", Code::MOST)]
pub struct NotACode;

/// What a promotion is asked for by. Its case doesn't matter: it is kept upper-case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(String);

impl Code {
    const MOST: usize = 50;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let text = text.trim();
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        match (1..=Self::MOST).contains(&text.len()) && text.bytes().all(legal) {
            true => Ok(Self(text.to_ascii_uppercase())),
            false => Err(NotACode),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A category of the catalogue; `books` and `Books` are the same one.
#[derive(Debug, Clone)]
pub struct Category(Line<100>);

impl Category {
    /// One that was accepted when it was stored.
    pub fn stored(text: &str) -> Self {
        Self(Line::stored(text))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Category {
    fn eq(&self, other: &Self) -> bool {
        self.as_str().to_lowercase() == other.as_str().to_lowercase()
    }
}

impl Eq for Category {}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Category {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_same_in_any_case() {
        assert_eq!(" spring-10 ".parse::<Code>().unwrap(), "SPRING-10".parse().unwrap());
        for bad in ["", "two words", "Ä", &"x".repeat(51)] {
            assert_eq!(bad.parse::<Code>(), Err(NotACode), "{bad:?}");
        }
    }

    #[test]
    fn categories_are_the_same_in_any_case() {
        let category = |text: &str| text.parse::<Category>().unwrap();
        assert_eq!(category("ĐIỆN THOẠI"), category("điện thoại"));
        assert_ne!(category("Books"), category("Book"));
    }
}
