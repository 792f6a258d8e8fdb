//! Usernames.

use std::str::FromStr;

use unicode_normalization::UnicodeNormalization as _;

/// 3 to 50 letters, digits, dots, dashes and underscores: never mistaken for an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

/// What is wrong with a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 3 to 50 letters, digits, dots, dashes and underscores, and begin with a letter or digit")]
pub struct NotAUsername;

impl Username {
    /// A name that was accepted when it was stored: the rules may have become stricter since.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is the same for two spellings of one name.
    pub fn key(&self) -> String {
        key(&self.0)
    }
}

/// The key of something that may be a username.
pub(super) fn key(text: &str) -> String {
    text.trim().nfkc().collect::<String>().to_lowercase()
}

impl FromStr for Username {
    type Err = NotAUsername;

    fn from_str(raw: &str) -> Result<Self, NotAUsername> {
        let text: String = raw.trim().nfkc().collect();
        let long_enough = (3..=50).contains(&text.chars().count());
        let legal = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
        match long_enough && legal && text.starts_with(char::is_alphanumeric) {
            true => Ok(Self(text)),
            false => Err(NotAUsername),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_share_a_key() {
        let key = |text: &str| text.parse::<Username>().unwrap().key();
        assert_eq!(key("Ann_1"), key("ann_1"));
        assert_eq!(key("\u{ff41}nn"), key("ann"), "full-width letters");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(51);
        for text in ["", "ab", &long, "a@b.com", "a b c", "_abc", "a\0bc", "' OR 1=1", "$ne", "../x"] {
            assert!(text.parse::<Username>().is_err(), "{text:?}");
        }
    }
}
