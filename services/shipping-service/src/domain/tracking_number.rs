//! Tracking numbers: whoever knows one may see where the parcel is, so nobody can guess one.

use std::fmt;
use std::str::FromStr;

const PREFIX: &str = "SP";
/// 60 random bits.
const SYMBOLS: usize = 12;
/// Crockford's base 32: no letter looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `SP`, twelve random symbols and a check symbol.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TrackingNumber(String);

/// A text that is no tracking number, or one with a typing error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a tracking number")]
pub struct NotATrackingNumber;

impl TrackingNumber {
    /// The number of these random bits, of which the low 60 count.
    pub fn from_random(bits: u64) -> Self {
        let symbols: Vec<u8> = (0..SYMBOLS).map(|index| (bits >> (5 * index) & 31) as u8).collect();
        let all = symbols.iter().copied().chain([check_symbol(&symbols)]);
        let text: String = all.map(|symbol| char::from(ALPHABET[usize::from(symbol)])).collect();
        Self(format!("{PREFIX}{text}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Damm's scheme over GF(32): finds every single wrong symbol and every swap of neighbours.
fn check_symbol(symbols: &[u8]) -> u8 {
    symbols.iter().fold(0, |interim, symbol| doubled(interim ^ symbol))
}

/// Times x, modulo x⁵ + x² + 1.
fn doubled(element: u8) -> u8 {
    let shifted = element << 1;
    if shifted & 32 == 0 { shifted } else { shifted ^ 0b10_0101 }
}

impl fmt::Display for TrackingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads it as people write it: lower-case, with spaces or hyphens, `O` for `0`, `I` or `L` for `1`.
impl FromStr for TrackingNumber {
    type Err = NotATrackingNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let normalised: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-'))
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        let symbols = normalised.strip_prefix(PREFIX).ok_or(NotATrackingNumber)?;
        let values: Option<Vec<u8>> = symbols.bytes().map(value).collect();
        match values.as_deref() {
            Some([random @ .., check]) if random.len() == SYMBOLS && check_symbol(random) == *check => {
                Ok(Self(normalised))
            }
            _ => Err(NotATrackingNumber),
        }
    }
}

fn value(symbol: u8) -> Option<u8> {
    ALPHABET.iter().position(|known| *known == symbol).and_then(|position| u8::try_from(position).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_read_back_however_they_are_written(bits: u64) {
            let number = TrackingNumber::from_random(bits);
            prop_assert_eq!(number.as_str().len(), 15);
            let spoken = number.as_str().to_lowercase().replace('0', "o").replace('1', "l");
            let grouped = format!("{} {}-{}", &spoken[..2], &spoken[2..8], &spoken[8..]);
            prop_assert_eq!(grouped.parse(), Ok(number));
        }

        #[test]
        fn a_wrong_symbol_is_found(bits: u64, position in 2usize..15, replacement in 0usize..32) {
            let number = TrackingNumber::from_random(bits);
            let mut text = number.as_str().as_bytes().to_vec();
            prop_assume!(text[position] != ALPHABET[replacement]);
            text[position] = ALPHABET[replacement];
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(text.parse::<TrackingNumber>(), Err(NotATrackingNumber));
        }

        #[test]
        fn a_swap_of_neighbours_is_found(bits: u64, position in 2usize..14) {
            let number = TrackingNumber::from_random(bits);
            let mut text = number.as_str().as_bytes().to_vec();
            prop_assume!(text[position] != text[position + 1]);
            text.swap(position, position + 1);
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(text.parse::<TrackingNumber>(), Err(NotATrackingNumber));
        }

        #[test]
        fn any_text_can_be_tried(text: String) {
            let _ = text.parse::<TrackingNumber>();
        }

        #[test]
        fn different_bits_make_different_numbers(a in 0u64..1 << 60, b in 0u64..1 << 60) {
            prop_assert_eq!(a == b, TrackingNumber::from_random(a) == TrackingNumber::from_random(b));
        }
    }
}
