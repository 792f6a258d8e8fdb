//! How the products that were found spread.

/// Bounds of the price bands, in major units: below the first, between each two, from the last on.
pub const PRICE_BANDS: [i64; 6] = [10, 25, 50, 100, 250, 1000];
/// "And up", of five.
pub const RATINGS: [u8; 4] = [4, 3, 2, 1];

/// A value and how many products have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub value: String,
    pub count: u64,
}

/// Prices from `from` up to, but without, `to`, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceBand {
    pub from: i64,
    pub to: Option<i64>,
    pub count: u64,
}

/// An attribute with its most frequent values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeFacet {
    pub name: String,
    pub values: Vec<Count>,
}

/// Counts over everything that was found. A facet that is filtered by is counted without its own filter: a
/// shopper who chose one brand sees how many the others have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    pub categories: Vec<Count>,
    pub prices: Vec<PriceBand>,
    /// As [`RATINGS`]: that many stars and more.
    pub ratings: Vec<u64>,
    pub in_stock: u64,
    pub out_of_stock: u64,
    pub attributes: Vec<AttributeFacet>,
}
