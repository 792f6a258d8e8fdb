//! What there is of a product, and from where it is taken.

use std::fmt;
use std::str::FromStr;

use config::id::ProductId;

use super::Sku;

/// Units of a product: 1 to a million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(u32);

/// A number that can't be a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be from {least} to {}", Quantity::MOST)]
pub struct QuantityError {
    least: i64,
}

impl Quantity {
    const MOST: u32 = 1_000_000;

    /// At least one.
    pub fn new(units: i64) -> Result<Self, QuantityError> {
        Self::level(units).ok().filter(|units| *units > 0).map(Self).ok_or(QuantityError { least: 1 })
    }

    /// A stock level, which may be none.
    pub fn level(units: i64) -> Result<u32, QuantityError> {
        u32::try_from(units).ok().filter(|units| *units <= Self::MOST).ok_or(QuantityError { least: 0 })
    }

    pub const fn get(self) -> u32 {
        self.0
    }
}

/// A place where stock lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Warehouse(String);

/// A text that can't name a warehouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 50 letters, digits, hyphens or underscores")]
pub struct WarehouseError;

impl Warehouse {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Warehouse {
    fn default() -> Self {
        Self("main".to_owned())
    }
}

impl FromStr for Warehouse {
    type Err = WarehouseError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        match (1..=50).contains(&name.len()) && name.chars().all(legal) {
            true => Ok(Self(name.to_owned())),
            false => Err(WarehouseError),
        }
    }
}

impl fmt::Display for Warehouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A product's stock in one warehouse. What is reserved is part of what is on hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    pub warehouse: Warehouse,
    pub on_hand: u32,
    pub reserved: u32,
    /// Grows with every change.
    pub version: u64,
}

impl Level {
    pub fn available(&self) -> u32 {
        self.on_hand.saturating_sub(self.reserved)
    }
}

/// A product's stock everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockItem {
    pub product_id: ProductId,
    pub sku: Option<Sku>,
    pub low_stock_threshold: u32,
    pub levels: Vec<Level>,
}

impl StockItem {
    pub fn on_hand(&self) -> u32 {
        self.levels.iter().map(|level| level.on_hand).sum()
    }

    pub fn reserved(&self) -> u32 {
        self.levels.iter().map(|level| level.reserved).sum()
    }

    pub fn available(&self) -> u32 {
        self.levels.iter().map(Level::available).sum()
    }

    /// Grows with every change in any warehouse.
    pub fn version(&self) -> u64 {
        self.levels.iter().map(|level| level.version).sum()
    }

    pub fn is_low(&self) -> bool {
        self.available() <= self.low_stock_threshold
    }
}

/// What is taken of a product from one warehouse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allocation {
    pub product_id: ProductId,
    pub warehouse: Warehouse,
    pub quantity: u32,
}

/// From where to take a quantity: one warehouse if one has it all, else as few as possible. `None`: there isn't
/// that much.
pub fn allocate(product_id: &ProductId, levels: &[Level], quantity: Quantity) -> Option<Vec<Allocation>> {
    let mut fullest: Vec<&Level> = levels.iter().filter(|level| level.available() > 0).collect();
    fullest.sort_by(|a, b| b.available().cmp(&a.available()).then_with(|| a.warehouse.cmp(&b.warehouse)));
    let mut missing = quantity.get();
    let mut allocations = Vec::new();
    for level in fullest {
        let quantity = missing.min(level.available());
        allocations.push(Allocation {
            product_id: product_id.clone(),
            warehouse: level.warehouse.clone(),
            quantity,
        });
        missing -= quantity;
        if missing == 0 {
            return Some(allocations);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn levels(stock: &[(u32, u32)]) -> Vec<Level> {
        let level = |(index, (on_hand, reserved)): (usize, &(u32, u32))| Level {
            warehouse: format!("w{index}").parse().unwrap(),
            on_hand: *on_hand,
            reserved: *reserved.min(on_hand),
            version: 1,
        };
        stock.iter().enumerate().map(level).collect()
    }

    #[test]
    fn one_warehouse_is_preferred_to_two() {
        let product = "507f1f77bcf86cd799439011".parse().unwrap();
        let taken = allocate(&product, &levels(&[(3, 0), (9, 1)]), Quantity::new(5).unwrap()).unwrap();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].warehouse.as_str(), "w1");
    }

    proptest! {
        #[test]
        fn exactly_the_quantity_is_taken_and_nowhere_more_than_there_is(
            stock in proptest::collection::vec((0u32..50, 0u32..50), 0..6),
            wanted in 1i64..200,
        ) {
            let product = "507f1f77bcf86cd799439011".parse().unwrap();
            let levels = levels(&stock);
            let available: u32 = levels.iter().map(Level::available).sum();
            match allocate(&product, &levels, Quantity::new(wanted).unwrap()) {
                None => prop_assert!(i64::from(available) < wanted),
                Some(taken) => {
                    prop_assert_eq!(taken.iter().map(|t| i64::from(t.quantity)).sum::<i64>(), wanted);
                    for t in &taken {
                        let level = levels.iter().find(|level| level.warehouse == t.warehouse).unwrap();
                        prop_assert!(t.quantity > 0 && t.quantity <= level.available());
                    }
                }
            }
        }
    }
}
