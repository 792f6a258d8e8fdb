//! The demonstration's rates, as they stand in `demo/rates.json`.

use chrono::NaiveDate;
use config::BoxError;
use config::problem::from_json;
use serde_json::Value;

use super::rate_dto::RateRequest;
use crate::domain::RateTerms;

const RATES: &str = include_str!("../../demo/rates.json");

/// Every rate; those that don't say since when hold from `today` on.
pub fn demo_rates(today: NaiveDate) -> Result<Vec<RateTerms>, BoxError> {
    let rates: Vec<Value> = serde_json::from_str(RATES)?;
    rates.iter().map(|rate| Ok(from_json::<RateRequest>(rate)?.parse(today)?)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_demonstration_covers_a_dozen_countries_without_conflict() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let rates = demo_rates(today).unwrap();
        let countries: BTreeSet<_> = rates.iter().map(|terms| terms.place.country).collect();
        assert!(countries.len() >= 12, "{countries:?}");
        for (index, rate) in rates.iter().enumerate() {
            let conflict = rates[..index].iter().find(|other| other.conflicts_with(rate));
            assert_eq!(conflict, None, "{rate:?}");
            assert!(rate.validity.includes(today), "{rate:?}");
        }
        let us: Vec<_> = rates.iter().filter(|terms| terms.place.country.code() == "US").collect();
        assert!(
            !us.is_empty() && us.iter().all(|terms| terms.state().is_some()),
            "the USA have no tax of their own"
        );
    }
}
