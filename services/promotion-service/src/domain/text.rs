//! Texts that people write.

use std::fmt;
use std::str::FromStr;

/// A text that can't be what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("must be 1 to {0} printable characters")]
    Prose(usize),
    #[error("must be 1 to {} letters, digits, hyphens or underscores", Code::MOST)]
    Code,
}

/// A text of 1 to `MAX` printable characters, without white space around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<const MAX: usize>(String);

/// What a promotion is called.
pub type Name = Text<100>;
/// What a promotion is about.
pub type Description = Text<1000>;

impl<const MAX: usize> Text<MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> FromStr for Text<MAX> {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        let printable = text.chars().all(|c| !c.is_control() || c == '\n');
        match (1..=MAX).contains(&text.chars().count()) && printable {
            true => Ok(Self(text.to_owned())),
            false => Err(TextError::Prose(MAX)),
        }
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        match (1..=Self::MOST).contains(&text.len()) && text.bytes().all(legal) {
            true => Ok(Self(text.to_ascii_uppercase())),
            false => Err(TextError::Code),
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
pub struct Category(Text<100>);

impl Category {
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
            assert_eq!(bad.parse::<Code>(), Err(TextError::Code), "{bad:?}");
        }
    }

    #[test]
    fn prose_is_bounded_in_characters() {
        assert_eq!(" Tết \n".parse::<Text<3>>().unwrap().as_str(), "Tết");
        for bad in ["", " ", "four", "a\u{7}"] {
            assert_eq!(bad.parse::<Text<3>>(), Err(TextError::Prose(3)), "{bad:?}");
        }
    }

    #[test]
    fn categories_are_the_same_in_any_case() {
        let category = |text: &str| text.parse::<Category>().unwrap();
        assert_eq!(category("ĐIỆN THOẠI"), category("điện thoại"));
        assert_ne!(category("Books"), category("Book"));
    }
}
