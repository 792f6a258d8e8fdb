//! What the taxes of a basket are.
//!
//! The tax of a line is computed exactly, rounded once, and then shared out over the taxes that it is made of; so
//! the sum of the taxes is the tax, and net and tax are the gross, on every level and to the last minor unit.

use chrono::NaiveDate;
use config::money::{Currency, Money, MoneyError};
use config::place::Place;
use rust_decimal::Decimal;

use super::rounding::apportion;
use super::{Label, Per, Percent, RateBook, Rounding, Stack};

/// What is bought. No amount is negative, and all are in the currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basket {
    pub currency: Currency,
    /// Whether the amounts include the taxes.
    pub includes_tax: bool,
    pub lines: Vec<BasketLine>,
    pub shipping: Money,
}

/// A line of a basket, after discounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasketLine {
    pub product_type: Option<Label>,
    pub amount: Money,
}

/// Which taxes hold for a basket.
#[derive(Debug, Clone, Copy)]
pub struct Taxation<'a> {
    pub book: &'a RateBook,
    /// Without a place there is no tax.
    pub place: Option<&'a Place>,
    pub day: NaiveDate,
    /// Whether the customer pays no tax. A price that includes taxes is then all net: what is asked for is what is
    /// paid.
    pub exempt: bool,
    pub rounding: Rounding,
}

/// Net, tax and gross; the first two are the third.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    pub net: Money,
    pub tax: Money,
    pub gross: Money,
}

/// A line with its tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssessedLine {
    pub sum: Sum,
    /// All taxes together, of the net.
    pub percent: Decimal,
}

/// One tax of the whole basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxLine {
    pub name: Label,
    pub jurisdiction: String,
    pub percent: Percent,
    /// What the percentage is taken of.
    pub taxable: Money,
    pub tax: Money,
}

/// A basket with its taxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    pub total: Sum,
    /// In the basket's order.
    pub lines: Vec<AssessedLine>,
    pub shipping: AssessedLine,
    pub tax_lines: Vec<TaxLine>,
}

/// An amount, its taxes, and what each of them exactly is, in minor units.
struct Item {
    amount: i64,
    stack: Stack,
    exact: Vec<Decimal>,
}

impl Item {
    fn new(amount: i64, stack: Stack, includes_tax: bool) -> Result<Self, MoneyError> {
        let net = if includes_tax { stack.net(amount)? } else { amount.into() };
        let exact =
            stack.shares().iter().map(|share| net.checked_mul(share.factor).ok_or(MoneyError::TooLarge));
        let exact = exact.collect::<Result<_, _>>()?;
        Ok(Self { amount, stack, exact })
    }

    fn tax(&self) -> Result<Decimal, MoneyError> {
        sum(self.exact.iter().copied())
    }
}

fn sum(all: impl IntoIterator<Item = Decimal>) -> Result<Decimal, MoneyError> {
    all.into_iter().try_fold(Decimal::ZERO, |sum, one| sum.checked_add(one).ok_or(MoneyError::TooLarge))
}

impl Taxation<'_> {
    /// The basket's taxes; fails when an amount is beyond what money can be.
    pub fn assess(&self, basket: &Basket) -> Result<Assessed, MoneyError> {
        // What is added up below fits, for the sum of all amounts does.
        let amounts = basket.lines.iter().map(|line| line.amount).chain([basket.shipping]);
        Money::sum(amounts, basket.currency)?;
        let mut items = Vec::with_capacity(basket.lines.len() + 1);
        for line in &basket.lines {
            items.push(Item::new(line.amount.minor(), self.of_goods(line)?, basket.includes_tax)?);
        }
        items.push(Item::new(basket.shipping.minor(), self.of_shipping()?, basket.includes_tax)?);
        let taxes = self.taxes(&items, basket.includes_tax)?;

        let mut tax_lines = TaxLines { currency: basket.currency, lines: Vec::new() };
        let mut lines = Vec::with_capacity(items.len());
        for (item, tax) in items.iter().zip(taxes) {
            let net = if basket.includes_tax { item.amount - tax } else { item.amount };
            tax_lines.add(item, net, tax)?;
            let (net, tax) =
                (Money::from_minor(net, basket.currency), Money::from_minor(tax, basket.currency));
            lines.push(AssessedLine {
                sum: Sum { net, tax, gross: net.plus(tax)? },
                percent: item.stack.percent(),
            });
        }
        let of =
            |part: fn(&Sum) -> Money| Money::sum(lines.iter().map(|line| part(&line.sum)), basket.currency);
        let total = Sum { net: of(|sum| sum.net)?, tax: of(|sum| sum.tax)?, gross: of(|sum| sum.gross)? };
        let shipping = lines.remove(lines.len() - 1);
        Ok(Assessed { total, lines, shipping, tax_lines: tax_lines.lines })
    }

    /// Where the taxes are from; nowhere for the exempt.
    fn taxed_at(&self) -> Option<&Place> {
        self.place.filter(|_| !self.exempt)
    }

    fn of_goods(&self, line: &BasketLine) -> Result<Stack, MoneyError> {
        let stack = |place| self.book.of_goods(place, line.product_type.as_ref(), self.day);
        self.taxed_at().map_or_else(|| Ok(Stack::default()), stack)
    }

    fn of_shipping(&self) -> Result<Stack, MoneyError> {
        self.taxed_at().map_or_else(|| Ok(Stack::default()), |place| self.book.of_shipping(place, self.day))
    }

    /// The whole minor units of tax of each item.
    fn taxes(&self, items: &[Item], includes_tax: bool) -> Result<Vec<i64>, MoneyError> {
        let mode = self.rounding.mode;
        // Of prices that include it the net is rounded and the tax is the rest.
        let round = |amount: i64, tax: Decimal| match includes_tax {
            true => mode.round(Decimal::from(amount) - tax).map(|net| amount - net),
            false => mode.round(tax),
        };
        match self.rounding.per {
            Per::Line => items.iter().map(|item| round(item.amount, item.tax()?)).collect(),
            Per::Order => {
                let exact = items.iter().map(Item::tax).collect::<Result<Vec<_>, _>>()?;
                let total = round(items.iter().map(|item| item.amount).sum(), sum(exact.iter().copied())?)?;
                apportion(total, &exact)
            }
        }
    }
}

/// The taxes of a basket, each once.
struct TaxLines {
    currency: Currency,
    lines: Vec<TaxLine>,
}

impl TaxLines {
    fn add(&mut self, item: &Item, net: i64, tax: i64) -> Result<(), MoneyError> {
        if item.amount == 0 {
            return Ok(());
        }
        let parts = apportion(tax, &item.exact)?;
        for (index, share) in item.stack.shares().iter().enumerate() {
            let taxable = net + parts[..share.on_top_of].iter().sum::<i64>();
            let taxable = Money::from_minor(taxable, self.currency);
            let tax = Money::from_minor(parts[index], self.currency);
            let same = |line: &&mut TaxLine| {
                line.jurisdiction == share.jurisdiction
                    && line.name == share.name
                    && line.percent == share.percent
            };
            match self.lines.iter_mut().find(same) {
                Some(line) => {
                    line.taxable = line.taxable.plus(taxable)?;
                    line.tax = line.tax.plus(tax)?;
                }
                None => self.lines.push(TaxLine {
                    name: share.name.clone(),
                    jurisdiction: share.jurisdiction.clone(),
                    percent: share.percent,
                    taxable,
                    tax,
                }),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
