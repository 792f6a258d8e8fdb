//! Texts with their limits.

use config::text::{Line, Prose};

/// The headline, which is also an e-mail's subject.
pub type Title = Line<200>;
/// The text.
pub type Message = Prose<4_000>;

#[cfg(test)]
mod tests {
    use config::text::TextError;

    use super::*;

    #[test]
    fn a_title_is_one_line() {
        assert_eq!(" Hello ".parse::<Title>().unwrap().as_str(), "Hello");
        assert_eq!("a\r\nBcc: b@c".parse::<Title>(), Err(TextError::Control));
        let too_long = "đ".repeat(201).parse::<Title>();
        assert_eq!(too_long, Err(TextError::Length { least: 1, most: 200 }));
        assert!("đ".repeat(200).parse::<Title>().is_ok());
        assert_eq!("  ".parse::<Message>(), Err(TextError::Length { least: 1, most: 4_000 }));
        assert!("two\nlines".parse::<Message>().is_ok());
    }
}
