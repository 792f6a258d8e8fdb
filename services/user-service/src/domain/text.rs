//! Text that people write about themselves.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization as _;

/// 1 to `MAX` characters, trimmed and in normal form C; on one line, unless `LINES`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const MAX: usize, const LINES: bool = false>(String);

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {max} characters, without control characters")]
pub struct BadText {
    max: usize,
}

impl<const MAX: usize, const LINES: bool> Text<MAX, LINES> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize, const LINES: bool> FromStr for Text<MAX, LINES> {
    type Err = BadText;

    fn from_str(raw: &str) -> Result<Self, BadText> {
        let text: String = raw.trim().nfc().collect();
        let legal = |c: char| !c.is_control() || (LINES && matches!(c, '\n' | '\r'));
        match (1..=MAX).contains(&text.chars().count()) && text.chars().all(legal) {
            true => Ok(Self(text)),
            false => Err(BadText { max: MAX }),
        }
    }
}

impl<const MAX: usize, const LINES: bool> fmt::Display for Text<MAX, LINES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_not_bytes() {
        assert!("ỗỗỗ".parse::<Text<3>>().is_ok());
        assert!("abcd".parse::<Text<3>>().is_err());
        assert!("  ".parse::<Text<3>>().is_err());
        assert_eq!(" ab ".parse::<Text<3>>().unwrap().as_str(), "ab");
    }

    #[test]
    fn a_name_can_not_smuggle_lines_into_a_mail_header() {
        for text in ["a\nBcc: b", "a\0b", "a\u{7f}b"] {
            assert!(text.parse::<Text<50>>().is_err(), "{text:?}");
        }
        assert!("1 Main St\nHanoi".parse::<Text<50, true>>().is_ok());
        assert!("1 Main St\0Hanoi".parse::<Text<50, true>>().is_err());
    }
}
