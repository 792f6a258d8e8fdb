//! Taking stock for several who come at once.

use std::collections::BTreeMap;

use config::id::ProductId;

use super::{Allocation, Level, Quantity, allocate};

/// How much of a product is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub product_id: ProductId,
    pub quantity: Quantity,
}

/// There is less of a product than is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("only {available} of product {product_id} are left, not {requested}")]
pub struct Shortage {
    pub product_id: ProductId,
    pub requested: u32,
    pub available: u32,
}

/// The levels of some products, which nobody else changes meanwhile.
#[derive(Debug)]
pub struct Shelf {
    before: BTreeMap<ProductId, Vec<Level>>,
    levels: BTreeMap<ProductId, Vec<Level>>,
}

impl Shelf {
    pub fn new(levels: BTreeMap<ProductId, Vec<Level>>) -> Self {
        Self { before: levels.clone(), levels }
    }

    /// Sets all that is wanted aside, or nothing. A product that isn't here is one of which nothing is left.
    pub fn set_aside(&mut self, wanted: &[Wanted]) -> Result<Vec<Allocation>, Shortage> {
        let mut lines = Vec::with_capacity(wanted.len());
        for one in wanted {
            match self.take(one) {
                Ok(taken) => lines.extend(taken),
                Err(shortage) => {
                    self.put_back(&lines);
                    return Err(shortage);
                }
            }
        }
        lines.sort();
        Ok(lines)
    }

    /// Takes off what is there of each line and not set aside for others, and leaves that in the line. Says how many
    /// units are missing.
    pub fn take_off(&mut self, lines: &mut [Allocation]) -> u32 {
        let mut missing = 0;
        for line in lines {
            let mut taken = 0;
            let levels = self.levels.get_mut(&line.product_id).into_iter().flatten();
            for level in levels.filter(|level| level.warehouse == line.warehouse) {
                taken = line.quantity.min(level.available());
                level.on_hand -= taken;
            }
            missing += line.quantity - taken;
            line.quantity = taken;
        }
        missing
    }

    /// The levels as they are now that something was set aside or taken off.
    pub fn changed(&self) -> Vec<(&ProductId, Level)> {
        let pairs = self.levels.iter().zip(self.before.values());
        let levels = pairs.flat_map(|((id, now), before)| now.iter().zip(before).map(move |pair| (id, pair)));
        levels
            .filter(|(_, (now, before))| now != before)
            .map(|(id, (now, before))| (id, Level { version: before.version + 1, ..now.clone() }))
            .collect()
    }

    fn take(&mut self, Wanted { product_id, quantity }: &Wanted) -> Result<Vec<Allocation>, Shortage> {
        let levels = self.levels.get_mut(product_id).map(Vec::as_mut_slice).unwrap_or_default();
        let taken = allocate(product_id, levels, *quantity).ok_or_else(|| Shortage {
            product_id: product_id.clone(),
            requested: quantity.get(),
            available: levels.iter().map(Level::available).sum(),
        })?;
        for line in &taken {
            for level in levels.iter_mut().filter(|level| level.warehouse == line.warehouse) {
                level.reserved += line.quantity;
            }
        }
        Ok(taken)
    }

