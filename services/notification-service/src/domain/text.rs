//! Texts with their limits.

use std::fmt;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("must not be blank")]
    Blank,
    #[error("must be {0} characters or fewer")]
    TooLong(usize),
    #[error("must not contain control characters")]
    Control,
}

fn checked(text: &str, limit: usize, allowed: impl Fn(char) -> bool) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Blank);
    }
    if text.chars().count() > limit {
        return Err(TextError::TooLong(limit));
    }
    match text.chars().all(|c| !c.is_control() || allowed(c)) {
        true => Ok(text.to_owned()),
        false => Err(TextError::Control),
    }
}

/// The headline: one line of 1 to 200 characters, which is also an e-mail's subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(String);

/// The text: 1 to 4,000 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message(String);

impl Title {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Message {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Title {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        checked(text, 200, |_| false).map(Self)
    }
}

impl std::str::FromStr for Message {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        checked(text, 4_000, |c| matches!(c, '\n' | '\r' | '\t')).map(Self)
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line() {
        assert_eq!(" Hello ".parse::<Title>().unwrap().as_str(), "Hello");
        assert_eq!("a\r\nBcc: b@c".parse::<Title>(), Err(TextError::Control));
        assert_eq!("đ".repeat(201).parse::<Title>(), Err(TextError::TooLong(200)));
        assert!("đ".repeat(200).parse::<Title>().is_ok());
        assert_eq!("  ".parse::<Message>(), Err(TextError::Blank));
        assert!("two\nlines".parse::<Message>().is_ok());
    }
}
