//! Secrets that somebody holds, of which only the digest is kept.

use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

/// Nobody's mailbox is flooded: this long after a token no other is sent for the same purpose.
const PAUSE: TimeDelta = TimeDelta::seconds(60);

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

config::names! {
    /// What a one-time token proves.
    Purpose {
        VerifyEmail = "verify_email",
        ResetPassword = "reset_password",
    }
}

impl Purpose {
    /// How long a token for it holds.
    pub fn lifetime(self) -> TimeDelta {
        match self {
            Self::VerifyEmail => TimeDelta::hours(24),
            Self::ResetPassword => TimeDelta::minutes(30),
        }
    }
}

/// How much of the pause after the `last` token is left, in whole seconds: when they are over, so is the pause.
pub fn pause_left(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Duration> {
    let left = u64::try_from((last? + PAUSE - now).num_milliseconds()).ok()?;
    (left > 0).then(|| Duration::from_secs(left.div_ceil(1000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_token_there_is_a_pause_of_a_minute() {
        let left = |milliseconds| {
            let sent = DateTime::UNIX_EPOCH;
            pause_left(Some(sent), sent + TimeDelta::milliseconds(milliseconds)).map(|left| left.as_secs())
        };
        assert_eq!((left(0), left(1), left(59_001)), (Some(60), Some(60), Some(1)));
        assert_eq!((left(60_000), left(90_000)), (None, None));
        assert_eq!(pause_left(None, DateTime::UNIX_EPOCH), None);
    }

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
