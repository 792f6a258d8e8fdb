//! What somebody says who they are, before they prove it.

use super::{email, username};

/// A username or an e-mail address, in normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    Email(String),
    Username(String),
}

impl Login {
    /// Anything: what can't be either is nobody's.
    pub fn new(text: &str) -> Self {
        match text.contains('@') {
            true => Self::Email(email::key(text)),
            false => Self::Username(username::key(text)),
        }
    }

    /// The normal form.
    pub fn key(&self) -> &str {
        match self {
            Self::Email(key) | Self::Username(key) => key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_found_however_it_is_spelt() {
        assert_eq!(Login::new(" Ann@Example.com"), Login::Email("ann@example.com".to_owned()));
        assert_eq!(Login::new("ANN "), Login::Username("ann".to_owned()));
    }
}