    fn put_back(&mut self, lines: &[Allocation]) {
        for line in lines {
            let levels = self.levels.get_mut(&line.product_id).into_iter().flatten();
            for level in levels.filter(|level| level.warehouse == line.warehouse) {
                level.reserved -= line.quantity;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn product(number: usize) -> ProductId {
        format!("{number:024x}").parse().unwrap()
    }

    /// Products 0, 1, … with what is on hand of each in warehouses `w0`, `w1`, …
    fn shelf(stock: &[Vec<u32>]) -> Shelf {
        let level = |(index, on_hand): (usize, &u32)| Level {
            warehouse: format!("w{index}").parse().unwrap(),
            on_hand: *on_hand,
            reserved: 0,
            version: 7,
        };
        let product = |(number, levels): (usize, &Vec<u32>)| {
            (product(number), levels.iter().enumerate().map(level).collect())
        };
        Shelf::new(stock.iter().enumerate().map(product).collect())
    }

    fn wanted(lines: &[(usize, i64)]) -> Vec<Wanted> {
        let line = |(number, quantity): &(usize, i64)| Wanted {
            product_id: product(*number),
            quantity: Quantity::new(*quantity).unwrap(),
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn who_cannot_have_all_takes_nothing_from_those_who_come_after() {
        let mut shelf = shelf(&[vec![3], vec![1]]);
        let shortage = shelf.set_aside(&wanted(&[(0, 3), (1, 2)])).unwrap_err();
        assert_eq!(shortage, Shortage { product_id: product(1), requested: 2, available: 1 });
        assert!(shelf.changed().is_empty());
        assert!(shelf.set_aside(&wanted(&[(0, 3), (1, 1)])).is_ok());
        assert_eq!(shelf.set_aside(&wanted(&[(0, 1)])).unwrap_err().available, 0);
    }

    #[test]
    fn of_a_product_that_is_not_kept_there_is_nothing() {
        let shortage = shelf(&[]).set_aside(&wanted(&[(4, 1)])).unwrap_err();
        assert_eq!(shortage, Shortage { product_id: product(4), requested: 1, available: 0 });
    }

    #[test]
    fn what_others_have_is_not_taken_off_from_under_them() {
        let mut shelf = shelf(&[vec![5], vec![4]]);
        shelf.set_aside(&wanted(&[(0, 3)])).unwrap();
        let line = |number: usize, warehouse: &str, quantity| Allocation {
            product_id: product(number),
            warehouse: warehouse.parse().unwrap(),
            quantity,
        };
        let mut lines = [line(0, "w0", 4), line(1, "w0", 4), line(1, "w9", 1)];
        assert_eq!(shelf.take_off(&mut lines), 3, "two that others have, and one that never lay there");
        assert_eq!(lines.map(|line| line.quantity), [2, 4, 0]);
        let left: Vec<_> =
            shelf.changed().into_iter().map(|(_, level)| (level.on_hand, level.reserved)).collect();
        assert_eq!(left, [(3, 3), (0, 0)]);
    }

    #[test]
    fn a_level_changes_its_version_once_however_many_take_from_it() {
        let mut shelf = shelf(&[vec![10], vec![10]]);
        shelf.set_aside(&wanted(&[(0, 2)])).unwrap();
        shelf.set_aside(&wanted(&[(0, 3)])).unwrap();
        let changed = shelf.changed();
        assert_eq!(changed.len(), 1, "the other product is as it was");
        assert_eq!((changed[0].1.reserved, changed[0].1.version), (5, 8));
    }

    proptest! {
        #[test]
        fn what_is_taken_is_what_becomes_reserved_and_never_more_than_there_is(
            stock in proptest::collection::vec(proptest::collection::vec(0u32..20, 1..4), 1..4),
            baskets in proptest::collection::vec(proptest::collection::btree_map(0usize..5, 1i64..15, 1..4), 1..20),
        ) {
            let mut shelf = shelf(&stock);
            let mut taken: BTreeMap<_, u32> = BTreeMap::new();
            for basket in &baskets {
                let basket: Vec<_> = basket.iter().map(|(number, quantity)| (*number, *quantity)).collect();
                for line in shelf.set_aside(&wanted(&basket)).into_iter().flatten() {
                    *taken.entry((line.product_id, line.warehouse)).or_default() += line.quantity;
                }
            }
            let reserved: BTreeMap<_, _> = shelf
                .changed()
                .into_iter()
                .map(|(id, level)| {
                    assert!(level.reserved <= level.on_hand);
                    ((id.clone(), level.warehouse), level.reserved)
                })
                .collect();
            prop_assert_eq!(taken, reserved);
        }
    }
}
