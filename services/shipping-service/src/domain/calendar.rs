//! Business days.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc, Weekday};

/// The same time of day, so many business days (Monday to Friday) later.
pub fn after_business_days(from: DateTime<Utc>, days: u8) -> DateTime<Utc> {
    let mut at = from;
    let mut left = days;
    while left > 0 {
        at += TimeDelta::days(1);
        if !matches!(at.weekday(), Weekday::Sat | Weekday::Sun) {
            left -= 1;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn weekends_do_not_count() {
        let friday = at("2026-11-20T15:00:00Z");
        assert_eq!(after_business_days(friday, 0), friday);
        assert_eq!(after_business_days(friday, 1), at("2026-11-23T15:00:00Z"));
        assert_eq!(after_business_days(friday, 5), at("2026-11-27T15:00:00Z"));
        assert_eq!(after_business_days(at("2026-11-21T15:00:00Z"), 1), at("2026-11-23T15:00:00Z"));
    }

    proptest! {
        #[test]
        fn exactly_so_many_business_days_pass(seconds in 0i64..4_000_000_000, days in 1u8..=255) {
            let from = DateTime::from_timestamp(seconds, 0).unwrap();
            let to = after_business_days(from, days);
            let is_business = |at: &DateTime<Utc>| at.weekday().number_from_monday() <= 5;
            let passed = (1..=(to - from).num_days()).map(|n| from + TimeDelta::days(n)).filter(is_business).count();
            prop_assert_eq!(passed, usize::from(days));
            prop_assert!(is_business(&to));
            prop_assert_eq!(from.time(), to.time());
        }
    }
}
