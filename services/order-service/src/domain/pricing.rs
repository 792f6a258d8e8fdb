//! What an order costs.

use config::id::ProductId;
use config::money::{Currency, Money, MoneyError};

use super::{OrderLine, Promoted, Quantity, TaxLine};

/// A product as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    pub name: String,
    pub price: Money,
    pub category: String,
    pub weight_grams: u32,
    /// Whether it can be ordered; archived ones can't.
    pub on_sale: bool,
    /// Grows with each change.
    pub version: u64,
}

impl Product {
    /// So many of it, as a line of an order.
    pub fn line(&self, quantity: Quantity) -> OrderLine {
        OrderLine {
            product_id: self.id.clone(),
            product_name: self.name.clone(),
            category: self.category.clone(),
            quantity,
            price: self.price,
            discount: Money::zero(self.price.currency()),
            tax: Money::zero(self.price.currency()),
            weight_grams: self.weight_grams,
            returned: 0,
            returned_value: Money::zero(self.price.currency()),
        }
    }
}

/// What is taken off the goods' price and put on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charges {
    pub discount: Money,
    pub tax: Money,
    pub shipping: Money,
    /// Whether the prices contain the tax already.
    pub tax_included: bool,
}

/// What an order costs, and of what that is made. Nothing is negative, and it adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    subtotal: Money,
    charges: Charges,
    total: Money,
}

impl Totals {
    /// `subtotal - discount + shipping`, and the tax unless the prices contain it; a discount takes no more off
    /// than the goods cost.
    pub fn new(subtotal: Money, charges: Charges) -> Result<Self, MoneyError> {
        let most = subtotal.minor();
        let discount =
            Money::from_minor(charges.discount.minor().clamp(0, most.max(0)), charges.discount.currency());
        let charges = Charges { discount, ..charges };
        let mut total = subtotal.minus(discount)?.plus(charges.shipping)?;
        if !charges.tax_included {
            total = total.plus(charges.tax)?;
        }
        Ok(Self { subtotal, charges, total })
    }

    pub fn subtotal(&self) -> Money {
        self.subtotal
    }

    pub fn discount(&self) -> Money {
        self.charges.discount
    }

    pub fn tax(&self) -> Money {
        self.charges.tax
    }

    pub fn shipping(&self) -> Money {
        self.charges.shipping
    }

    /// Whether the prices contain the tax already.
    pub fn tax_included(&self) -> bool {
        self.charges.tax_included
    }

    pub fn total(&self) -> Money {
        self.total
    }

    pub fn currency(&self) -> Currency {
        self.total.currency()
    }
}

/// A basket with all that it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    pub lines: Vec<OrderLine>,
    pub totals: Totals,
    /// They add up to the totals' tax.
    pub tax_lines: Vec<TaxLine>,
    /// What sending costs by the chosen method, even if a promotion pays for it.
    pub shipping_rate: Money,
    pub promoted: Promoted,
}

/// What the goods cost.
pub fn subtotal(lines: &[OrderLine], currency: Currency) -> Result<Money, MoneyError> {
    lines.iter().try_fold(Money::zero(currency), |sum, line| sum.plus(line.total()?))
}

/// What the goods weigh.
pub fn weight_grams(lines: &[OrderLine]) -> u64 {
    lines.iter().map(|line| u64::from(line.weight_grams) * u64::from(line.quantity.get())).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(minor: i64, quantity: i64, currency: Currency) -> OrderLine {
        OrderLine {
            product_id: "507f1f77bcf86cd799439011".parse().unwrap(),
            product_name: "lamp".to_owned(),
            category: "lamps".to_owned(),
            quantity: Quantity::new(quantity).unwrap(),
            price: Money::from_minor(minor, currency),
            discount: Money::zero(currency),
            tax: Money::zero(currency),
            weight_grams: 250,
            returned: 0,
            returned_value: Money::zero(currency),
        }
    }

    fn currency() -> impl Strategy<Value = Currency> {
        // No, two and three decimals.
        prop_oneof![Just("VND"), Just("USD"), Just("KWD")].prop_map(|code| code.parse().unwrap())
    }

    proptest! {
        #[test]
        fn sums_are_exact_in_every_currency(
            currency in currency(),
            goods in prop::collection::vec((0_i64..100_000_000, 1_i64..=10_000), 1..100),
        ) {
            let lines: Vec<_> = goods.iter().map(|(price, quantity)| line(*price, *quantity, currency)).collect();
            let expected: i128 = goods.iter().map(|(price, quantity)| i128::from(*price) * i128::from(*quantity)).sum();
            let sum = subtotal(&lines, currency).unwrap();
            prop_assert_eq!(i128::from(sum.minor()), expected);
            prop_assert_eq!(sum.currency(), currency);
            prop_assert_eq!(weight_grams(&lines), goods.iter().map(|(_, quantity)| 250 * quantity.unsigned_abs()).sum::<u64>());
        }

        #[test]
        fn totals_add_up_and_are_never_negative(
            currency in currency(),
            goods in 0_i64..1_000_000_000,
            discount in -10_i64..2_000_000_000,
            tax in 0_i64..1_000_000,
            shipping in 0_i64..1_000_000,
            tax_included: bool,
        ) {
            let money = |minor| Money::from_minor(minor, currency);
            let charges = Charges { discount: money(discount), tax: money(tax), shipping: money(shipping), tax_included };
            let totals = Totals::new(money(goods), charges).unwrap();
            prop_assert!((0..=goods).contains(&totals.discount().minor()));
            prop_assert_eq!(totals.total().minor(), goods - totals.discount().minor() + shipping + if tax_included { 0 } else { tax });
        }

        #[test]
        fn currencies_never_mix(minor in 0_i64..1000) {
            let mixed = [line(minor, 1, Currency::USD), line(minor, 1, "VND".parse().unwrap())];
            prop_assert!(matches!(subtotal(&mixed, Currency::USD), Err(MoneyError::OtherCurrency(..))));
        }
    }

    #[test]
    fn two_at_1500_are_3000() {
        let lines = [line(150_000, 2, Currency::USD)];
        let zero = Money::zero(Currency::USD);
        let charges = Charges { discount: zero, tax: zero, shipping: zero, tax_included: false };
        let totals = Totals::new(subtotal(&lines, Currency::USD).unwrap(), charges).unwrap();
        assert_eq!(totals.total().to_string(), "3000.00 USD");
    }
}
