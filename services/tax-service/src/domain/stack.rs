//! The taxes that are taken of one thing, and what they come to together.

use config::money::MoneyError;
use rust_decimal::Decimal;

use super::{Label, Percent, RateTerms};

/// One tax of a [`Stack`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub name: Label,
    pub jurisdiction: String,
    pub percent: Percent,
    /// How many of the taxes before it the percentage is taken of as well: none unless it is compound.
    pub on_top_of: usize,
    /// What it is of each unit of the net price.
    pub factor: Decimal,
}

/// Taxes in the order in which they are computed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack {
    shares: Vec<Share>,
    factor: Decimal,
}

impl Stack {
    /// Fails when so many compound taxes stand on one another that their sum can't be a number.
    pub(super) fn new(mut rates: Vec<&RateTerms>) -> Result<Self, MoneyError> {
        // The country's before the state's, as invoices show them.
        rates.sort_by(|a, b| {
            (a.priority, &a.place, a.name.as_str()).cmp(&(b.priority, &b.place, b.name.as_str()))
        });
        let mut stack = Self::default();
        // The taxes of lower priority: those of the same one don't count for each other.
        let (mut lower, mut lower_count, mut priority) = (Decimal::ZERO, 0, 0);
        for rate in rates {
            if rate.priority > priority {
                (lower, lower_count, priority) = (stack.factor, stack.shares.len(), rate.priority);
            }
            let (below, on_top_of) = if rate.compound { (lower, lower_count) } else { (Decimal::ZERO, 0) };
            let base = below.checked_add(Decimal::ONE).ok_or(MoneyError::TooLarge)?;
            let factor = base.checked_mul(rate.percent.fraction()).ok_or(MoneyError::TooLarge)?;
            stack.factor = stack.factor.checked_add(factor).ok_or(MoneyError::TooLarge)?;
            stack.shares.push(Share {
                name: rate.name.clone(),
                jurisdiction: rate.jurisdiction(),
                percent: rate.percent,
                on_top_of,
                factor,
            });
        }
        Ok(stack)
    }

    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// All taxes together, in per cent of the net price.
    pub fn percent(&self) -> Decimal {
        self.factor.saturating_mul(Decimal::ONE_HUNDRED).normalize()
    }

    /// The exact net of a price that includes the taxes.
    pub(super) fn net(&self, gross: i64) -> Result<Decimal, MoneyError> {
        let whole = Decimal::ONE.checked_add(self.factor).ok_or(MoneyError::TooLarge)?;
        Decimal::from(gross).checked_div(whole).ok_or(MoneyError::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rate::tests::terms;
    use super::*;

    #[test]
    fn a_compound_tax_is_taken_of_the_taxes_of_lower_priority_too() {
        let gst = terms("CA", "GST", "5");
        let pst = RateTerms { priority: 1, compound: true, ..terms("CA-QC", "PST", "7.5") };
        let levy = RateTerms { priority: 1, ..terms("CA-QC", "Levy", "1") };
        let stack = Stack::new(vec![&pst, &levy, &gst]).unwrap();
        let shares: Vec<_> = stack
            .shares()
            .iter()
            .map(|share| (share.name.as_str(), share.factor.normalize().to_string()))
            .collect();
        assert_eq!(
            shares,
            [("GST", "0.05".to_owned()), ("Levy", "0.01".to_owned()), ("PST", "0.07875".to_owned())]
        );
        assert_eq!(stack.percent().to_string(), "13.875");
    }

    #[test]
    fn no_taxes_are_nothing() {
        let none = Stack::new(Vec::new()).unwrap();
        assert_eq!((none.percent(), none.net(119)), (Decimal::ZERO, Ok(119.into())));
    }

    #[test]
    fn absurd_stacks_are_refused_not_wrong() {
        let rates: Vec<_> = (0..120)
            .map(|priority| RateTerms {
                priority,
                compound: true,
                ..terms("US", &priority.to_string(), "100")
            })
            .collect();
        assert_eq!(Stack::new(rates.iter().collect()), Err(MoneyError::TooLarge));
    }
}
