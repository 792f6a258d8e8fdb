//! What several requests are made of.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime};
use config::id::UserId;
use config::money::{Amount, Currency, Money};
use config::place::{Country, Place, State};
use config::problem::Fields;

use crate::domain::Label;

/// Beyond these no tax is of interest, and the databases' dates end.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=9999;

/// Where, as a client says it: a country, or a location, and perhaps a state in it. `Some(None)` when it isn't said.
pub(super) fn place(
    fields: &mut Fields,
    country: Option<&str>,
    location: Option<&str>,
    state: Option<&str>,
) -> Option<Option<Place>> {
    let place = match (country, location) {
        (Some(country), _) => {
            fields.check("country", country.parse()).map(|country| Some(Place { country, state: None }))
        }
        (None, Some(location)) => fields.check("location", located(location)).map(Some),
        (None, None) => Some(None),
    };
    let country = place.as_ref().and_then(Option::as_ref).map(|place| place.country);
    let state = state.map(|text| match country {
        Some(country) => State::of(country, text),
        None => text.parse(),
    });
    let state = fields.check("state", state.transpose())?;
    Some(place?.map(|place| Place { state: state.or(place.state), ..place }))
}

/// `Vietnam`, `US-CA`, `US-California`, or an address that ends with a country.
fn located(location: &str) -> Result<Place, &'static str> {
    let of_code = || {
        let (country, state) = location.split_once('-')?;
        let country = country.parse().ok()?;
        Some(Place { country, state: Some(State::of(country, state).ok()?) })
    };
    let country = location.parse::<Country>().ok().map(|country| Place { country, state: None });
    let place = of_code().or(country).or_else(|| Place::of_address(location));
    place.ok_or("must be a country by its ISO 3166 code or its English name, or end with one")
}

/// A day, as `2025-12-31` or the RFC 3339 time with which it begins in UTC.
pub(super) fn day(fields: &mut Fields, field: &str, text: &str) -> Option<NaiveDate> {
    let begun = || {
        let time = DateTime::parse_from_rfc3339(text).ok()?.naive_utc();
        (time.time() == NaiveTime::MIN).then(|| time.date())
    };
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().or_else(begun);
    let day = day.filter(|day| YEARS.contains(&day.year()));
    fields.check(field, day.ok_or("must be a day such as 2025-12-31"))
}

/// An optional day; `Some(None)` when it isn't given.
pub(super) fn day_if_any(fields: &mut Fields, field: &str, text: Option<&str>) -> Option<Option<NaiveDate>> {
    text.map_or(Some(None), |text| day(fields, field, text).map(Some))
}

/// An optional label; `Some(None)` when it isn't given.
pub(super) fn label_if_any(fields: &mut Fields, field: &str, text: Option<&str>) -> Option<Option<Label>> {
    text.map_or(Some(None), |text| fields.check(field, text.parse()).map(Some))
}

/// An amount of 0 or more.
pub(super) fn amount(fields: &mut Fields, field: &str, amount: Amount, currency: Currency) -> Option<Money> {
    let money = fields.check(field, amount.in_currency(currency))?;
    if money.minor() < 0 {
        fields.reject(field, "invalid", "must be 0 or more");
        return None;
    }
    Some(money)
}

pub(super) fn currency(fields: &mut Fields, code: Option<&str>, shop: Currency) -> Option<Currency> {
    fields.check("currency", code.map_or(Ok(shop), str::parse))
}

pub(super) fn user(fields: &mut Fields, id: i64) -> Option<UserId> {
    let id = u64::try_from(id).ok().filter(|id| *id > 0);
    fields.check("user_id", id.map(UserId::new).ok_or("must be a user's id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_country_a_code_with_a_state_or_an_address() {
        for (text, expected) in [
            ("Vietnam", "VN"),
            ("us-ca", "US-CA"),
            ("US-California", "US-CA"),
            ("BR-A", "BR-A"),
            ("1 Main St, Austin, TX 78701, USA", "US-TX"),
            ("1 Main St, Austin, Texas 78701, USA", "US-TX"),
            ("Guinea-Bissau", "GW"),
        ] {
            let place = located(text).unwrap();
            let state = place.state.map(|state| format!("-{state}")).unwrap_or_default();
            assert_eq!(format!("{}{state}", place.country), expected, "{text}");
        }
        for wrong in ["", "Atlantis", "US-Atlantis", "?"] {
            assert!(located(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_state_is_its_code_or_in_its_country_its_name() {
        let place = |country, state| place(&mut Fields::default(), country, None, Some(state)).flatten();
        for state in ["ca", "US-CA", "California"] {
            assert_eq!(place(Some("USA"), state), located("US-CA").ok(), "{state}");
        }
        assert_eq!(place(Some("France"), "California"), None);
    }

    #[test]
    fn a_day_is_a_date_or_the_time_with_which_it_begins() {
        let day = |text| day(&mut Fields::default(), "day", text).map(|day| day.to_string());
        for text in ["2026-12-31", "2026-12-31T00:00:00Z", "2026-12-31T02:00:00+02:00"] {
            assert_eq!(day(text).as_deref(), Some("2026-12-31"), "{text}");
        }
        for wrong in ["", "2026-02-30", "2026-12-31T10:00:00Z", "1899-12-31", "10000-01-01", "tomorrow"] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }
}
