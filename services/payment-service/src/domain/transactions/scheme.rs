//! The schemes by which money travels, and their rules.

use std::collections::HashMap;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, Utc, Weekday};
use config::money::{Currency, Money};

config::names! {
    /// A scheme.
    PaymentType {
        Ach = "ACH",
        Wire = "WIRE",
        Rtp = "RTP",
        Sepa = "SEPA",
        Card = "CARD",
        DirectDebit = "DIRECT_DEBIT",
        Check = "CHECK",
    }
}

config::names! {
    /// What a scheme may be told beside the parties.
    Detail {
        Iban = "iban",
        Bic = "bic",
        RoutingNumber = "routing_number",
        AccountNumber = "account_number",
        Card = "card",
        MandateId = "mandate_id",
        CheckNumber = "check_number",
    }
}

/// Countries of the Single Euro Payments Area.
const SEPA: [&str; 41] = [
    "AD", "AL", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR",
    "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MD", "ME", "MK", "MT", "NL", "NO", "PL",
    "PT", "RO", "SE", "SI", "SK", "SM", "VA",
];

impl PaymentType {
    /// What is used when nobody says.
    pub fn usual(currency: Currency) -> Self {
        match currency.code() {
            "USD" => Self::Ach,
            "EUR" => Self::Sepa,
            _ => Self::Wire,
        }
    }

    /// The scheme's currencies; `None` for any.
    pub fn currencies(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Ach | Self::Rtp | Self::Check => Some(&["USD"]),
            Self::Sepa => Some(&["EUR"]),
            // SEPA's, Bacs's and that of the American clearing house.
            Self::DirectDebit => Some(&["EUR", "GBP", "USD"]),
            Self::Wire | Self::Card => None,
        }
    }

    pub fn takes(self, currency: Currency) -> bool {
        self.currencies().is_none_or(|all| all.contains(&currency.code()))
    }

    /// The most that the scheme carries at once, in minor units: its rules, or as many digits as its messages have.
    fn limit(self) -> i64 {
        match self {
            Self::Ach => 100_000_000,
            Self::Rtp => 1_000_000_000,
            Self::Check => 9_999_999_999,
            Self::Sepa | Self::DirectDebit => 99_999_999_999,
            Self::Wire | Self::Card => 999_999_999_999,
        }
    }

    /// Banking days until the receiver has the money; `None`: at once, on any day.
    fn banking_days(self) -> Option<u32> {
        match self {
            Self::Rtp | Self::Card => None,
            Self::Wire => Some(0),
            Self::Ach | Self::Sepa | Self::DirectDebit | Self::Check => Some(1),
        }
    }

    pub fn is_told(self, detail: Detail) -> bool {
        match detail {
            Detail::Iban => matches!(self, Self::Sepa | Self::Wire | Self::DirectDebit),
            Detail::Bic => matches!(self, Self::Sepa | Self::Wire),
            Detail::RoutingNumber | Detail::AccountNumber => {
                matches!(self, Self::Ach | Self::Wire | Self::Rtp | Self::Check | Self::DirectDebit)
            }
            Detail::Card => self == Self::Card,
            Detail::MandateId => self == Self::DirectDebit,
            Detail::CheckNumber => self == Self::Check,
        }
    }

    /// Whether it reaches accounts of this country.
    pub fn reaches(self, country: &str) -> bool {
        self != Self::Sepa || SEPA.contains(&country)
    }
}

/// What the shop decides for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HouseRules {
    /// When a banking day ends for a scheme, in UTC.
    pub cutoffs: HashMap<PaymentType, NaiveTime>,
    /// The most at once, in whole major units, where that is less than the scheme carries.
    pub limits: HashMap<PaymentType, u32>,
}

impl HouseRules {
    /// The most that goes at once.
    pub fn limit(&self, payment_type: PaymentType, currency: Currency) -> Money {
        let own = self
            .limits
            .get(&payment_type)
            .map(|major| i64::from(*major).saturating_mul(10_i64.saturating_pow(currency.exponent())));
        let scheme = payment_type.limit();
        Money::from_minor(own.map_or(scheme, |own| own.min(scheme)), currency)
    }

