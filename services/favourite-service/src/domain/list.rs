//! Lists and what is written on them.

use std::fmt::Write as _;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use config::id::UserId;
use config::text::{Line, Prose, TextError};

config::ids! {
    /// A list of wishes.
    ListId
}

/// A user has no more lists than this.
pub const MAX_LISTS: u32 = 50;
/// A list has no more products than this.
pub const MAX_ITEMS: u32 = 500;

/// A list's name; a user's lists have different ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListName(String);

impl ListName {
    pub fn new(name: &str) -> Result<Self, TextError> {
        name.parse::<Line<60>>().map(|name| Self(name.to_string()))
    }

    /// One that was accepted when it was stored.
    pub fn stored(name: String) -> Self {
        Self(name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the list of wishes that name none.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for ListName {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

/// What somebody writes beside a wish.
pub type Note = Prose<500>;

/// What a shared list is read by: 128 random bits, which nobody guesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareToken(String);

/// A text that can't be a share link's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 32 hexadecimal digits")]
pub struct NotAToken;

impl ShareToken {
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShareToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let legal = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if legal { Ok(Self(text.to_owned())) } else { Err(NotAToken) }
    }
}

/// A user's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    pub id: ListId,
    pub user_id: UserId,
    pub name: ListName,
    pub items: u32,
    pub share_token: Option<ShareToken>,
    pub created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_limits_in_characters() {
        assert_eq!(ListName::new("  Quà Tết ").unwrap().as_str(), "Quà Tết");
        assert!(ListName::new(&"ế".repeat(60)).is_ok());
        assert_eq!(ListName::new(&"x".repeat(61)).unwrap_err().to_string(), "must be 1 to 60 characters");
        assert!(ListName::new(" ").is_err());
        assert!(ListName::new("default").unwrap().is_default());
        assert_eq!(Note::optional(" "), Ok(None));
    }

    #[test]
    fn texts_have_no_control_characters_and_a_name_is_one_line() {
        assert!("a\0b".parse::<Note>().is_err());
        assert!("two\nlines".parse::<Note>().is_ok());
        assert!(ListName::new("two\nlines").is_err());
    }

    #[test]
    fn tokens_are_read_as_they_are_written() {
        let token = ShareToken::from_random([0xAF; 16]);
        assert_eq!(token.as_str().parse(), Ok(token.clone()));
        for bad in ["", "xyz", "AF", &"g".repeat(32), &"a".repeat(33)] {
            assert_eq!(bad.parse::<ShareToken>(), Err(NotAToken), "{bad}");
        }
    }
}
