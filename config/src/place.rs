//! Where goods go: what a tax or the price of sending depends on.

mod states;

use std::fmt;
use std::str::FromStr;

/// A country by its ISO 3166-1 alpha-2 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

/// A text that names no country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a country by its ISO 3166 code or its English name")]
pub struct NotACountry;

/// English names that people write and ISO doesn't.
const COMMON_NAMES: [(&str, &str); 7] = [
    ("uk", "GB"),
    ("great britain", "GB"),
    ("england", "GB"),
    ("south korea", "KR"),
    ("holland", "NL"),
    ("czech republic", "CZ"),
    ("viet nam", "VN"),
];

impl Country {
    /// The alpha-2 code, upper-case.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// A code that was checked when it was stored: ISO may have withdrawn it since.
    pub fn stored(code: &str) -> Result<Self, NotACountry> {
        match code.as_bytes() {
            &[a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Self([a, b])),
            _ => Err(NotACountry),
        }
    }

    /// The English name.
    pub fn name(&self) -> &'static str {
        celes::Country::from_alpha2(self.code()).map_or("", |country| country.long_name)
    }
}

impl FromStr for Country {
    type Err = NotACountry;

    /// `VN`, `vnm`, `Vietnam`; `the United States of America`, `USA`.
    fn from_str(text: &str) -> Result<Self, NotACountry> {
        let name = text.trim().to_lowercase();
        let name = name.strip_prefix("the ").unwrap_or(&name);
        if let Some((_, code)) = COMMON_NAMES.iter().find(|(common, _)| *common == name) {
            return code.parse();
        }
        // A name without its blanks and dots; no code is written with any.
        let together: String = name.chars().filter(|c| c.is_alphabetic()).collect();
        let together = if together.len() > 3 { together.as_str() } else { "" };
        let found = celes::Country::from_alpha2(name)
            .or_else(|_| celes::Country::from_alpha3(name))
            .or_else(|_| name.parse())
            .or_else(|_| together.parse())
            .or_else(|_| format!("the{together}").parse::<celes::Country>())
            .or_else(|_| celes::Country::from_alias(together));
        match found.map(|country| country.alpha2.as_bytes()) {
            Ok(&[a, b]) => Ok(Self([a, b])),
            _ => Err(NotACountry),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code().fmt(f)
    }
}

/// A state, province or region of a country: the part of its ISO 3166-2 code after the hyphen, upper-case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State(String);

/// A text that can't be a state's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a state's code of 1 to 3 letters or digits, as in ISO 3166-2")]
pub struct NotAState;

impl State {
    /// A state as people of its country write it: `TX`, and in the USA, Canada and Australia `Texas`, too.
    pub fn of(country: Country, text: &str) -> Result<Self, NotAState> {
        match states::named(country, text) {
            Some(code) => Ok(Self(code.to_owned())),
            None => text.parse(),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for State {
    type Err = NotAState;

    /// `CA`, or `US-CA`: as it stands where it doesn't depend on the country. What people write is for [`State::of`].
    fn from_str(text: &str) -> Result<Self, NotAState> {
        let text = text.trim();
        let code = match text.split_once('-') {
            Some((country, code)) if country.len() == 2 => code,
            _ => text,
        };
        match (1..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            true => Ok(Self(code.to_ascii_uppercase())),
            false => Err(NotAState),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A country, and the state in it where that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub country: Country,
    pub state: Option<State>,
}

impl Place {
    /// The place that an address of free text ends with, if it says so: `1 Main St, Austin, TX 78701, USA`, and so with
    /// `Texas`.
    ///
    /// A country's name or its code of three letters counts; a code of two letters only where it isn't a state's of
    /// the USA as well (`Los Angeles, CA` isn't in Canada).
    pub fn of_address(text: &str) -> Option<Self> {
        let mut parts = text.rsplit([',', '\n', ';']).map(str::trim).filter(|part| !part.is_empty());
        let last = parts.next()?.trim_end_matches('.');
        let is_code = last.len() == 2;
        if is_code && (states::is_of_the_usa(last) || last.chars().any(|c| !c.is_ascii_uppercase())) {
            return None;
        }
        let country = last.parse().ok()?;
        let is_postal_code = |part: &str| part.split_whitespace().all(has_digit);
        let part = parts.next().filter(|part| !is_postal_code(part)).or_else(|| parts.next());
        Some(Self { country, state: part.and_then(|part| state_with_postal_code(country, part)) })
    }
}

/// More words than any state's name has.
const MOST_WORDS: usize = 4;

/// `TX 78701`, `NSW 2000` or `TX` alone; of a known state also its name, and a town before it: `Sydney NSW 2000`.
fn state_with_postal_code(country: Country, part: &str) -> Option<State> {
    let words: Vec<&str> = part.split_whitespace().collect();
    let named = words.iter().position(|word| has_digit(word)).unwrap_or(words.len());
    let (name, postal_code) = words.split_at(named);
    let last = name.last().filter(|_| postal_code.iter().all(|word| has_digit(word)))?;
    // The longest first: West Virginia isn't Virginia.
    let first = name.len().saturating_sub(MOST_WORDS);
    let by_name = (first..name.len()).find_map(|at| states::named(country, &name[at..].join(" ")));
    if let Some(code) = by_name.or_else(|| states::coded(country, last)) {
        return Some(State(code.to_owned()));
    }
    let is_code = (2..=3).contains(&last.len()) && last.bytes().all(|b| b.is_ascii_uppercase());
    (name.len() == 1 && is_code).then(|| last.parse().ok()).flatten()
}

/// As a postal code's parts have, and no state's name has.
fn has_digit(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_code_and_by_name() {
        for (text, code) in [
            ("VN", "VN"),
            ("vn", "VN"),
            ("VNM", "VN"),
            ("Vietnam", "VN"),
            ("Viet Nam", "VN"),
            ("United States", "US"),
            ("the United States of America", "US"),
            ("USA", "US"),
            ("UK", "GB"),
            ("United Kingdom", "GB"),
            ("Germany", "DE"),
            ("France", "FR"),
            ("Japan", "JP"),
            ("South Korea", "KR"),
            ("Netherlands", "NL"),
            ("New Zealand", "NZ"),
            ("South Africa", "ZA"),
            ("Switzerland", "CH"),
            ("Russia", "RU"),
            ("United Arab Emirates", "AE"),
            ("Czech Republic", "CZ"),
            (" kuwait ", "KW"),
        ] {
            assert_eq!(text.parse::<Country>().map(|c| c.to_string()), Ok(code.to_owned()), "{text}");
        }
        for bad in ["", "XX", "Atlantis", "V", "V N", "12345", "'; DROP TABLE rates"] {
            assert_eq!(bad.parse::<Country>(), Err(NotACountry), "{bad}");
        }
        assert_eq!("VN".parse::<Country>().unwrap().name(), "Vietnam");
    }

    #[test]
    fn states_are_short_codes() {
        for (text, code) in [("CA", "CA"), ("us-ca", "CA"), ("nsw", "NSW"), ("9", "9")] {
            assert_eq!(text.parse::<State>().unwrap().as_str(), code);
        }
        for bad in ["", "California", "U-", "C A"] {
            assert!(bad.parse::<State>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_state_is_known_by_name_in_its_country() {
        for (country, text, code) in [
            ("US", "California", "CA"),
            ("US", "us-ca", "CA"),
            ("US", "district of columbia", "DC"),
            ("US", "Puerto Rico", "PR"),
            ("CA", "QUEBEC", "QC"),
            ("AU", " New South Wales ", "NSW"),
            ("AU", "wa", "WA"),
            ("BR", "sp", "SP"),
        ] {
            let country = country.parse().unwrap();
            assert_eq!(State::of(country, text).unwrap().as_str(), code, "{text}");
        }
        for (country, text) in [("US", "Atlantis"), ("CA", "California"), ("VN", "Texas"), ("US", "")] {
            assert!(State::of(country.parse().unwrap(), text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_may_say_where_it_is() {
        for (text, place) in [
            ("12 Lê Lợi, Huế, Vietnam", Some(("VN", None))),
            ("12 Lê Lợi, Huế, VN", Some(("VN", None))),
            ("1 Main St, Austin, TX 78701, USA", Some(("US", Some("TX")))),
            ("1 Main St\nLos Angeles, CA\nUnited States.", Some(("US", Some("CA")))),
            ("1 Main St, Austin, Texas 78701, USA", Some(("US", Some("TX")))),
            ("1 MAIN ST, AUSTIN, TEXAS, 78701, USA", Some(("US", Some("TX")))),
            ("1 Main St, Austin TX 78701, USA", Some(("US", Some("TX")))),
            ("1 Main St, Kansas City Missouri 64101, USA", Some(("US", Some("MO")))),
            ("1 Main St, Charleston West Virginia 25301, USA", Some(("US", Some("WV")))),
            ("1 Main St, New York, New York 10001, USA", Some(("US", Some("NY")))),
            ("1 Main St, Washington, D.C. 20001, USA", Some(("US", Some("DC")))),
            ("1 Main St, Washington DC 20001, USA", Some(("US", Some("DC")))),
            ("1 Main St, Virginia Beach, USA", Some(("US", None))),
            ("5 Oak Ave, Montréal, Québec H2Y 1C6, Canada", Some(("CA", Some("QC")))),
            ("5 Oak Ave, Montreal, quebec, H2Y 1C6, Canada", Some(("CA", Some("QC")))),
            ("5 Oak Ave, Toronto ON M5V 2T6, Canada", Some(("CA", Some("ON")))),
            ("5 George St, Sydney, NSW 2000, Australia", Some(("AU", Some("NSW")))),
            ("5 George St, Sydney NSW 2000, Australia", Some(("AU", Some("NSW")))),
            ("5 George St, Sydney, New South Wales 2000, Australia", Some(("AU", Some("NSW")))),
            ("12 Texas Ave, Texas, France", Some(("FR", None))),
            ("Hauptstr. 5, 10115 Berlin, Germany", Some(("DE", None))),
            ("1 Calle Sol, San Juan, PR", Some(("PR", None))),
            ("10 Downing Street, London SW1A 2AA, UK", Some(("GB", None))),
            ("1 Main St, Los Angeles, CA", None),
            ("1 Main St, Springfield, IL", None),
            ("123 Main St, City, State 12345", None),
            ("Hauptstr. 5, 10115 Berlin", None),
            ("somewhere in", None),
            ("", None),
            (", ,", None),
        ] {
            let found = Place::of_address(text);
            let found = found.as_ref().map(|p| (p.country.code(), p.state.as_ref().map(State::as_str)));
            assert_eq!(found, place, "{text}");
        }
    }
}
