//! How the products that were found spread.

use config::money::Currency;

/// Bounds of the price bands: below the first, between each two, from the last on.
pub const PRICE_BOUNDS: usize = 6;
/// In major units of currencies in which things cost about as much as in dollars.
const USUAL: [i64; PRICE_BOUNDS] = [10, 25, 50, 100, 250, 1000];
/// How many times the usual bounds are those of currencies with larger numbers; not an exchange rate, but round.
const LARGER: [(&str, i64); 7] = [
    ("VND", 10_000),
    ("IDR", 10_000),
    ("KRW", 1_000),
    ("CLP", 1_000),
    ("COP", 1_000),
    ("JPY", 100),
    ("HUF", 100),
];

/// The bounds of the price bands in a currency's minor units.
pub fn price_bounds(currency: Currency) -> [i64; PRICE_BOUNDS] {
    let larger = LARGER.iter().find(|(code, _)| *code == currency.code());
    let factor = larger.map_or(1, |(_, factor)| *factor) * 10_i64.pow(currency.exponent());
    USUAL.map(|bound| bound * factor)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_suit_the_currency() {
        let first = |code: &str| price_bounds(code.parse().unwrap())[..2].to_vec();
        assert_eq!(first("USD"), [1_000, 2_500]);
        assert_eq!(first("VND"), [100_000, 250_000]);
        assert_eq!(first("JPY"), [1_000, 2_500]);
        assert_eq!(first("KRW"), [10_000, 25_000]);
    }
}
