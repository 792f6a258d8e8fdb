//! The index as searches see it: it never changes, so that a search needs no lock.

use std::sync::{Arc, OnceLock};

use config::id::ProductId;
use config::money::Currency;

use super::ledger::{Entry, Row};
use super::names::Names;
use super::segment::Segment;
use super::suggestions::Suggestions;
use crate::domain::{Product, folded};

pub struct Snapshot {
    pub edition: u128,
    pub currency: Currency,
    /// By slot.
    pub rows: Vec<Row>,
    pub products: Vec<Option<Arc<Product>>>,
    /// The products' ids as numbers, which are in the same order and compared much faster; 0 of none.
    ids: Vec<u128>,
    /// Numbers of values; a row knows its own.
    pub values: Vec<u32>,
    pub names: Arc<Names>,
    pub segments: Vec<Segment>,
    /// Products for sale.
    pub live: u32,
    arranged: Arc<Arranged>,
}

/// What is made of the texts of all products when it is first asked for. Snapshots of the same texts share it, so that
/// a sale costs none of it.
#[derive(Default)]
pub struct Arranged {
    by_name: OnceLock<Vec<u32>>,
    suggestions: OnceLock<Suggestions>,
}

/// A snapshot without its words.
pub struct Table {
    pub fingerprint: u128,
    pub entries: Vec<Option<Entry>>,
    pub names: Arc<Names>,
    pub arranged: Arc<Arranged>,
}

impl Snapshot {
    pub fn new(table: Table, segments: Vec<Segment>, edition: u128, currency: Currency) -> Self {
        let mut values = Vec::with_capacity(table.entries.len() * 4);
        let mut rows = Vec::with_capacity(table.entries.len());
        let mut products = Vec::with_capacity(table.entries.len());
        let mut ids = Vec::with_capacity(table.entries.len());
        let mut live = 0;
        for entry in table.entries {
            let Some(Entry { product, mut row, values: own }) = entry else {
                rows.push(Row::default());
                products.push(None);
                ids.push(0);
                continue;
            };
            live += 1;
            let start = u32::try_from(values.len()).unwrap_or(u32::MAX);
            row.values = (start, u16::try_from(own.len()).unwrap_or(u16::MAX));
            values.extend_from_slice(&own);
            rows.push(row);
            ids.push(id_number(&product.id));
            products.push(Some(product));
        }
        Self {
            edition,
            currency,
            rows,
            products,
            ids,
            values,
            names: table.names,
            segments,
            live,
            arranged: table.arranged,
        }
    }

    /// Makes what the one before was asked for, so that no search has to.
    pub fn prepare(&self, before: &Self) {
        if before.arranged.by_name.get().is_some() {
            self.by_name();
        }
        if before.arranged.suggestions.get().is_some() {
            self.suggestions();
        }
    }

    /// The numbers of a product's values.
    pub fn values_of(&self, row: &Row) -> &[u32] {
        let start = row.values.0 as usize;
        &self.values[start..start + usize::from(row.values.1)]
    }

    pub fn product(&self, slot: u32) -> Option<&Arc<Product>> {
        self.products.get(slot as usize)?.as_ref()
    }

    /// A product's id, see [`id_number`].
    pub fn id(&self, slot: u32) -> u128 {
        self.ids.get(slot as usize).copied().unwrap_or_default()
    }

    /// The place of each slot in the order of the names. Made when it is first asked for.
    pub fn by_name(&self) -> &[u32] {
        self.arranged.by_name.get_or_init(|| {
            let products = self.products.iter().zip(0u32..);
            let mut all: Vec<(String, &str, u32)> = products
                .filter_map(|(product, slot)| {
                    let product = product.as_ref()?;
                    Some((folded(&product.details.name).into_owned(), product.id.as_str(), slot))
                })
                .collect();
            all.sort_unstable();
            let mut places = vec![0; self.rows.len()];
            for ((_, _, slot), place) in all.into_iter().zip(0..) {
                places[slot as usize] = place;
            }
            places
        })
    }

    pub fn suggestions(&self) -> &Suggestions {
        self.arranged.suggestions.get_or_init(|| Suggestions::new(self))
    }
}

/// An id in a shape that is quick to compare. All have as many digits, so their order is the numbers'.
pub fn id_number(id: &ProductId) -> u128 {
    u128::from_str_radix(id.as_str(), 16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::ledger::Ledger;
    use super::*;

    #[test]
    fn what_was_asked_for_is_there_before_it_is_asked_for_again() {
        let snapshot = || Snapshot::new(Ledger::new(Currency::USD).table(), Vec::new(), 0, Currency::USD);
        let (before, after) = (snapshot(), snapshot());
        before.suggestions();
        after.prepare(&before);
        assert!(after.arranged.suggestions.get().is_some() && after.arranged.by_name.get().is_none());
    }
}
