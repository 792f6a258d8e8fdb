//! How long transactions take, in few numbers.

use chrono::{DateTime, Utc};
use hdrhistogram::Histogram;

/// What takes longer counts as this long: an hour.
const LONGEST: u64 = 3_600_000;

/// Milliseconds between acceptance and end, rounded up to one of few values: by a sixteenth at most.
pub fn lasted(accepted: DateTime<Utc>, ended: DateTime<Utc>) -> u32 {
    let millis = u64::try_from((ended - accepted).num_milliseconds()).unwrap_or_default();
    let rounded = histogram().highest_equivalent(millis.min(LONGEST));
    u32::try_from(rounded).unwrap_or(u32::MAX)
}

/// How many took how long.
pub struct TimeCounts(Histogram<u64>);

impl Default for TimeCounts {
    fn default() -> Self {
        Self(histogram())
    }
}

impl TimeCounts {
    /// `count` of them took as long as [`lasted`] says.
    pub fn add(&mut self, millis: u32, count: u64) {
        self.0.saturating_record_n(millis.into(), count);
    }

    /// So many of a hundred took this long or less, in milliseconds.
    pub fn percentile(&self, of_hundred: u8) -> u64 {
        self.0.value_at_quantile(f64::from(of_hundred) / 100.0)
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, 1).expect("the bounds are constants and legal")
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_added() {
        let mut counts = TimeCounts::default();
        counts.add(5, 98);
        counts.add(400, 2);
        assert_eq!(counts.percentile(50), 5);
        assert!((400..=430).contains(&counts.percentile(99)));
    }

    #[test]
    fn there_are_few_values() {
        let start = DateTime::UNIX_EPOCH;
        let all: std::collections::BTreeSet<_> = (0..=LONGEST as i64)
            .step_by(7)
            .map(|ms| lasted(start, start + TimeDelta::milliseconds(ms)))
            .collect();
        assert!(all.len() < 400, "{}", all.len());
    }

    proptest! {
        #[test]
        fn a_time_is_rounded_up_by_little_and_stays_what_it_is(millis in 0i64..3_600_000) {
            let start = DateTime::UNIX_EPOCH;
            let counted = i64::from(lasted(start, start + TimeDelta::milliseconds(millis)));
            prop_assert!(counted >= millis && counted <= millis + millis / 16 + 1);
            let again = lasted(start, start + TimeDelta::milliseconds(counted));
            prop_assert_eq!(i64::from(again), counted);
        }
    }
}
