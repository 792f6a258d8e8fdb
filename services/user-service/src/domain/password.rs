//! Passwords.

use secrecy::{ExposeSecret, SecretString};

/// bcrypt reads no further.
pub const MAX_BYTES: usize = 72;
const MIN_CHARACTERS: usize = 8;

/// What everybody tries first. Not `password123`, which the shop's own examples use.
const COMMON: [&str; 24] = [
    "12345678",
    "123456789",
    "1234567890",
    "11111111",
    "00000000",
    "87654321",
    "88888888",
    "password",
    "password1",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "qwertyui",
    "qwertyuiop",
    "qwerty123",
    "1q2w3e4r",
    "1qaz2wsx",
    "abcd1234",
    "abc12345",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
];

/// A password that may be chosen.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

/// What is wrong with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("must have at least {MIN_CHARACTERS} characters")]
    Short,
    #[error("must have at most {MAX_BYTES} bytes")]
    Long,
    #[error("must not have control characters")]
    Control,
    #[error("must not be one of the most common passwords")]
    Common,
}

impl Password {
    pub fn new(text: String) -> Result<Self, WeakPassword> {
        if text.chars().count() < MIN_CHARACTERS {
            return Err(WeakPassword::Short);
        }
        if text.len() > MAX_BYTES {
            return Err(WeakPassword::Long);
        }
        if text.chars().any(char::is_control) {
            return Err(WeakPassword::Control);
        }
        match COMMON.contains(&text.to_lowercase().as_str()) {
            true => Err(WeakPassword::Common),
            false => Ok(Self(text.into())),
        }
    }

    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// A password as it is kept.
#[derive(Debug, Clone)]
pub struct PasswordHash(SecretString);

impl PasswordHash {
    pub fn new(hash: String) -> Self {
        Self(hash.into())
    }

    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for PasswordHash {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<WeakPassword> {
        Password::new(text.to_owned()).err()
    }

    #[test]
    fn the_examples_passwords_may_be_chosen() {
        for text in ["password123", "Admin123!", "correct horse battery staple"] {
            assert_eq!(refusal(text), None, "{text}");
        }
    }

    #[test]
    fn a_weak_password_says_why() {
        assert_eq!(refusal("1234567"), Some(WeakPassword::Short));
        assert_eq!(refusal(&"x".repeat(73)), Some(WeakPassword::Long));
        assert_eq!(refusal(&"ỗ".repeat(25)), Some(WeakPassword::Long), "75 bytes");
        assert_eq!(refusal("PassWord"), Some(WeakPassword::Common));
        assert_eq!(refusal("nul\0nul\0nul"), Some(WeakPassword::Control));
    }

    #[test]
    fn secrets_are_not_printed() {
        let password = Password::new("password123".to_owned()).unwrap();
        assert!(!format!("{password:?}{:?}", PasswordHash::new("hash-1".to_owned())).contains("hash-1"));
        assert!(!format!("{password:?}").contains("password123"));
    }
}
