//! Texts that people write.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// `MIN` to `MAX` characters in normal form C, without white space around them. It has no control characters but,
/// with `LINES`, tabs and the ends of lines.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MIN: usize, const MAX: usize, const LINES: bool>(String);

/// 1 to `MAX` characters on one line: no second one gets into a mail's header or a log.
pub type Line<const MAX: usize> = Text<1, MAX, false>;

/// 1 to `MAX` characters on as many lines as it takes.
pub type Prose<const MAX: usize> = Text<1, MAX, true>;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("must be {least} to {most} characters")]
    Length { least: usize, most: usize },
    #[error("must not contain control characters")]
    Control,
}

impl<const MIN: usize, const MAX: usize, const LINES: bool> Text<MIN, MAX, LINES> {
    /// `None` for nothing but white space.
    pub fn optional(text: &str) -> Result<Option<Self>, TextError> {
        if text.trim().is_empty() { Ok(None) } else { text.parse().map(Some) }
    }

    /// A text that was accepted when it was stored: the rules may have become stricter since.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For comparing: in lower case and in normal form C, which a stored one need not be in.
    pub fn folded(&self) -> String {
        self.0.nfc().collect::<String>().to_lowercase()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize, const LINES: bool> FromStr for Text<MIN, MAX, LINES> {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        // Nearly every text is in that form already; to see so is quicker than to write it anew.
        let text: String = if is_nfc(text) { text.to_owned() } else { text.nfc().collect() };
        if !(MIN..=MAX).contains(&text.chars().count()) {
            return Err(TextError::Length { least: MIN, most: MAX });
        }
        let legal = |c: char| !c.is_control() || (LINES && matches!(c, '\n' | '\r' | '\t'));
        if text.chars().all(legal) { Ok(Self(text)) } else { Err(TextError::Control) }
    }
}

impl<const MIN: usize, const MAX: usize, const LINES: bool> fmt::Display for Text<MIN, MAX, LINES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names and addresses are personal: a text shows itself only where it is asked to.
impl<const MIN: usize, const MAX: usize, const LINES: bool> fmt::Debug for Text<MIN, MAX, LINES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters_after_trimming() {
        assert_eq!(" Hà Nội ".parse::<Line<6>>().unwrap().as_str(), "Hà Nội");
        assert_eq!(" Tết \n".parse::<Prose<3>>().unwrap().as_str(), "Tết");
        assert!("ỗỗỗ".parse::<Line<3>>().is_ok());
        for wrong in ["", "  ", "1234567"] {
            assert_eq!(wrong.parse::<Line<6>>(), Err(TextError::Length { least: 1, most: 6 }), "{wrong:?}");
        }
        assert!("".parse::<Text<0, 6, true>>().is_ok());
    }

    #[test]
    fn a_character_is_one_however_it_is_typed() {
        assert_eq!("o\u{302}\u{303}".parse::<Line<1>>().unwrap().as_str(), "\u{1ed7}");
        assert_eq!(Line::<1>::stored("O\u{302}\u{303}").folded(), "\u{1ed7}");
    }

    #[test]
    fn a_name_can_not_smuggle_lines_into_a_mail_header() {
        for text in ["a\nBcc: b", "a\0b", "a\u{7f}b"] {
            assert_eq!(text.parse::<Line<50>>(), Err(TextError::Control), "{text:?}");
        }
        assert!("1 Main St\r\n\tHanoi".parse::<Prose<50>>().is_ok());
        for text in ["1 Main St\0Hanoi", "a\u{7}b"] {
            assert_eq!(text.parse::<Prose<50>>(), Err(TextError::Control), "{text:?}");
        }
    }

    #[test]
    fn nothing_is_no_text() {
        assert_eq!(Prose::<9>::optional(" \n"), Ok(None));
        assert_eq!(Prose::<9>::optional(" a ").unwrap().unwrap().as_str(), "a");
    }

    #[test]
    fn a_text_shows_itself_only_where_it_is_asked_to() {
        let text: Line<9> = "secret".parse().unwrap();
        assert_eq!(format!("{text} {text:?}"), "secret Text(…)");
    }
}