    /// The day on which the receiver has what is accepted now. Weekends are no banking days; holidays, which differ
    /// from bank to bank, count as such.
    pub fn settles_on(&self, payment_type: PaymentType, now: DateTime<Utc>) -> NaiveDate {
        let today = now.date_naive();
        let Some(days) = payment_type.banking_days() else { return today };
        let late = self.cutoffs.get(&payment_type).is_some_and(|cutoff| now.time() >= *cutoff);
        let begins = if late { next(today) } else { today };
        let begins = if is_banking_day(begins) { begins } else { next_banking_day(begins) };
        (0..days).fold(begins, |day, _| next_banking_day(day))
    }
}

fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

fn is_banking_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

fn next_banking_day(day: NaiveDate) -> NaiveDate {
    match day.weekday() {
        Weekday::Fri => next(next(next(day))),
        Weekday::Sat => next(next(day)),
        _ => next(day),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn rules() -> HouseRules {
        let cutoff = NaiveTime::from_hms_opt(16, 0, 0).unwrap();
        HouseRules {
            cutoffs: [(PaymentType::Ach, cutoff), (PaymentType::Wire, cutoff)].into(),
            limits: [(PaymentType::Rtp, 500), (PaymentType::Ach, u32::MAX)].into(),
        }
    }

    #[test]
    fn money_arrives_on_banking_days() {
        for (scheme, now, day) in [
            (PaymentType::Ach, "2026-11-18T15:59:59Z", "2026-11-19"),
            (PaymentType::Ach, "2026-11-18T16:00:00Z", "2026-11-20"),
            (PaymentType::Ach, "2026-11-20T12:00:00Z", "2026-11-23"),
            (PaymentType::Ach, "2026-11-20T17:00:00Z", "2026-11-24"),
            (PaymentType::Wire, "2026-11-20T12:00:00Z", "2026-11-20"),
            (PaymentType::Wire, "2026-11-20T16:00:00Z", "2026-11-23"),
            (PaymentType::Wire, "2026-11-21T12:00:00Z", "2026-11-23"),
            (PaymentType::Sepa, "2026-11-22T23:59:59Z", "2026-11-24"),
            (PaymentType::Rtp, "2026-11-22T23:59:59Z", "2026-11-22"),
            (PaymentType::Card, "2026-11-21T01:00:00Z", "2026-11-21"),
        ] {
            assert_eq!(rules().settles_on(scheme, at(now)).to_string(), day, "{scheme} {now}");
        }
    }

    #[test]
    fn the_lower_limit_holds() {
        let limit = |scheme| rules().limit(scheme, Currency::USD).minor();
        assert_eq!(limit(PaymentType::Rtp), 50_000);
        assert_eq!(limit(PaymentType::Ach), 100_000_000, "the scheme's own");
        assert_eq!(limit(PaymentType::Check), 9_999_999_999);
        let dong = "VND".parse().unwrap();
        let house = HouseRules { limits: [(PaymentType::Wire, 7)].into(), ..HouseRules::default() };
        assert_eq!(house.limit(PaymentType::Wire, dong).minor(), 7, "a đồng has no smaller unit");
    }

    #[test]
    fn every_currency_has_a_scheme_that_takes_it() {
        for code in ["USD", "EUR", "VND", "GBP", "KWD"] {
            let currency = code.parse().unwrap();
            assert!(PaymentType::usual(currency).takes(currency), "{code}");
        }
        assert!(!PaymentType::Sepa.takes(Currency::USD));
        assert!(PaymentType::Sepa.reaches("DE") && !PaymentType::Sepa.reaches("US"));
    }

    proptest! {
        #[test]
        fn money_never_arrives_before_it_was_sent_nor_on_a_weekend(seconds in 1_700_000_000i64..2_000_000_000) {
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            for scheme in PaymentType::ALL {
                let day = rules().settles_on(scheme, now);
                prop_assert!(day >= now.date_naive());
                prop_assert!((day - now.date_naive()).num_days() <= 4);
                prop_assert!(scheme.banking_days().is_none() || is_banking_day(day));
            }
        }
    }
}
