//! What an order costs.

use config::id::ProductId;
use config::money::{Currency, Money, MoneyError};

use super::{OrderLine, Quantity};

/// A product as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    pub name: String,
    pub price: Money,
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
            quantity,
            price: self.price,
            weight_grams: self.weight_grams,
        }
    }
}

/// What is taken off the goods' price and put on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charges {
    pub discount: Money,
    pub tax: Money,
    pub shipping: Money,
}

/// What an order costs, and of what that is made. Nothing is negative, and it adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    subtotal: Money,
    charges: Charges,
    total: Money,
}

impl Totals {
    /// `subtotal - discount + tax + shipping`; a discount takes no more off than the goods cost.
    pub fn new(subtotal: Money, charges: Charges) -> Result<Self, MoneyError> {
        let most = subtotal.minor();
        let discount =
            Money::from_minor(charges.discount.minor().clamp(0, most.max(0)), charges.discount.currency());
        let charges = Charges { discount, ..charges };
        let total = subtotal.minus(discount)?.plus(charges.tax)?.plus(charges.shipping)?;
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

    pub fn total(&self) -> Money {
        self.total
    }

    pub fn currency(&self) -> Currency {
        self.total.currency()
    }
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
            quantity: Quantity::new(quantity).unwrap(),
            price: Money::from_minor(minor, currency),
            weight_grams: 250,
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
        ) {
            let money = |minor| Money::from_minor(minor, currency);
            let charges = Charges { discount: money(discount), tax: money(tax), shipping: money(shipping) };
            let totals = Totals::new(money(goods), charges).unwrap();
            prop_assert!((0..=goods).contains(&totals.discount().minor()));
            prop_assert_eq!(totals.total().minor(), goods - totals.discount().minor() + tax + shipping);
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
        let charges = Charges { discount: zero, tax: zero, shipping: zero };
        let totals = Totals::new(subtotal(&lines, Currency::USD).unwrap(), charges).unwrap();
        assert_eq!(totals.total().to_string(), "3000.00 USD");
    }
}
