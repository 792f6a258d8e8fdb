//! What a method costs in one currency.

use config::money::{Currency, Money};

/// A weight: 0 to 10¹² grams, more than any order has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grams(u64);

/// A number that can't be a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 0 to {}", Grams::MOST)]
pub struct NotAWeight;

impl Grams {
    const MOST: u64 = 1_000_000_000_000;
    const PER_KG: u64 = 1000;

    pub fn new(grams: i64) -> Result<Self, NotAWeight> {
        u64::try_from(grams).ok().filter(|grams| *grams <= Self::MOST).map(Self).ok_or(NotAWeight)
    }

    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Parcels up to this weight cost this much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeightBand {
    pub up_to_grams: u32,
    pub price: Money,
}

/// Prices by weight in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tariff {
    currency: Currency,
    bands: Vec<WeightBand>,
    per_extra_kg: Option<Money>,
    free_from: Option<Money>,
}

/// Why a tariff can't be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TariffError {
    #[error("must have 1 to {} weight bands", Tariff::MOST_BANDS)]
    Bands,
    #[error("must have weight bands of 1 gram or more, each heavier than the one before")]
    Order,
    #[error("must have amounts of 0 or more, all in its currency")]
    Amounts,
}

impl Tariff {
    const MOST_BANDS: usize = 20;

    /// `per_extra_kg` is for each started kilogram beyond the last band; without it, heavier parcels aren't
    /// carried. From the subtotal `free_from` on, it costs nothing.
    pub fn new(
        currency: Currency,
        bands: Vec<WeightBand>,
        per_extra_kg: Option<Money>,
        free_from: Option<Money>,
    ) -> Result<Self, TariffError> {
        if bands.is_empty() || bands.len() > Self::MOST_BANDS {
            return Err(TariffError::Bands);
        }
        if bands[0].up_to_grams == 0 || !bands.is_sorted_by(|a, b| a.up_to_grams < b.up_to_grams) {
            return Err(TariffError::Order);
        }
        let mut amounts = bands.iter().map(|band| band.price).chain(per_extra_kg).chain(free_from);
        match amounts.all(|amount| amount.currency() == currency && amount.minor() >= 0) {
            true => Ok(Self { currency, bands, per_extra_kg, free_from }),
            false => Err(TariffError::Amounts),
        }
    }

    pub fn currency(&self) -> Currency {
        self.currency
    }

    pub fn bands(&self) -> &[WeightBand] {
        &self.bands
    }

    pub fn per_extra_kg(&self) -> Option<Money> {
        self.per_extra_kg
    }

    pub fn free_from(&self) -> Option<Money> {
        self.free_from
    }

    /// The price of a parcel whose contents cost `subtotal`; `None` when it is too heavy.
    pub fn price(&self, weight: Grams, subtotal: Money) -> Option<Money> {
        let price = self.price_by_weight(weight)?;
        match self.free_from.is_some_and(|from| subtotal.minor() >= from.minor()) {
            true => Some(Money::zero(self.currency)),
            false => Some(price),
        }
    }

    fn price_by_weight(&self, weight: Grams) -> Option<Money> {
        if let Some(band) = self.bands.iter().find(|band| weight.get() <= u64::from(band.up_to_grams)) {
            return Some(band.price);
        }
        let last = self.bands.last()?;
        let extra = (weight.get() - u64::from(last.up_to_grams)).div_ceil(Grams::PER_KG);
        let surcharge = self.per_extra_kg?.times(u32::try_from(extra).ok()?).ok()?;
        last.price.plus(surcharge).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, Currency::USD)
    }

    fn band(up_to_grams: u32, minor: i64) -> WeightBand {
        WeightBand { up_to_grams, price: usd(minor) }
    }

    fn price(tariff: &Tariff, grams: i64, subtotal: i64) -> Option<i64> {
        tariff.price(Grams::new(grams).unwrap(), usd(subtotal)).map(Money::minor)
    }

    #[test]
    fn the_lightest_band_that_holds_the_parcel_counts() {
        let tariff =
            Tariff::new(Currency::USD, vec![band(1000, 1499), band(5000, 1999)], None, None).unwrap();
        for (grams, expected) in
            [(0, Some(1499)), (1000, Some(1499)), (1001, Some(1999)), (5000, Some(1999)), (5001, None)]
        {
            assert_eq!(price(&tariff, grams, 0), expected, "{grams} g");
        }
    }

    #[test]
    fn each_started_kilogram_beyond_the_last_band_is_charged() {
        let tariff = Tariff::new(Currency::USD, vec![band(1000, 1499)], Some(usd(250)), None).unwrap();
        for (grams, expected) in [(1000, 1499), (1001, 1749), (2000, 1749), (2001, 1999), (20_000, 6249)] {
            assert_eq!(price(&tariff, grams, 0), Some(expected), "{grams} g");
        }
    }

    #[test]
    fn it_is_free_from_the_subtotal_on_but_not_for_what_is_too_heavy() {
        let tariff = Tariff::new(Currency::USD, vec![band(1000, 1499)], None, Some(usd(5000))).unwrap();
        assert_eq!(price(&tariff, 500, 4999), Some(1499));
        assert_eq!(price(&tariff, 500, 5000), Some(0));
        assert_eq!(price(&tariff, 1001, 5000), None);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let tariff = |bands, extra| Tariff::new(Currency::USD, bands, extra, None).unwrap_err();
        assert_eq!(tariff(vec![], None), TariffError::Bands);
        assert_eq!(tariff(vec![band(1, 1); 21], None), TariffError::Bands);
        assert_eq!(tariff(vec![band(0, 1)], None), TariffError::Order);
        assert_eq!(tariff(vec![band(5, 1), band(5, 2)], None), TariffError::Order);
        assert_eq!(tariff(vec![band(5, -1)], None), TariffError::Amounts);
        let dong = Money::from_minor(1, "VND".parse().unwrap());
        assert_eq!(tariff(vec![band(5, 1)], Some(dong)), TariffError::Amounts);
    }

    proptest! {
        #[test]
        fn more_weight_never_costs_less(
            mut steps in proptest::collection::vec((1u32..5000, 0i64..10_000), 1..8),
            extra in proptest::option::of(0i64..1000),
            (light, heavy) in (0i64..100_000, 0i64..100_000),
        ) {
            for index in 1..steps.len() {
                steps[index].0 += steps[index - 1].0;
                steps[index].1 += steps[index - 1].1;
            }
            let bands = steps.iter().map(|(grams, minor)| band(*grams, *minor)).collect();
            let tariff = Tariff::new(Currency::USD, bands, extra.map(usd), None).unwrap();
            let (light, heavy) = (light.min(heavy), light.max(heavy));
            match (price(&tariff, light, 0), price(&tariff, heavy, 0)) {
                (Some(less), Some(more)) => prop_assert!(less <= more),
                (None, Some(_)) => prop_assert!(false, "the heavier parcel is carried and the lighter isn't"),
                (_, None) => {}
            }
        }

        #[test]
        fn no_weight_overflows(grams in 0i64..=1_000_000_000_000, extra in 0i64..=1_000_000_000_000_000) {
            let tariff = Tariff::new(Currency::USD, vec![band(1, 1)], Some(usd(extra)), None).unwrap();
            prop_assert!(price(&tariff, grams, 0).is_none_or(|minor| minor >= 0));
        }
    }
}
