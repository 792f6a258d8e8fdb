//! What somebody wants to order.

use config::id::ProductId;
use config::money::Amount;

/// The most lines that a basket may have.
pub const MAX_LINES: usize = 100;

/// Units of a product: 1 to 10 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u32);

/// A number that can't be a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from 1 to {}", Quantity::MOST)]
pub struct QuantityError;

impl Quantity {
    pub const MOST: u32 = 10_000;

    pub fn new(units: i64) -> Result<Self, QuantityError> {
        u32::try_from(units)
            .ok()
            .filter(|units| (1..=Self::MOST).contains(units))
            .map(Self)
            .ok_or(QuantityError)
    }

    pub const fn get(self) -> u32 {
        self.0
    }

    fn plus(self, more: Self) -> Result<Self, QuantityError> {
        Self::new(i64::from(self.0) + i64::from(more.0))
    }
}

/// A product that is wanted, on one line however often it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasketLine {
    /// Where the client named it first, from 0.
    pub position: usize,
    pub product_id: ProductId,
    pub quantity: Quantity,
    /// The prices that the client takes it to have.
    pub expected: Vec<Amount>,
}

/// Why a line can't be put into a basket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BasketError {
    #[error("must be no more than {MAX_LINES} products")]
    TooManyLines,
    #[error("must be no more than {} in all for one product", Quantity::MOST)]
    TooMany,
}

/// What is wanted, each product once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Basket(Vec<BasketLine>);

impl Basket {
    /// Puts a line in; a product that is there already is summed.
    pub fn add(
        &mut self,
        position: usize,
        product_id: ProductId,
        quantity: Quantity,
        expected: Option<Amount>,
    ) -> Result<(), BasketError> {
        if let Some(line) = self.0.iter_mut().find(|line| line.product_id == product_id) {
            line.quantity = line.quantity.plus(quantity).map_err(|_| BasketError::TooMany)?;
            line.expected.extend(expected);
            return Ok(());
        }
        if self.0.len() == MAX_LINES {
            return Err(BasketError::TooManyLines);
        }
        self.0.push(BasketLine { position, product_id, quantity, expected: expected.into_iter().collect() });
        Ok(())
    }

    pub fn lines(&self) -> &[BasketLine] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(n: usize) -> ProductId {
        format!("{n:024x}").parse().unwrap()
    }

    #[test]
    fn the_same_product_twice_is_one_line() {
        let mut basket = Basket::default();
        let (two, three) = (Quantity::new(2).unwrap(), Quantity::new(3).unwrap());
        basket.add(0, product(1), two, None).unwrap();
        basket.add(1, product(2), two, None).unwrap();
        basket.add(2, product(1), three, Some("9.99".parse().unwrap())).unwrap();
        let lines: Vec<_> = basket.lines().iter().map(|line| (line.position, line.quantity.get())).collect();
        assert_eq!(lines, [(0, 5), (1, 2)]);
        assert_eq!(basket.lines()[0].expected.len(), 1);
    }

    #[test]
    fn a_basket_has_its_limits() {
        let mut basket = Basket::default();
        let most = Quantity::new(10_000).unwrap();
        for n in 0..MAX_LINES {
            basket.add(n, product(n), most, None).unwrap();
        }
        assert_eq!(basket.add(100, product(100), most, None), Err(BasketError::TooManyLines));
        assert_eq!(basket.add(100, product(0), Quantity::new(1).unwrap(), None), Err(BasketError::TooMany));
        for bad in [0, -1, 10_001, i64::MAX, i64::MIN] {
            assert_eq!(Quantity::new(bad), Err(QuantityError));
        }
    }
}
