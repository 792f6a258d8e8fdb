//! Names that people write.

use std::fmt;
use std::str::FromStr;

use config::text::{Line, TextError};

/// 1 to 100 characters on one line. It shows as it was written; two that differ only in upper and lower case are the
/// same.
#[derive(Debug, Clone)]
pub struct Label {
    text: Line<100>,
    folded: String,
}

impl Label {
    /// One that was accepted when it was stored.
    pub fn stored(text: &str) -> Self {
        Self::of(Line::stored(text))
    }

    fn of(text: Line<100>) -> Self {
        let folded = text.folded();
        Self { text, folded }
    }

    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }
}

impl FromStr for Label {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        text.parse().map(Self::of)
    }
}

impl PartialEq for Label {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Label {}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_compared_without_case_and_counted_in_characters() {
        let label: Label = " Thuế GTGT ".parse().unwrap();
        assert_eq!(label.as_str(), "Thuế GTGT");
        assert_eq!(label, "THUẾ gtgt".parse().unwrap());
        assert_ne!(label, "Thue GTGT".parse().unwrap());
        assert!("ế".repeat(100).parse::<Label>().is_ok());
        for wrong in [String::new(), "  ".to_owned(), "x".repeat(101)] {
            assert_eq!(wrong.parse::<Label>(), Err(TextError::Length { least: 1, most: 100 }));
        }
    }
}
