//! One pass over what was found: filtered, counted, ordered.

use super::ledger::Row;
use super::names::Names;
use super::snapshot::{Snapshot, id_number};
use crate::domain::{
    After, AttributeFacet, Count, Facets, Filters, PRICE_BOUNDS, PriceBand, Query, RATINGS, SortKey, folded,
    price_bounds,
};

/// Categories that are told.
const CATEGORIES: usize = 50;
/// Attributes that are told, and values of each.
const ATTRIBUTES: usize = 20;
const VALUES: usize = 20;
/// A longer value is prose.
const LONGEST: usize = 60;

/// Filters that a product may fail.
mod filter {
    pub const CATEGORY: u32 = 1;
    pub const PRICE: u32 = 1 << 1;
    pub const STOCK: u32 = 1 << 2;
    pub const RATING: u32 = 1 << 3;
    pub const AGE: u32 = 1 << 4;
    /// The first attribute's; the others follow.
    pub const ATTRIBUTES: u32 = 5;
}

/// The filters in the index's numbers.
struct Sieve<'a> {
    names: &'a Names,
    filters: &'a Filters,
    categories: Vec<u16>,
    /// Each attribute, if a product has it, and the values that will do.
    attributes: Vec<(Option<u32>, Vec<u32>)>,
    created_after: Option<i64>,
    idle: bool,
}

impl<'a> Sieve<'a> {
    fn new(snapshot: &'a Snapshot, filters: &'a Filters) -> Self {
        let names: &Names = &snapshot.names;
        let categories = filters.categories.iter().filter_map(|name| names.find_category(name)).collect();
        let attributes = filters.attributes.iter().map(|wanted| {
            let attribute = names.find_attribute(&wanted.name);
            let value = |value: &String| names.find_value(attribute?, value);
            (attribute, wanted.values.iter().filter_map(value).collect())
        });
        let created_after = filters.created_after.map(|time| time.timestamp_millis());
        let attributes = attributes.collect();
        Self { names, filters, categories, attributes, created_after, idle: *filters == Filters::default() }
    }

    /// The filters that the product fails, a bit each.
    fn failed(&self, row: &Row, values: &[u32]) -> u32 {
        if self.idle {
            return 0;
        }
        let filters = self.filters;
        let mut failed = 0;
        let mut check = |bit: u32, passes: bool| failed |= if passes { 0 } else { bit };
        check(filter::CATEGORY, filters.categories.is_empty() || self.categories.contains(&row.category));
        let bounded = filters.min_price.is_some() || filters.max_price.is_some();
        let affordable = row.comparable
            && filters.min_price.is_none_or(|least| row.price >= least)
            && filters.max_price.is_none_or(|most| row.price <= most);
        check(filter::PRICE, !bounded || affordable);
        check(filter::STOCK, filters.in_stock.is_none_or(|wanted| wanted == row.in_stock));
        check(filter::RATING, filters.min_rating.is_none_or(|least| row.rating >= least));
        check(filter::AGE, self.created_after.is_none_or(|time| row.created > time));
        for ((_, wanted), at) in self.attributes.iter().zip(filter::ATTRIBUTES..) {
            check(1 << at, wanted.iter().any(|value| values.contains(value)));
        }
        failed
    }
}

/// What is left after the filters.
pub struct Collected {
    /// Those of the page, with what they are ordered by.
    pub page: Vec<(i64, u32)>,
    pub total: u64,
    pub facets: Facets,
    pub more: bool,
}

/// `found` are slots with their scores.
pub fn collect(snapshot: &Snapshot, query: &Query, found: &[(u32, f32)]) -> Collected {
    let sieve = Sieve::new(snapshot, &query.filters);
    let order = Order::new(snapshot, query);
    let after = order.after(query.after.as_ref());
    let mut tally = Tally::new(snapshot);
    let mut hits = Vec::with_capacity(found.len());
    let mut total = 0;
    for (slot, score) in found {
        let row = &snapshot.rows[*slot as usize];
        let values = snapshot.values_of(row);
        match sieve.failed(row, values) {
            0 => {
                total += 1;
                tally.count(row, values);
                let key = order.key(row, *slot, *score);
                if after.is_none_or(|after| (key, snapshot.id(*slot)) > after) {
                    hits.push((key, *slot));
                }
            }
            failed if failed.is_power_of_two() => {
                tally.count_but(row, values, failed, &sieve);
            }
            _ => {}
        }
    }
    let (skip, limit) = (query.skip as usize, query.limit as usize);
    let end = skip.saturating_add(limit);
    let more = hits.len() > end;
    let compare =
        |a: &(i64, u32), b: &(i64, u32)| a.0.cmp(&b.0).then_with(|| snapshot.id(a.1).cmp(&snapshot.id(b.1)));
    if more {
        hits.select_nth_unstable_by(end, compare);
        hits.truncate(end);
    }
    hits.sort_unstable_by(compare);
    let page = hits.split_off(skip.min(hits.len()));
    Collected { page, total, facets: tally.facets(snapshot), more }
}

/// Smaller keys come first; of equal ones, smaller ids.
struct Order<'a> {
    snapshot: &'a Snapshot,
    key: SortKey,
    descending: bool,
    places: &'a [u32],
}

impl<'a> Order<'a> {
    fn new(snapshot: &'a Snapshot, query: &Query) -> Self {
        let places = if query.sort.key == SortKey::Name { snapshot.by_name() } else { &[] };
        Self { snapshot, key: query.sort.key, descending: query.sort.descending, places }
    }

