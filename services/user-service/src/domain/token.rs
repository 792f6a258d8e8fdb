//! Secrets that somebody holds, of which only the digest is kept.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};

/// 256 random bits. There is nothing to guess, so a plain digest protects it.
#[derive(Clone)]
pub struct SecretToken([u8; 32]);

/// What a token is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

/// A text that no token has ever been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a token as it was given out")]
pub struct NotAToken;

impl SecretToken {
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// As its holder gets it.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.0).into())
    }
}

impl std::fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretToken")
    }
}

impl FromStr for SecretToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAToken)?;
        bytes.try_into().map(Self).map_err(|_| NotAToken)
    }
}

impl TokenDigest {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What a one-time token proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    VerifyEmail,
    ResetPassword,
}

impl Purpose {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }

    /// How long a token for it holds.
    pub fn lifetime(self) -> TimeDelta {
        match self {
            Self::VerifyEmail => TimeDelta::hours(24),
            Self::ResetPassword => TimeDelta::minutes(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_token_is_known_again(random: [u8; 32], other: [u8; 32]) {
            let token = SecretToken::new(random);
            let again: SecretToken = token.reveal().parse().unwrap();
            proptest::prop_assert_eq!(token.digest(), again.digest());
            proptest::prop_assert_eq!(random == other, SecretToken::new(other).digest() == token.digest());
        }

        #[test]
        fn any_text_is_a_token_or_refused(text: String) {
            if let Ok(token) = text.parse::<SecretToken>() {
                proptest::prop_assert_eq!(token.reveal(), text);
            }
        }
    }
}
