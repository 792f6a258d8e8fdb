//! What people write.

use config::text::{Line, Prose};

/// A rating's headline.
pub type Title = Line<150>;
/// A rating's text.
pub type Comment = Prose<5000>;
/// Why somebody reports a rating, or a moderator decides.
pub type Reason = Prose<500>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_and_not_the_space_around() {
        assert_eq!("  Đẹp ".parse::<Title>().unwrap().as_str(), "Đẹp");
        assert!("ế".repeat(150).parse::<Title>().is_ok());
        let too_long = "x".repeat(151).parse::<Title>().unwrap_err();
        assert_eq!(too_long.to_string(), "must be 1 to 150 characters");
        assert!(" ".parse::<Title>().is_err());
        assert_eq!(Comment::optional(" \n"), Ok(None));
    }

    #[test]
    fn words_have_no_control_characters_and_a_headline_is_one_line() {
        assert!("a\0b".parse::<Comment>().is_err());
        assert!("two\nlines".parse::<Comment>().is_ok());
        assert!("two\nlines".parse::<Title>().is_err());
    }
}
