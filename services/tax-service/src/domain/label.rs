//! Names that people write.

use std::fmt;
use std::str::FromStr;

/// A text of 1 to 100 characters, without white space around it. It shows as it was written; two that differ only
/// in upper and lower case are the same.
#[derive(Debug, Clone)]
pub struct Label {
    text: String,
    folded: String,
}

/// A text that is empty or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {} characters", Label::MOST)]
pub struct LabelLength;

impl Label {
    const MOST: usize = 100;

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Label {
    type Err = LabelLength;

    fn from_str(text: &str) -> Result<Self, LabelLength> {
        let text = text.trim();
        match (1..=Self::MOST).contains(&text.chars().count()) {
            true => Ok(Self { text: text.to_owned(), folded: text.to_lowercase() }),
            false => Err(LabelLength),
        }
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
            assert_eq!(wrong.parse::<Label>(), Err(LabelLength));
        }
    }
}
