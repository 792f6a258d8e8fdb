//! Whom money comes from and goes to.

use iban::{BaseIban, Iban, IbanLike as _};

use super::MaskedIban;
use crate::domain::Card;

/// The longest name of an account.
const LONGEST: usize = 64;

/// An account, by the name that its owner's bank or wallet gave it. An IBAN is kept masked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party(String);

/// What is wrong with an account's name. It never says the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartyError {
    #[error("must be 1 to {LONGEST} visible ASCII characters")]
    Form,
    #[error("looks like an IBAN, but isn't one")]
    Iban,
    #[error("must not contain a card number or an IBAN among other things")]
    Reveals,
}

impl Party {
    /// `user123`, `ACC-7`, or an IBAN with or without blanks.
    pub fn parse(text: &str) -> Result<Self, PartyError> {
        let text = text.trim();
        let compact = text.replace(' ', "").to_ascii_uppercase();
        if looks_like_iban(&compact) {
            return Ok(Self(MaskedIban::parse(&compact).map_err(|_| PartyError::Iban)?.as_str().to_owned()));
        }
        if !(1..=LONGEST).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(PartyError::Form);
        }
        if reveals_account(text) {
            return Err(PartyError::Reveals);
        }
        Ok(Self(text.to_owned()))
    }

    /// What [`parse`](Self::parse) gave.
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn looks_like_iban(compact: &str) -> bool {
    let bytes = compact.as_bytes();
    (15..=34).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// Whether a free text contains a card's number or an IBAN, in one piece or in groups.
pub fn reveals_account(text: &str) -> bool {
    let groups: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|it| !it.is_empty()).collect();
    (0..groups.len()).any(|first| {
        let mut joined = String::new();
        groups[first..].iter().any(|group| {
            joined.push_str(group);
            joined.len() <= 34 && (is_card(&joined) || is_iban(&joined))
        })
    })
}

fn is_card(digits: &str) -> bool {
    digits.len() >= 13
        && Card::number(digits)
            .is_ok_and(|number| Card::new(number, 1, 2000).summary().brand.as_str() != "unknown")
}

fn is_iban(text: &str) -> bool {
    // The check digits alone make one text of a hundred an IBAN: so what isn't shaped like one of its country's
    // passes.
    text.parse::<BaseIban>().is_ok_and(|base| {
        let shaped: Result<Iban, _> = base.try_into();
        shaped.is_ok_and(|iban| iban.electronic_str().len() >= 15)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_iban_is_masked_however_it_is_written() {
        for text in ["DE89370400440532013000", "de89 3704 0044 0532 0130 00", " DE89370400440532013000 "] {
            assert_eq!(Party::parse(text).unwrap().as_str(), "DE****************3000", "{text}");
        }
        let masked = Party::parse("DE****************3000").unwrap();
        assert_eq!(masked.as_str(), "DE****************3000", "what is shown can be asked for");
        for wrong in ["DE88370400440532013000", "DE8937040044053201300", "XX89370400440532013000"] {
            assert_eq!(Party::parse(wrong), Err(PartyError::Iban), "{wrong}");
        }
    }

    #[test]
    fn other_names_are_kept_as_they_are() {
        for name in ["user123", "ACC-7", "wallet:9f8e", "a", "jane@bank.example", "GB12"] {
            assert_eq!(Party::parse(name).unwrap().as_str(), name);
        }
        for wrong in ["", " ", "two words", "é", &"x".repeat(65)] {
            assert_eq!(Party::parse(wrong), Err(PartyError::Form), "{wrong}");
        }
        for wrong in ["4242424242424242", "card:4242-4242-4242-4242", "iban:DE89370400440532013000"] {
            assert_eq!(Party::parse(wrong), Err(PartyError::Reveals), "{wrong}");
        }
    }

    #[test]
    fn a_text_that_holds_a_number_of_a_card_or_account_is_noticed() {
        for text in [
            "from 4242 4242 4242 4242, thanks",
            "378282246310005",
            "pay DE89 3704 0044 0532 0130 00 please",
            "NL91ABNA0417164300/invoice 7",
        ] {
            assert!(reveals_account(text), "{text}");
        }
        for text in ["invoice 2026-11-21 no. 4711", "RF18539007547034", "20261121000000004711", "DE89", ""] {
            assert!(!reveals_account(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_party_ever_shows_more_than_the_ends_of_an_iban(digits in "[0-9]{18}") {
            let check = 98 - format!("{digits}131400").bytes()
                .fold(0u32, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
            let iban = format!("DE{check:02}{digits}");
            let party = Party::parse(&iban).unwrap();
            prop_assert!(!party.as_str().contains(&digits[4..14]));
            prop_assert!(party.as_str().ends_with(&digits[14..]));
        }

        #[test]
        fn any_text_is_taken_or_refused(text in ".{0,80}") {
            let _ = Party::parse(&text);
            let _ = reveals_account(&text);
        }
    }
}
