//! Ways to send a parcel.

use std::fmt;
use std::str::FromStr;

use config::money::Money;
use config::place::Country;

use super::{Carrier, Grams, Name, Tariff};

/// The code of a method, such as `express`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MethodCode(String);

/// A text that can't be a method's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 40 lower-case letters, digits, hyphens or underscores")]
pub struct NotAMethodCode;

impl MethodCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The method of orders that don't choose one.
impl Default for MethodCode {
    fn default() -> Self {
        Self("standard".to_owned())
    }
}

impl FromStr for MethodCode {
    type Err = NotAMethodCode;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        match (1..=40).contains(&code.len()) && code.bytes().all(legal) {
            true => Ok(Self(code.to_owned())),
            false => Err(NotAMethodCode),
        }
    }
}

impl fmt::Display for MethodCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How long a parcel is on its way, in business days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransitDays {
    min: u8,
    max: u8,
}

/// Numbers that can't be transit days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 0 to {}, the least not above the most", TransitDays::MOST)]
pub struct TransitDaysError;

impl TransitDays {
    const MOST: u8 = 90;

    pub fn new(min: i64, max: i64) -> Result<Self, TransitDaysError> {
        match (u8::try_from(min), u8::try_from(max)) {
            (Ok(min), Ok(max)) if min <= max && max <= Self::MOST => Ok(Self { min, max }),
            _ => Err(TransitDaysError),
        }
    }

    pub const fn min(self) -> u8 {
        self.min
    }

    pub const fn max(self) -> u8 {
        self.max
    }
}

/// A way to send a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingMethod {
    pub code: MethodCode,
    pub name: Name,
    pub carrier: Carrier,
    /// Whether the customer fetches it, so that no carrier has it on the way.
    pub collected: bool,
    pub days: TransitDays,
    /// Where it goes; everywhere when empty.
    pub countries: Vec<Country>,
    /// What it costs, once a currency. A method without tariffs is free.
    pub tariffs: Vec<Tariff>,
    /// Where it stands in lists.
    pub position: u16,
    /// Whether it is offered.
    pub active: bool,
    /// Grows with each change.
    pub version: u64,
}

/// What is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parcel {
    /// `None` when the address doesn't tell.
    pub country: Option<Country>,
    pub weight: Grams,
    pub subtotal: Money,
}

/// A method and its price for a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub method: ShippingMethod,
    pub price: Money,
}

impl ShippingMethod {
    /// Whether it costs nothing, whatever is sent.
    pub fn is_free(&self) -> bool {
        self.tariffs.is_empty()
    }

    /// Its price for the parcel; `None` when it isn't offered for it. Where it has prices, but none in the
    /// currency of the subtotal, it isn't.
    pub fn offer(self, parcel: &Parcel) -> Option<Offer> {
        let served = parcel
            .country
            .is_none_or(|country| self.countries.is_empty() || self.countries.contains(&country));
        if !self.active || !served {
            return None;
        }
        let currency = parcel.subtotal.currency();
        let price = match self.is_free() {
            true => Money::zero(currency),
            false => {
                let tariff = self.tariffs.iter().find(|tariff| tariff.currency() == currency)?;
                tariff.price(parcel.weight, parcel.subtotal)?
            }
        };
        Some(Offer { method: self, price })
    }
}

#[cfg(test)]
mod tests {
    use config::money::Currency;

    use super::*;
    use crate::domain::WeightBand;

    fn method(tariffs: Vec<Tariff>, countries: &[&str]) -> ShippingMethod {
        ShippingMethod {
            code: "express".parse().unwrap(),
            name: "Express".parse().unwrap(),
            carrier: "Shop Express".parse().unwrap(),
            collected: false,
            days: TransitDays::new(1, 2).unwrap(),
            countries: countries.iter().map(|code| code.parse().unwrap()).collect(),
            tariffs,
            position: 1,
            active: true,
            version: 1,
        }
    }

    fn parcel(currency: &str, country: Option<&str>) -> Parcel {
        let country = country.map(|code| code.parse().unwrap());
        let subtotal = Money::from_minor(10_000, currency.parse().unwrap());
        Parcel { country, weight: Grams::new(500).unwrap(), subtotal }
    }

    fn priced() -> Vec<Tariff> {
        let band = WeightBand { up_to_grams: 1000, price: Money::from_minor(1499, Currency::USD) };
        vec![Tariff::new(Currency::USD, vec![band], None, None).unwrap()]
    }

    #[test]
    fn a_currency_without_prices_gets_free_methods_only() {
        let price = |method: ShippingMethod, currency| {
            method.offer(&parcel(currency, None)).map(|offer| offer.price.to_string())
        };
        assert_eq!(price(method(priced(), &[]), "USD").as_deref(), Some("14.99 USD"));
        assert_eq!(price(method(priced(), &[]), "VND"), None);
        assert_eq!(price(method(vec![], &[]), "VND").as_deref(), Some("0 VND"));
    }

    #[test]
    fn a_method_is_offered_where_it_goes() {
        let offered = |countries: &[&str], to| method(vec![], countries).offer(&parcel("USD", to)).is_some();
        assert!(offered(&[], Some("VN")) && offered(&["us", "VN"], Some("vn")) && offered(&["US"], None));
        assert!(!offered(&["US"], Some("VN")));
    }

    #[test]
    fn a_retired_method_is_not_offered() {
        assert_eq!(ShippingMethod { active: false, ..method(vec![], &[]) }.offer(&parcel("USD", None)), None);
    }

    #[test]
    fn transit_days_are_a_range() {
        assert!(TransitDays::new(0, 90).is_ok());
        for (min, max) in [(2, 1), (-1, 1), (0, 91), (0, 1_000)] {
            assert_eq!(TransitDays::new(min, max), Err(TransitDaysError));
        }
    }
}
