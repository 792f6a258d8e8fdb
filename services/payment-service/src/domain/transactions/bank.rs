//! Numbers of banks and accounts. What would let somebody take money leaves here masked.

use std::str::FromStr;

use config::place::Country;
use iban::{Iban, IbanLike as _};

/// What is wrong with such a number. It never says the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BankError {
    #[error("must be an IBAN with its check digits")]
    Iban,
    #[error("must be a BIC of 8 or 11 characters, such as DEUTDEFF")]
    Bic,
    #[error("must be an ABA routing number: 9 digits with their check digit")]
    RoutingNumber,
    #[error("must be 4 to 17 digits")]
    AccountNumber,
    #[error("must be 1 to 35 letters, digits, blanks and any of +?/-:().,'")]
    MandateId,
    #[error("must be 1 to 10 digits")]
    CheckNumber,
}

/// Declares a text that only its parser makes.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// What its parser gave.
            pub fn kept(text: String) -> Self {
                Self(text)
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}

texts! {
    /// An IBAN's country and last four characters: `DE****************3000`.
    MaskedIban,
    /// A bank, by its ISO 9362 code.
    Bic,
    /// A bank in the United States, by its ABA number. It is printed on every check and public.
    RoutingNumber,
    /// The last digits of an account's number.
    AccountEnding,
    /// A customer's leave to collect from their account.
    MandateId,
    /// A check's number.
    CheckNumber,
}

impl MaskedIban {
    pub fn parse(text: &str) -> Result<Self, BankError> {
        let compact = text.replace(' ', "").to_ascii_uppercase();
        let iban: Iban = compact.parse().map_err(|_| BankError::Iban)?;
        let known = iban.electronic_str();
        let (head, tail) = (&known[..2], &known[known.len() - 4..]);
        Ok(Self(format!("{head}{}{tail}", "*".repeat(known.len() - 6))))
    }

    /// The two letters of its country.
    pub fn country(&self) -> &str {
        &self.0[..2]
    }
}

impl FromStr for Bic {
    type Err = BankError;

    fn from_str(text: &str) -> Result<Self, BankError> {
        let code = text.trim().to_ascii_uppercase();
        let formed = matches!(code.len(), 8 | 11) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !formed || !code.bytes().take(4).all(|byte| byte.is_ascii_alphabetic()) {
            return Err(BankError::Bic);
        }
        // Kosovo has no ISO code, but banks.
        let country = &code[4..6];
        let exists = country == "XK" || country.parse::<Country>().is_ok_and(|it| it.code() == country);
        if exists { Ok(Self(code)) } else { Err(BankError::Bic) }
    }
}

impl FromStr for RoutingNumber {
    type Err = BankError;

    fn from_str(text: &str) -> Result<Self, BankError> {
        let number = text.trim();
        let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
        if digits.len() != 9 || number.len() != 9 {
            return Err(BankError::RoutingNumber);
        }
        // The Federal Reserve's districts, those of thrifts and of electronic payments, and traveller's checks.
        let district = digits[0] * 10 + digits[1];
        let weighed: u32 =
            digits.iter().zip([3, 7, 1].into_iter().cycle()).map(|(d, weight)| d * weight).sum();
        let good = matches!(district, 1..=12 | 21..=32 | 61..=72 | 80) && weighed.is_multiple_of(10);
        if good { Ok(Self(number.to_owned())) } else { Err(BankError::RoutingNumber) }
    }
}

impl FromStr for AccountEnding {
    type Err = BankError;

    fn from_str(text: &str) -> Result<Self, BankError> {
        let number = text.trim();
        let good = (4..=17).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        // Never more than half of a short one.
        let kept = (number.len() / 2).min(4);
        if good { Ok(Self(number[number.len() - kept..].to_owned())) } else { Err(BankError::AccountNumber) }
    }
}

impl FromStr for MandateId {
    type Err = BankError;

    fn from_str(text: &str) -> Result<Self, BankError> {
        let id = text.trim();
        let legal = |c: char| c.is_ascii_alphanumeric() || " +?/-:().,'".contains(c);
        let good = (1..=35).contains(&id.len()) && id.chars().all(legal) && !super::reveals_account(id);
        if good { Ok(Self(id.to_owned())) } else { Err(BankError::MandateId) }
    }
}

impl FromStr for CheckNumber {
    type Err = BankError;

    fn from_str(text: &str) -> Result<Self, BankError> {
        let number = text.trim();
        let good = (1..=10).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        if good { Ok(Self(number.to_owned())) } else { Err(BankError::CheckNumber) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn banks_are_known_by_their_codes() {
        for good in ["DEUTDEFF", "deutdeff500", "CHASUS33XXX", "NLPRXKPR"] {
            assert!(good.parse::<Bic>().is_ok(), "{good}");
        }
        for wrong in ["", "DEUTDEF", "DEUTZZFF", "DEUTDEFF5", "D3UTDEFF", "DEUTDEFF50é", "ДEUTDEF"] {
            assert_eq!(wrong.parse::<Bic>(), Err(BankError::Bic), "{wrong}");
        }
        for good in ["021000021", "011401533", "091000019", "322271627"] {
            assert_eq!(good.parse::<RoutingNumber>().unwrap().as_str(), good);
        }
        for wrong in
            ["021000022", "121000021", "02100002", "0210000210", "999999992", "02100002x", "٠٢١٠٠٠٠٢١"]
        {
            assert_eq!(wrong.parse::<RoutingNumber>(), Err(BankError::RoutingNumber), "{wrong}");
        }
    }

    #[test]
    fn of_an_account_only_the_end_is_kept() {
        assert_eq!("000123456789".parse::<AccountEnding>().unwrap().as_str(), "6789");
        assert_eq!("12345".parse::<AccountEnding>().unwrap().as_str(), "45");
        for wrong in ["123", "123456789012345678", "12 34", "12a4"] {
            assert_eq!(wrong.parse::<AccountEnding>(), Err(BankError::AccountNumber), "{wrong}");
        }
        assert_eq!(
            MaskedIban::parse("gb33 bukb 2020 1555 5555 55").unwrap().as_str(),
            "GB****************5555"
        );
    }

    #[test]
    fn mandates_and_checks_have_their_form() {
        assert!("MND-2026/7 (a)".parse::<MandateId>().is_ok());
        for wrong in ["", "m;1", &"x".repeat(36), "DE89370400440532013000"] {
            assert_eq!(wrong.parse::<MandateId>(), Err(BankError::MandateId), "{wrong}");
        }
        assert!("0001042".parse::<CheckNumber>().is_ok());
        assert_eq!("1042a".parse::<CheckNumber>(), Err(BankError::CheckNumber));
    }

    proptest! {
        #[test]
        fn one_wrong_digit_of_a_routing_number_is_noticed(position in 0usize..9, change in 1u8..10) {
            let mut digits = *b"021000021";
            digits[position] = b'0' + (digits[position] - b'0' + change) % 10;
            prop_assert!(std::str::from_utf8(&digits).unwrap().parse::<RoutingNumber>().is_err());
        }
    }
}
