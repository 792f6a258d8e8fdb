//! A tax that a place wants.

use chrono::{DateTime, NaiveDate, Utc};
use config::place::{Place, State};

use super::{Label, Percent};

config::ids! {
    /// A rate.
    RateId
}

/// The days on which something holds, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    from: NaiveDate,
    to: Option<NaiveDate>,
}

/// Days that can't be a validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must not be before the first day")]
pub struct ValidityError;

impl Validity {
    /// Both days are included; without a last one it holds until further notice.
    pub fn new(from: NaiveDate, to: Option<NaiveDate>) -> Result<Self, ValidityError> {
        if to.is_some_and(|to| to < from) { Err(ValidityError) } else { Ok(Self { from, to }) }
    }

    pub const fn from(self) -> NaiveDate {
        self.from
    }

    pub const fn to(self) -> Option<NaiveDate> {
        self.to
    }

    pub fn includes(self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    /// Whether there is a day that both include.
    pub fn overlaps(self, other: Self) -> bool {
        self.to.is_none_or(|to| other.from <= to) && other.to.is_none_or(|to| self.from <= to)
    }
}

/// What a rate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateTerms {
    /// Without a state it is the whole country's.
    pub place: Place,
    /// What it is for; everything without a rate of its own when `None`.
    pub product_type: Option<Label>,
    /// What the tax is called. Within a place, a product type's rate replaces the general one of the same name.
    pub name: Label,
    pub percent: Percent,
    /// Lower ones are computed first.
    pub priority: u8,
    /// Whether it is also taken of the taxes of lower priority.
    pub compound: bool,
    /// Whether the country's own rates don't hold in this state.
    pub replaces_country: bool,
    /// Whether it is also taken of what sending costs.
    pub applies_to_shipping: bool,
    pub validity: Validity,
}

impl RateTerms {
    pub fn state(&self) -> Option<&State> {
        self.place.state.as_ref()
    }

    /// `US-CA`, or `DE`.
    pub fn jurisdiction(&self) -> String {
        match self.state() {
            Some(state) => format!("{}-{state}", self.place.country),
            None => self.place.country.to_string(),
        }
    }

    /// Whether both would be the same tax of the same things on the same day.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        self.place == other.place
            && self.product_type == other.product_type
            && self.name == other.name
            && self.validity.overlaps(other.validity)
    }
}

/// A rate as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    pub id: RateId,
    pub terms: RateTerms,
    /// Grows with each change.
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(number.into())
    }

    /// A general rate that holds from day 0 on; `at` as `US` or `US-CA`.
    pub fn terms(at: &str, name: &str, percent: &str) -> RateTerms {
        let (country, state) = at.split_once('-').map_or((at, None), |(c, s)| (c, Some(s)));
        RateTerms {
            place: Place {
                country: country.parse().unwrap(),
                state: state.map(|state| state.parse().unwrap()),
            },
            product_type: None,
            name: name.parse().unwrap(),
            percent: Percent::new(percent.parse().unwrap()).unwrap(),
            priority: 0,
            compound: false,
            replaces_country: false,
            applies_to_shipping: false,
            validity: Validity::new(day(0), None).unwrap(),
        }
    }

    #[test]
    fn only_the_same_tax_of_the_same_things_conflicts() {
        let vat = terms("DE", "VAT", "19");
        let books = || Some("Books".parse().unwrap());
        assert!(vat.conflicts_with(&terms("DE", "vat", "7")));
        assert!(!vat.conflicts_with(&terms("DE", "Levy", "19")));
        assert!(!vat.conflicts_with(&terms("DE-BY", "VAT", "19")));
        assert!(!vat.conflicts_with(&terms("FR", "VAT", "19")));
        assert!(!vat.conflicts_with(&RateTerms { product_type: books(), ..vat.clone() }));
        let ended = RateTerms { validity: Validity::new(day(0), Some(day(9))).unwrap(), ..vat.clone() };
        let next = RateTerms { validity: Validity::new(day(10), None).unwrap(), ..vat.clone() };
        assert!(!ended.conflicts_with(&next) && !next.conflicts_with(&ended));
        assert!(ended.conflicts_with(&vat) && vat.conflicts_with(&ended));
    }

    #[test]
    fn a_validity_ends_after_it_began() {
        assert_eq!(Validity::new(day(1), Some(day(0))), Err(ValidityError));
        assert!(Validity::new(day(1), Some(day(1))).unwrap().includes(day(1)));
    }

    proptest! {
        #[test]
        fn validities_overlap_when_they_share_a_day(
            (a, b) in (0u32..20, 0u32..20),
            (for_a, for_b) in (prop::option::of(0u32..20), prop::option::of(0u32..20)),
        ) {
            let validity = |from: u32, more: Option<u32>| {
                Validity::new(day(from), more.map(|more| day(from + more))).unwrap()
            };
            let (a, b) = (validity(a, for_a), validity(b, for_b));
            let shared = (0..60).any(|n| a.includes(day(n)) && b.includes(day(n)));
            prop_assert_eq!(a.overlaps(b), shared);
            prop_assert_eq!(b.overlaps(a), shared);
        }
    }
}
