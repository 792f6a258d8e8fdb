//! What this instance knows of every product, and what of it hasn't been published yet.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use config::id::ProductId;
use config::money::Currency;

use super::names::Names;
use super::snapshot::{Arranged, Table};
use super::words::{TextChange, terms};
use crate::application::Change;
use crate::domain::{Figure, PRICE_BOUNDS, Product, Rating, Stock, price_bounds};

/// What a product is filtered, ordered and counted by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Row {
    pub price: i64,
    pub created: i64,
    pub length: f32,
    /// Where its values' numbers are.
    pub values: (u32, u16),
    pub category: u16,
    /// In hundredths of a star.
    pub rating: u16,
    pub band: u8,
    pub live: bool,
    pub in_stock: bool,
    /// Whether the price is in the shop's currency.
    pub comparable: bool,
}

/// A product for sale, as it is searched.
#[derive(Clone)]
pub struct Entry {
    pub product: Arc<Product>,
    pub row: Row,
    pub values: Arc<[u32]>,
}

/// What is known of one product.
enum Record {
    /// Figures came before the product did.
    Figures(Stock, Rating),
    /// A product; an archived one is remembered so that late news doesn't put it back on sale.
    Product { product: Arc<Product>, slot: Option<u32> },
}

/// The newest view of every product. Its entries are only ever added to or emptied, so that a slot means the same
/// product for good.
pub struct Ledger {
    currency: Currency,
    bounds: [i64; PRICE_BOUNDS],
    records: HashMap<ProductId, Record>,
    entries: Vec<Option<Entry>>,
    names: Arc<Names>,
    /// The sum of the fingerprints of what is for sale.
    fingerprint: u128,
    /// Slots whose words have changed.
    texts: HashSet<u32>,
    /// Of the texts as they are now.
    arranged: Arc<Arranged>,
    changed: bool,
}

impl Ledger {
    pub fn new(currency: Currency) -> Self {
        Self {
            currency,
            bounds: price_bounds(currency),
            records: HashMap::new(),
            entries: Vec::new(),
            names: Arc::default(),
            fingerprint: 0,
            texts: HashSet::new(),
            arranged: Arc::default(),
            changed: true,
        }
    }

    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Product(product) => self.product(*product),
            Change::Figure(id, figure) => self.figure(&id, figure),
        }
    }

    fn product(&mut self, product: Product) {
        let id = product.id.clone();
        let (merged, slot) = match self.records.get(&id) {
            None => (product, None),
            Some(Record::Figures(stock, rating)) => {
                let mut product = product;
                product.follow(Figure::Stock(*stock));
                product.follow(Figure::Rating(*rating));
                (product, None)
            }
            Some(Record::Product { product: known, slot }) => {
                let merged = product.newest(known);
                if merged == **known {
                    return;
                }
                (merged, *slot)
            }
        };
        self.keep(id, merged, slot);
    }

    fn figure(&mut self, id: &ProductId, figure: Figure) {
        match self.records.get_mut(id) {
            None => {
                let (mut stock, mut rating) = (Stock::default(), Rating::default());
                merge(&mut stock, &mut rating, figure);
                self.records.insert(id.clone(), Record::Figures(stock, rating));
            }
            Some(Record::Figures(stock, rating)) => merge(stock, rating, figure),
            Some(Record::Product { product, slot }) => {
                let mut changed = Product::clone(product);
                if changed.follow(figure) {
                    let slot = *slot;
                    self.keep(id.clone(), changed, slot);
                }
            }
        }
    }

    fn keep(&mut self, id: ProductId, product: Product, slot: Option<u32>) {
        let product = Arc::new(product);
        let before = slot.and_then(|slot| self.entries[slot as usize].take());
        if let Some(before) = &before {
            self.fingerprint = self.fingerprint.wrapping_sub(before.product.fingerprint());
        }
        let slot = if product.details.active {
            let slot = slot.unwrap_or_else(|| {
                self.entries.push(None);
                u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
            });
            let same_text =
                before.as_ref().filter(|before| before.product.details.version == product.details.version);
            let (length, values, category) = match same_text {
                Some(before) => (before.row.length, before.values.clone(), before.row.category),
                None => {
                    self.reworded(slot);
                    let names = Arc::make_mut(&mut self.names);
                    (terms(&product).0, names.values(&product).into(), names.category(&product))
                }
            };
            self.fingerprint = self.fingerprint.wrapping_add(product.fingerprint());
            let row = self.row(&product, length, category);
            self.entries[slot as usize] = Some(Entry { product: product.clone(), row, values });
            Some(slot)
        } else {
            if let Some(gone) = slot.filter(|_| before.is_some()) {
                self.reworded(gone);
            }
            slot
        };
        self.changed = true;
        self.records.insert(id, Record::Product { product, slot });
    }

    fn reworded(&mut self, slot: u32) {
        self.texts.insert(slot);
        self.arranged = Arc::default();
    }

    fn row(&self, product: &Product, length: f32, category: u16) -> Row {
        let details = &product.details;
        let price = details.price.minor();
        let band = self.bounds.iter().take_while(|bound| **bound <= price).count();
        Row {
            price,
            created: details.created_at.timestamp_millis(),
            length,
            values: (0, 0),
            category,
            rating: (product.rating.average * 100.0).round() as u16,
            band: u8::try_from(band).unwrap_or(u8::MAX),
            live: true,
            in_stock: product.in_stock(),
            comparable: details.price.currency() == self.currency,
        }
    }

    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// The words that have to be written; from now on nothing is unpublished.
    pub fn take_texts(&mut self) -> Vec<TextChange> {
        self.changed = false;
        let slots = std::mem::take(&mut self.texts);
        let change = |slot: u32| TextChange {
            slot,
            product: self.entries[slot as usize].as_ref().map(|entry| entry.product.clone()),
        };
        slots.into_iter().map(change).collect()
    }

    /// All that is for sale, as it is now.
    pub fn table(&self) -> Table {
        Table {
            fingerprint: self.fingerprint,
            entries: self.entries.clone(),
            names: self.names.clone(),
            arranged: self.arranged.clone(),
        }
    }

    /// Takes over what another ledger knows better of the same products.
    pub fn take_figures(&mut self, other: &Self) {
        for (id, record) in &other.records {
            let (stock, rating) = match record {
                Record::Figures(stock, rating) => (*stock, *rating),
                Record::Product { product, .. } => (product.stock, product.rating),
            };
            if self.records.contains_key(id) {
                self.figure(id, Figure::Stock(stock));
                self.figure(id, Figure::Rating(rating));
            }
        }
    }

    /// The product, if it is for sale.
    pub fn for_sale(&self, id: &ProductId) -> Option<Arc<Product>> {
        match self.records.get(id)? {
            Record::Product { product, .. } if product.details.active => Some(product.clone()),
            Record::Product { .. } | Record::Figures(..) => None,
        }
    }

    /// They couldn't be written: the next time.
    pub fn put_back(&mut self, texts: &[TextChange]) {
        self.changed = true;
        self.texts.extend(texts.iter().map(|text| text.slot));
    }
}

fn merge(stock: &mut Stock, rating: &mut Rating, figure: Figure) {
    match figure {
        Figure::Stock(newer) if newer.version > stock.version => *stock = newer,
        Figure::Rating(newer) if newer.version > rating.version => *rating = newer,
        Figure::Stock(_) | Figure::Rating(_) => {}
    }
}