    fn key(&self, row: &Row, slot: u32, score: f32) -> i64 {
        let key = match self.key {
            SortKey::Relevance => thousandths(score),
            SortKey::Price => row.price,
            SortKey::Rating => row.rating.into(),
            SortKey::CreatedAt => row.created,
            SortKey::Name => self.places[slot as usize].into(),
        };
        if self.descending { -key } else { key }
    }

    /// Where the answer goes on. A name's place is that of the first product behind it.
    fn after(&self, after: Option<&After>) -> Option<(i64, u128)> {
        match after? {
            After::Number(number, id) => {
                let key = if self.descending { -number } else { *number };
                Some((key, id_number(id)))
            }
            After::Text(name, id) => {
                let products = self.snapshot.products.iter().flatten();
                let before = products.filter(|product| {
                    let other = folded(&product.details.name);
                    let (other, shown) =
                        ((other.as_ref(), product.id.as_str()), (name.as_str(), id.as_str()));
                    other < shown || (!self.descending && other == shown)
                });
                // Places count from 0. What was shown last may have gone since: what counts is how many there are
                // before it. No id comes after the last number.
                let place = i64::try_from(before.count()).unwrap_or(i64::MAX);
                Some((if self.descending { -place } else { place - 1 }, u128::MAX))
            }
        }
    }
}

/// A score as it is shown and compared.
pub fn thousandths(score: f32) -> i64 {
    (f64::from(score) * 1000.0).round() as i64
}

/// Counts by number.
struct Tally {
    categories: Vec<u32>,
    values: Vec<u32>,
    bands: [u32; PRICE_BOUNDS + 1],
    ratings: [u32; RATINGS.len()],
    stock: [u32; 2],
}

impl Tally {
    fn new(snapshot: &Snapshot) -> Self {
        Self {
            categories: vec![0; snapshot.names.categories.len()],
            values: vec![0; snapshot.names.values.len()],
            bands: Default::default(),
            ratings: Default::default(),
            stock: Default::default(),
        }
    }

    fn count(&mut self, row: &Row, values: &[u32]) {
        self.category(row);
        self.price(row);
        self.rating(row);
        self.stock[usize::from(row.in_stock)] += 1;
        values.iter().for_each(|value| self.values[*value as usize] += 1);
    }

    /// Counts it only where its failing doesn't matter.
    fn count_but(&mut self, row: &Row, values: &[u32], failed: u32, sieve: &Sieve<'_>) {
        match failed {
            filter::CATEGORY => self.category(row),
            filter::PRICE => self.price(row),
            filter::STOCK => self.stock[usize::from(row.in_stock)] += 1,
            filter::RATING => self.rating(row),
            filter::AGE => {}
            attribute => {
                let at = (attribute.trailing_zeros() - filter::ATTRIBUTES) as usize;
                let Some((Some(wanted), _)) = sieve.attributes.get(at) else { return };
                for value in values.iter().filter(|value| sieve.names.values[**value as usize].0 == *wanted) {
                    self.values[*value as usize] += 1;
                }
            }
        }
    }

    fn category(&mut self, row: &Row) {
        self.categories[usize::from(row.category)] += 1;
    }

    fn price(&mut self, row: &Row) {
        if row.comparable {
            self.bands[usize::from(row.band)] += 1;
        }
    }

    fn rating(&mut self, row: &Row) {
        for (least, count) in RATINGS.iter().zip(&mut self.ratings) {
            *count += u32::from(row.rating >= u16::from(*least) * 100);
        }
    }

    fn facets(self, snapshot: &Snapshot) -> Facets {
        let names = &snapshot.names;
        let bounds = price_bounds(snapshot.currency);
        let category = |(name, count): (&String, u32)| (count > 0).then(|| (name.clone(), count));
        let categories = names.categories.iter().zip(self.categories).filter_map(category).collect();
        let bands = self.bands.iter().enumerate().filter(|(_, count)| **count > 0);
        let prices = bands.map(|(band, count)| PriceBand {
            from: band.checked_sub(1).map_or(0, |before| bounds[before]),
            to: bounds.get(band).copied(),
            count: (*count).into(),
        });
        let mut by_attribute: Vec<Vec<(String, u32)>> = vec![Vec::new(); names.attributes.len()];
        for ((attribute, value), count) in names.values.iter().zip(self.values) {
            let attribute = *attribute as usize;
            if count > 0 && names.attributes[attribute].is_facet() && value.len() <= LONGEST {
                by_attribute[attribute].push((value.clone(), count));
            }
        }
        let mut attributes: Vec<(u64, AttributeFacet)> = names
            .attributes
            .iter()
            .zip(by_attribute)
            .filter(|(_, values)| !values.is_empty())
            .map(|(attribute, values)| {
                let all = values.iter().map(|(_, count)| u64::from(*count)).sum();
                (all, AttributeFacet { name: attribute.name.clone(), values: most(values, VALUES) })
            })
            .collect();
        attributes.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
        Facets {
            categories: most(categories, CATEGORIES),
            prices: prices.collect(),
            ratings: self.ratings.iter().map(|count| u64::from(*count)).collect(),
            in_stock: self.stock[1].into(),
            out_of_stock: self.stock[0].into(),
            attributes: attributes.into_iter().take(ATTRIBUTES).map(|(_, facet)| facet).collect(),
        }
    }
}

/// The most frequent, of equal ones in the order of their names.
fn most(mut counts: Vec<(String, u32)>, limit: usize) -> Vec<Count> {
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.truncate(limit);
    counts.into_iter().map(|(value, count)| Count { value, count: count.into() }).collect()
}
