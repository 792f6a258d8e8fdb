//! Payment cards. The number leaves this type only to the provider.

use std::fmt;

/// A card that a customer pays with.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    number: String,
    expiry: (u16, u8),
}

/// What may be remembered of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardSummary {
    pub brand: String,
    pub last4: String,
}

/// What is wrong with a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    #[error("must be a card number of 12 to 19 digits")]
    Number,
    #[error("must be from 1 to 12")]
    Month,
    #[error("must be from 2000 to 2099")]
    Year,
    #[error("must be 3 or 4 digits")]
    Cvc,
}

impl Card {
    /// A number with its check digit; spaces and hyphens between the digits are welcome.
    pub fn number(text: &str) -> Result<String, CardError> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let plausible = (12..=19).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if plausible && passes_luhn(&digits) { Ok(digits) } else { Err(CardError::Number) }
    }

    pub fn month(month: i64) -> Result<u8, CardError> {
        u8::try_from(month).ok().filter(|month| (1..=12).contains(month)).ok_or(CardError::Month)
    }

    /// Two digits mean this century.
    pub fn year(year: i64) -> Result<u16, CardError> {
        let year = if (0..100).contains(&year) { year + 2000 } else { year };
        u16::try_from(year).ok().filter(|year| (2000..=2099).contains(year)).ok_or(CardError::Year)
    }

    /// The code is checked for its form and then forgotten.
    pub fn cvc(cvc: &str) -> Result<(), CardError> {
        let plausible = (3..=4).contains(&cvc.len()) && cvc.bytes().all(|b| b.is_ascii_digit());
        if plausible { Ok(()) } else { Err(CardError::Cvc) }
    }

    /// From what the functions above gave.
    pub fn new(number: String, month: u8, year: u16) -> Self {
        Self { number, expiry: (year, month) }
    }

    /// For the provider only.
    pub fn reveal(&self) -> &str {
        &self.number
    }

    /// Whether its last month is over.
    pub fn has_expired(&self, year: i32, month: u32) -> bool {
        let (last_year, last_month) = self.expiry;
        (i32::from(last_year), u32::from(last_month)) < (year, month)
    }

    pub fn summary(&self) -> CardSummary {
        let last4 = self.number[self.number.len() - 4..].to_owned();
        CardSummary { brand: brand(&self.number).to_owned(), last4 }
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary().fmt(f)
    }
}

fn passes_luhn(digits: &str) -> bool {
    let weigh = |(position, byte): (usize, u8)| {
        let digit = u32::from(byte - b'0');
        match position % 2 {
            0 => digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        }
    };
    digits.bytes().rev().enumerate().map(weigh).sum::<u32>() % 10 == 0
}

fn brand(number: &str) -> &'static str {
    let prefix = |digits: usize| number[..digits].parse::<u32>().unwrap_or_default();
    match (prefix(1), prefix(2), prefix(4)) {
        (4, _, _) => "visa",
        (_, 51..=55, _) | (_, _, 2221..=2720) => "mastercard",
        (_, 34 | 37, _) => "amex",
        (_, 65, _) | (_, _, 6011) => "discover",
        (_, _, 3528..=3589) => "jcb",
        (_, 36 | 38 | 39, _) => "diners",
        (_, 62, _) => "unionpay",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_checked_and_their_brand_known() {
        for (number, brand) in [
            ("4242 4242 4242 4242", "visa"),
            ("5555-5555-5555-4444", "mastercard"),
            ("378282246310005", "amex"),
            ("6011111111111117", "discover"),
        ] {
            let card = Card::new(Card::number(number).unwrap(), 12, 2030);
            assert_eq!(card.summary().brand, brand);
            assert!(number.ends_with(&card.summary().last4));
        }
        for wrong in ["", "4242424242424241", "4242", "4242x24242424242", "٤242424242424242"] {
            assert_eq!(Card::number(wrong), Err(CardError::Number), "{wrong}");
        }
    }

    #[test]
    fn a_card_is_good_until_the_end_of_its_month() {
        let card = Card::new(Card::number("4242424242424242").unwrap(), 6, 2030);
        assert!(!card.has_expired(2030, 6));
        assert!(card.has_expired(2030, 7));
        assert!(card.has_expired(2031, 1));
    }

    #[test]
    fn a_card_never_prints_its_number() {
        let card = Card::new(Card::number("4242424242424242").unwrap(), 6, 2030);
        assert!(!format!("{card:?}").contains("42424"));
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_noticed(position in 0usize..16, change in 1u8..10) {
            let mut digits = *b"4242424242424242";
            digits[position] = b'0' + (digits[position] - b'0' + change) % 10;
            prop_assert!(Card::number(std::str::from_utf8(&digits).unwrap()).is_err());
        }
    }
}
