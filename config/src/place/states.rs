//! The states whose names people write out: those of the USA, Canada and Australia, by ISO 3166-2.

use unicode_normalization::UnicodeNormalization as _;

use super::Country;

/// A state's code, and a name of it.
type Named = (&'static str, &'static str);

const USA: [Named; 53] = [
    ("AL", "Alabama"),
    ("AK", "Alaska"),
    ("AZ", "Arizona"),
    ("AR", "Arkansas"),
    ("CA", "California"),
    ("CO", "Colorado"),
    ("CT", "Connecticut"),
    ("DE", "Delaware"),
    ("DC", "District of Columbia"),
    ("DC", "Washington DC"),
    ("DC", "D.C."),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("HI", "Hawaii"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("IN", "Indiana"),
    ("IA", "Iowa"),
    ("KS", "Kansas"),
    ("KY", "Kentucky"),
    ("LA", "Louisiana"),
    ("ME", "Maine"),
    ("MD", "Maryland"),
    ("MA", "Massachusetts"),
    ("MI", "Michigan"),
    ("MN", "Minnesota"),
    ("MS", "Mississippi"),
    ("MO", "Missouri"),
    ("MT", "Montana"),
    ("NE", "Nebraska"),
    ("NV", "Nevada"),
    ("NH", "New Hampshire"),
    ("NJ", "New Jersey"),
    ("NM", "New Mexico"),
    ("NY", "New York"),
    ("NC", "North Carolina"),
    ("ND", "North Dakota"),
    ("OH", "Ohio"),
    ("OK", "Oklahoma"),
    ("OR", "Oregon"),
    ("PA", "Pennsylvania"),
    ("RI", "Rhode Island"),
    ("SC", "South Carolina"),
    ("SD", "South Dakota"),
    ("TN", "Tennessee"),
    ("TX", "Texas"),
    ("UT", "Utah"),
    ("VT", "Vermont"),
    ("VA", "Virginia"),
    ("WA", "Washington"),
    ("WV", "West Virginia"),
    ("WI", "Wisconsin"),
    ("WY", "Wyoming"),
];

/// They have countries' codes of their own as well: the same ones.
const US_TERRITORIES: [Named; 5] = [
    ("AS", "American Samoa"),
    ("GU", "Guam"),
    ("MP", "Northern Mariana Islands"),
    ("PR", "Puerto Rico"),
    ("VI", "Virgin Islands"),
];

const CANADA: [Named; 15] = [
    ("AB", "Alberta"),
    ("BC", "British Columbia"),
    ("MB", "Manitoba"),
    ("NB", "New Brunswick"),
    ("NL", "Newfoundland and Labrador"),
    ("NL", "Newfoundland"),
    ("NS", "Nova Scotia"),
    ("NT", "Northwest Territories"),
    ("NU", "Nunavut"),
    ("ON", "Ontario"),
    ("PE", "Prince Edward Island"),
    ("QC", "Québec"),
    ("SK", "Saskatchewan"),
    ("YT", "Yukon"),
    ("YT", "Yukon Territory"),
];

const AUSTRALIA: [Named; 8] = [
    ("ACT", "Australian Capital Territory"),
    ("NSW", "New South Wales"),
    ("NT", "Northern Territory"),
    ("QLD", "Queensland"),
    ("SA", "South Australia"),
    ("TAS", "Tasmania"),
    ("VIC", "Victoria"),
    ("WA", "Western Australia"),
];

/// The states of a country that are known here.
fn of(country: Country) -> impl Iterator<Item = Named> {
    let tables: [&[Named]; 2] = match country.code() {
        "US" => [&USA, &US_TERRITORIES],
        "CA" => [&CANADA, &[]],
        "AU" => [&AUSTRALIA, &[]],
        _ => [&[], &[]],
    };
    tables.into_iter().flatten().copied()
}

/// The code of the state that is called so, whatever its case, accents and dots.
pub(super) fn named(country: Country, name: &str) -> Option<&'static str> {
    of(country).find(|(_, known)| folded(known).eq(folded(name))).map(|(code, _)| code)
}

/// The code as the table has it.
pub(super) fn coded(country: Country, code: &str) -> Option<&'static str> {
    of(country).map(|(known, _)| known).find(|known| *known == code)
}

/// Whether it is the code of one of the fifty states of the USA, or of its capital.
pub(super) fn is_of_the_usa(code: &str) -> bool {
    USA.iter().any(|(known, _)| *known == code)
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.nfd().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::place::State;

    const COUNTRIES: [&str; 3] = ["US", "CA", "AU"];

    fn all() -> Vec<(Country, Named)> {
        let countries = COUNTRIES.map(|code| code.parse::<Country>().unwrap());
        countries.into_iter().flat_map(|country| of(country).map(move |state| (country, state))).collect()
    }

    #[test]
    fn there_are_as_many_as_there_are() {
        for (country, states) in COUNTRIES.into_iter().zip([50 + 1 + 5, 10 + 3, 6 + 2]) {
            let country: Country = country.parse().unwrap();
            assert_eq!(of(country).map(|(code, _)| code).collect::<BTreeSet<_>>().len(), states, "{country}");
            let mut names = BTreeSet::new();
            assert!(of(country).all(|(_, name)| names.insert(folded(name).collect::<String>())), "{country}");
        }
        assert_eq!(of("DE".parse().unwrap()).count(), 0);
    }

    proptest! {
        #[test]
        fn a_name_is_known_however_it_is_written(
            (country, (code, name)) in prop::sample::select(all()),
            upper in prop::collection::vec(any::<bool>(), 40),
            plain in any::<bool>(),
        ) {
            let letters = name.nfd().filter(|letter| !plain || letter.is_ascii());
            let letters = letters.zip(upper).map(|(letter, upper)| {
                if upper { letter.to_uppercase().to_string() } else { letter.to_lowercase().to_string() }
            });
            let written: String = letters.collect();
            prop_assert_eq!(State::of(country, &format!(" {written} ")), code.parse());
            prop_assert_eq!(State::of(country, code), code.parse());
            prop_assert!(State::of("FR".parse().unwrap(), &written).is_err());
        }
    }
}
