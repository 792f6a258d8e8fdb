//! E-mail addresses.

use std::str::FromStr;

use email_address::{EmailAddress, Options};
use unicode_normalization::UnicodeNormalization as _;

/// The most that SMTP can carry (RFC 5321).
const MAX_BYTES: usize = 254;

/// An e-mail address as it was written, trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

/// What is wrong with an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address like name@example.com, of at most {MAX_BYTES} bytes")]
pub struct NotAnEmail;

impl Email {
    /// An address that was accepted when it was stored: the rules may have become stricter since.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is the same for two spellings of one address.
    pub fn key(&self) -> String {
        key(&self.0)
    }
}

/// The key of something that may be an e-mail address.
pub(super) fn key(text: &str) -> String {
    text.trim().nfkc().collect::<String>().to_lowercase()
}

impl FromStr for Email {
    type Err = NotAnEmail;

    fn from_str(raw: &str) -> Result<Self, NotAnEmail> {
        let text: String = raw.trim().nfc().collect();
        let rules = Options::default().with_required_tld().without_domain_literal().without_display_text();
        // Quoted local parts are legal and unheard of; what they can hold confuses mailers.
        let plain = !text.contains(['"', '\\']) && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        let fits = text.len() <= MAX_BYTES && key(&text).len() <= MAX_BYTES;
        match plain && fits && EmailAddress::parse_with_options(&text, rules).is_ok() {
            true => Ok(Self(text)),
            false => Err(NotAnEmail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_share_a_key() {
        let key = |text: &str| text.parse::<Email>().unwrap().key();
        assert_eq!(key(" Ann@Example.COM "), key("ann@example.com"));
        assert_eq!(key("e\u{301}va@example.com"), key("\u{e9}va@example.com"));
        assert_ne!(key("ann@example.com"), key("anna@example.com"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("a@{}.com", "b".repeat(300));
        let bad = ["", "ann", "ann@", "@example.com", "a@b@c.com", "ann@localhost", "a b@example.com", &long];
        for text in bad.into_iter().chain([
            "Ann <ann@example.com>",
            "\"a\"@example.com",
            "a\0@example.com",
            "a@[::1]",
        ]) {
            assert!(text.parse::<Email>().is_err(), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_key_is_its_own_key(local in "[a-zA-Zà-ỹ0-9.]{1,20}", domain in "[a-zA-Z]{1,10}\\.(com|vn)") {
            if let Ok(email) = format!("{local}@{domain}").parse::<Email>() {
                proptest::prop_assert_eq!(key(&email.key()), email.key());
            }
        }
    }
}
