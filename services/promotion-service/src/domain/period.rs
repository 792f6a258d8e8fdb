//! When a promotion runs.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// From a moment to a later one, both belonging to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

/// What is wrong with a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error("must be a date such as 2025-12-31, or a time such as 2025-12-31T18:00:00Z")]
    NotATime,
    #[error("must not be before the start")]
    EndsFirst,
}

/// What the databases keep.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9998;

impl Period {
    pub fn new(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>) -> Result<Self, PeriodError> {
        match starts_at <= ends_at {
            true => Ok(Self { starts_at, ends_at }),
            false => Err(PeriodError::EndsFirst),
        }
    }

    /// When a text says that something starts: a bare date means its first moment.
    pub fn start(text: &str) -> Result<DateTime<Utc>, PeriodError> {
        moment(text, |day| Some(day.and_time(NaiveTime::MIN)))
    }

    /// When a text says that something ends: a bare date means its last moment.
    pub fn end(text: &str) -> Result<DateTime<Utc>, PeriodError> {
        let last = |day: NaiveDate| {
            let next = day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
            next.checked_sub_signed(TimeDelta::microseconds(1))
        };
        moment(text, last)
    }

    pub const fn starts_at(&self) -> DateTime<Utc> {
        self.starts_at
    }

    pub const fn ends_at(&self) -> DateTime<Utc> {
        self.ends_at
    }

    pub fn has_begun(&self, now: DateTime<Utc>) -> bool {
        self.starts_at <= now
    }

    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.ends_at < now
    }
}

/// Times without an offset are UTC.
fn moment(
    text: &str,
    of_day: impl Fn(NaiveDate) -> Option<NaiveDateTime>,
) -> Result<DateTime<Utc>, PeriodError> {
    let text = text.trim();
    let with_offset = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let read = with_offset.ok().or_else(|| {
        let local = text.parse::<NaiveDateTime>().ok();
        local.or_else(|| text.parse::<NaiveDate>().ok().and_then(of_day)).map(|time| time.and_utc())
    });
    read.filter(|time| YEARS.contains(&time.year())).ok_or(PeriodError::NotATime)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_bare_end_date_includes_its_day() {
        let period =
            Period::new(Period::start("2025-12-01").unwrap(), Period::end("2025-12-31").unwrap()).unwrap();
        assert!(!period.has_begun(time("2025-11-30T23:59:59Z")));
        assert!(period.has_begun(time("2025-12-01T00:00:00Z")));
        assert!(!period.is_over(time("2025-12-31T23:59:59.5Z")));
        assert!(period.is_over(time("2026-01-01T00:00:00Z")));
    }

    #[test]
    fn times_are_read_with_and_without_their_offset() {
        assert_eq!(Period::start("2025-12-01T07:00:00+07:00"), Ok(time("2025-12-01T00:00:00Z")));
        assert_eq!(Period::end("2025-12-01T08:30:00"), Ok(time("2025-12-01T08:30:00Z")));
        for bad in ["", "soon", "2025-13-01", "31.12.2025", "9999-12-31", "0001-01-01", "+262142-01-01"] {
            assert_eq!(Period::end(bad), Err(PeriodError::NotATime), "{bad}");
        }
    }

    #[test]
    fn nothing_ends_before_it_starts() {
        let (early, late) = (time("2025-01-01T00:00:00Z"), time("2025-01-02T00:00:00Z"));
        assert_eq!(Period::new(late, early), Err(PeriodError::EndsFirst));
        assert!(Period::new(early, early).is_ok());
    }
}
