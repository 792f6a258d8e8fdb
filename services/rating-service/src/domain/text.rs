//! What people write.

/// A text that is too long, or empty where something must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {most} characters")]
pub struct TextError {
    most: usize,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $most:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            pub fn new(text: &str) -> Result<Self, TextError> {
                let text = text.trim();
                match (1..=$most).contains(&text.chars().count()) {
                    true => Ok(Self(text.to_owned())),
                    false => Err(TextError { most: $most }),
                }
            }

            /// `None` for nothing but spaces.
            pub fn optional(text: &str) -> Result<Option<Self>, TextError> {
                if text.trim().is_empty() { Ok(None) } else { Self::new(text).map(Some) }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}
texts! {
    /// A rating's headline.
    Title = 150,
    /// A rating's text.
    Comment = 5000,
    /// Why somebody reports a rating, or a moderator decides.
    Reason = 500,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_and_not_the_space_around() {
        assert_eq!(Title::new("  Đẹp ").unwrap().as_str(), "Đẹp");
        assert!(Title::new(&"ế".repeat(150)).is_ok());
        assert_eq!(Title::new(&"x".repeat(151)).unwrap_err().to_string(), "must be 1 to 150 characters");
        assert!(Title::new(" ").is_err());
        assert_eq!(Comment::optional(" \n"), Ok(None));
    }
}
