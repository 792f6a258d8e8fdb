//! All rates and exemptions, as they are read together.

use std::collections::HashMap;

use chrono::NaiveDate;
use config::id::UserId;
use config::money::MoneyError;
use config::place::{Country, Place};

use super::{ExemptionTerms, Label, Rate, RateTerms, Stack};

/// The rates and exemptions of one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateBook {
    version: u64,
    rates: HashMap<Country, Vec<RateTerms>>,
    exemptions: HashMap<UserId, Vec<ExemptionTerms>>,
}

/// What a tax is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taxed<'a> {
    Goods(Option<&'a Label>),
    Shipping,
}

impl RateBook {
    /// `version` grows with each change; the records are of that version or a later one.
    pub fn new(version: u64, rates: Vec<Rate>, exemptions: Vec<ExemptionTerms>) -> Self {
        let mut book = Self { version, ..Self::default() };
        for Rate { terms, .. } in rates {
            book.rates.entry(terms.place.country).or_default().push(terms);
        }
        for exemption in exemptions {
            book.exemptions.entry(exemption.user_id).or_default().push(exemption);
        }
        book
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn is_exempt(&self, user: UserId, country: Country, day: NaiveDate) -> bool {
        self.exemptions.get(&user).is_some_and(|all| all.iter().any(|one| one.holds(country, day)))
    }

    /// What is taken of goods of a type.
    pub fn of_goods(
        &self,
        at: &Place,
        product_type: Option<&Label>,
        day: NaiveDate,
    ) -> Result<Stack, MoneyError> {
        self.stack(at, Taxed::Goods(product_type), day)
    }

    /// What is taken of the price of sending.
    pub fn of_shipping(&self, at: &Place, day: NaiveDate) -> Result<Stack, MoneyError> {
        self.stack(at, Taxed::Shipping, day)
    }

    fn stack(&self, at: &Place, taxed: Taxed<'_>, day: NaiveDate) -> Result<Stack, MoneyError> {
        let country = self.rates.get(&at.country).map(Vec::as_slice).unwrap_or_default();
        let here = |rate: &&RateTerms| rate.state().is_none() || rate.place.state == at.state;
        let mut rates: Vec<&RateTerms> = country
            .iter()
            .filter(here)
            .filter(|rate| rate.validity.includes(day) && concerns(rate, taxed))
            .collect();
        if rates.iter().any(|rate| rate.state().is_some() && rate.replaces_country) {
            rates.retain(|rate| rate.state().is_some());
        }
        let own: Vec<&RateTerms> = rates.iter().copied().filter(|rate| rate.product_type.is_some()).collect();
        let superseded = |general: &RateTerms| {
            own.iter().any(|own| own.place == general.place && own.name == general.name)
        };
        rates.retain(|rate| rate.product_type.is_some() || !superseded(rate));
        // A rate that isn't taken of shipping still says whether the country's rates hold.
        rates.retain(|rate| taxed != Taxed::Shipping || rate.applies_to_shipping);
        Stack::new(rates)
    }
}

fn concerns(rate: &RateTerms, taxed: Taxed<'_>) -> bool {
    match (&rate.product_type, taxed) {
        (None, _) => true,
        (Some(of), Taxed::Goods(Some(goods))) => of == goods,
        (Some(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::rate::tests::{day, terms};
    use super::*;
    use crate::domain::{RateId, Validity};

    fn book(rates: Vec<RateTerms>) -> RateBook {
        let at = chrono::DateTime::UNIX_EPOCH;
        let rate = |(id, terms): (usize, RateTerms)| Rate {
            id: RateId::new(id as u64 + 1),
            terms,
            version: 1,
            created_at: at,
            updated_at: at,
        };
        RateBook::new(1, rates.into_iter().enumerate().map(rate).collect(), Vec::new())
    }

    fn of(rate: RateTerms, product_type: &str) -> RateTerms {
        RateTerms { product_type: Some(product_type.parse().unwrap()), ..rate }
    }

    fn place(at: &str) -> Place {
        terms(at, "x", "0").place
    }

    /// Names and percentages, in order.
    fn taken(stack: &Stack) -> Vec<String> {
        stack
            .shares()
            .iter()
            .map(|s| format!("{} {} {}", s.jurisdiction, s.name, s.percent.number()))
            .collect()
    }

    fn goods(book: &RateBook, at: &str, product_type: Option<&str>) -> Vec<String> {
        let product_type = product_type.map(|text| text.parse().unwrap());
        taken(&book.of_goods(&place(at), product_type.as_ref(), day(5)).unwrap())
    }

    #[test]
    fn a_states_rates_come_on_top_unless_they_replace_the_countrys() {
        let hst = RateTerms { replaces_country: true, ..terms("CA-ON", "HST", "13") };
        let book = book(vec![
            terms("CA", "GST", "5"),
            terms("CA-QC", "QST", "9.975"),
            hst.clone(),
            of(RateTerms { replaces_country: false, ..hst }, "books"),
        ]);
        assert_eq!(goods(&book, "CA", None), ["CA GST 5"]);
        assert_eq!(goods(&book, "CA-QC", None), ["CA GST 5", "CA-QC QST 9.975"]);
        assert_eq!(goods(&book, "CA-ON", None), ["CA-ON HST 13"]);
        assert_eq!(goods(&book, "CA-ON", Some("Books")), ["CA-ON HST 13"]);
        assert_eq!(goods(&book, "CA-AB", None), ["CA GST 5"]);
        assert_eq!(goods(&book, "US-CA", None), Vec::<String>::new());
        let shipping = |at: &str| taken(&book.of_shipping(&place(at), day(5)).unwrap());
        assert_eq!(shipping("CA-ON"), Vec::<String>::new());
    }

    #[test]
    fn a_product_types_rate_replaces_the_general_one_of_its_name() {
        let book = book(vec![
            terms("DE", "VAT", "19"),
            of(terms("DE", "vat", "7"), "Books"),
            of(terms("DE", "Deposit", "1"), "Drinks"),
        ]);
        assert_eq!(goods(&book, "DE", Some("Laptops")), ["DE VAT 19"]);
        assert_eq!(goods(&book, "DE", Some("BOOKS")), ["DE vat 7"]);
        assert_eq!(goods(&book, "DE", Some("Drinks")), ["DE Deposit 1", "DE VAT 19"]);
        assert_eq!(goods(&book, "DE", None), ["DE VAT 19"]);
    }

    #[test]
    fn only_rates_of_the_day_count_and_only_some_of_shipping() {
        let until = |rate: RateTerms, last: u32| RateTerms {
            validity: Validity::new(day(0), Some(day(last))).unwrap(),
            ..rate
        };
        let since = |rate: RateTerms, first: u32| RateTerms {
            validity: Validity::new(day(first), None).unwrap(),
            ..rate
        };
        let book = book(vec![
            until(terms("DE", "VAT", "19"), 5),
            since(terms("DE", "VAT", "20"), 6),
            RateTerms { applies_to_shipping: true, ..terms("DE", "Levy", "1") },
        ]);
        assert_eq!(goods(&book, "DE", None), ["DE Levy 1", "DE VAT 19"]);
        let stack = book.of_goods(&place("DE"), None, day(6)).unwrap();
        assert_eq!(taken(&stack), ["DE Levy 1", "DE VAT 20"]);
        assert_eq!(taken(&book.of_shipping(&place("DE"), day(5)).unwrap()), ["DE Levy 1"]);
    }

    #[test]
    fn an_exemption_holds_in_its_country_until_its_last_day() {
        let exempt = |country: Option<&str>, valid_to| ExemptionTerms {
            user_id: UserId::new(7),
            country: country.map(|code| code.parse().unwrap()),
            certificate: "C-1".parse().unwrap(),
            valid_to,
        };
        let holds = |terms: ExemptionTerms, user: u64, country: &str| {
            RateBook::new(1, Vec::new(), vec![terms]).is_exempt(
                UserId::new(user),
                country.parse().unwrap(),
                day(5),
            )
        };
        assert!(holds(exempt(None, None), 7, "DE") && holds(exempt(Some("DE"), Some(day(5))), 7, "DE"));
        assert!(!holds(exempt(Some("FR"), None), 7, "DE"));
        assert!(!holds(exempt(None, Some(day(4))), 7, "DE"));
        assert!(!holds(exempt(None, None), 8, "DE"));
    }
}
