//! What is known of a product, and how it changes.

use config::id::ProductId;
use config::money::Money;

/// A product, as the catalogue and the stock keeper last told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    pub name: String,
    /// `None` until the catalogue has told it.
    pub price: Option<Money>,
    /// Whether it is sold.
    pub active: bool,
    /// product-service's.
    pub version: u64,
    /// `None` until somebody has told it.
    pub available: Option<u64>,
    /// inventory-service's.
    pub stock_version: u64,
    /// The fewest that lay in the warehouses, reserved or not, while none was available; `None` while some are, and
    /// when nobody has told.
    pub least_on_hand: Option<u64>,
    /// How often it has come back after it was sold out.
    pub returns: u64,
}

impl Product {
    /// One of which nothing is known.
    pub fn unknown(id: ProductId) -> Self {
        Self {
            id,
            name: String::new(),
            price: None,
            active: false,
            version: 0,
            available: None,
            stock_version: 0,
            least_on_hand: None,
            returns: 0,
        }
    }

    /// What the catalogue says. `true` when whoever wished may have to hear of it; an old message changes nothing.
    pub fn learn(&mut self, name: &str, price: Money, active: bool, version: u64) -> bool {
        if version <= self.version {
            return false;
        }
        let (known, was_active) = (self.price, self.active);
        self.name = name.to_owned();
        self.price = Some(price);
        self.active = active;
        self.version = version;
        // While it wasn't sold, nobody was told.
        let sold_again = active && !was_active;
        let changed =
            known.is_some_and(|known| known.currency() != price.currency() || price.minor() < known.minor());
        active && known.is_some() && (changed || sold_again)
    }

    /// What the catalogue says of the stock: it stands only until the stock keeper says more.
    pub fn stock_as_shown(&mut self, available: u64, version: u64) {
        if self.available.is_none() {
            self.available = Some(available);
            self.stock_version = version;
        }
    }

    /// What the stock keeper says. `true` when the product is back; an old message changes nothing.
    pub fn stock(&mut self, available: u64, on_hand: Option<u64>, version: u64) -> bool {
        if version < self.stock_version || (version == self.stock_version && self.available.is_some()) {
            return false;
        }
        let was_gone = self.available == Some(0);
        // When somebody doesn't pay what they reserved, some are available that never were away.
        let goods_came = self.least_on_hand.zip(on_hand).is_none_or(|(least, on_hand)| on_hand > least);
        let is_back = was_gone && available > 0 && goods_came;
        let least_before = self.least_on_hand.filter(|_| was_gone);
        self.least_on_hand = on_hand.into_iter().chain(least_before).min().filter(|_| available == 0);
        self.available = Some(available);
        self.stock_version = version;
        self.returns += u64::from(is_back);
        is_back
    }

    pub fn is_available(&self) -> bool {
        self.active && self.available.is_some_and(|available| available > 0)
    }
}

#[cfg(test)]
mod tests {
    use config::money::Currency;
    use proptest::prelude::*;

    use super::*;

    fn product() -> Product {
        Product::unknown("507f1f77bcf86cd799439011".parse().unwrap())
    }

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, Currency::USD)
    }

    #[test]
    fn only_a_lower_price_is_news() {
        let mut product = product();
        assert!(!product.learn("Phin", usd(650), true, 1), "nobody has wished it yet");
        assert!(product.learn("Phin", usd(600), true, 2));
        assert!(!product.learn("Phin", usd(500), true, 2), "said before");
        assert!(!product.learn("Phin", usd(700), true, 3));
        assert!(!product.learn("Phin", usd(100), false, 4), "not sold any more");
        assert!(product.learn("Phin", usd(100), true, 5), "sold again");
        assert_eq!(product.price, Some(usd(100)));
    }

    #[test]
    fn it_is_back_only_after_it_was_gone() {
        let mut product = product();
        assert!(!product.stock(5, None, 1), "nobody knew that it was gone");
        assert!(!product.stock(0, None, 2));
        assert!(product.stock(3, None, 3));
        assert!(!product.stock(9, None, 4));
        assert!(!product.stock(0, None, 3), "an old message");
        assert_eq!((product.available, product.returns), (Some(9), 1));
    }

    #[test]
    fn it_is_back_only_when_goods_came() {
        for (levels, back) in [
            // Available and on hand, one after the other.
            ([(1, 1), (0, 1), (1, 1)].as_slice(), false),
            (&[(2, 2), (0, 2), (0, 1), (1, 1)], false),
            (&[(2, 2), (0, 2), (0, 1), (1, 2)], true),
            (&[(1, 1), (0, 1), (0, 0), (1, 1)], true),
            (&[(1, 1), (0, 1), (1, 1), (0, 1), (4, 5)], true),
            (&[(1, 1), (0, 1), (0, 4), (1, 4)], true),
        ] {
            let mut product = product();
            let news = levels
                .iter()
                .zip(1..)
                .map(|((available, on_hand), version)| product.stock(*available, Some(*on_hand), version));
            assert_eq!(news.last(), Some(back), "{levels:?}");
        }
    }

    #[test]
    fn the_catalogue_tells_the_stock_only_to_those_who_know_none() {
        let mut product = product();
        product.stock_as_shown(0, 3);
        product.stock_as_shown(7, 4);
        assert_eq!((product.available, product.stock_version), (Some(0), 3));
        assert!(product.stock(2, Some(2), 4));
    }

    proptest! {
        #[test]
        fn repeated_and_late_messages_change_nothing(levels in proptest::collection::vec(0u64..3, 1..20), repeats in proptest::collection::vec(0usize..20, 0..20)) {
            let mut once = product();
            let mut again = product();
            for (place, available) in levels.iter().enumerate() {
                let news = once.stock(*available, Some(*available), place as u64 + 1);
                prop_assert_eq!(again.stock(*available, Some(*available), place as u64 + 1), news);
                for earlier in repeats.iter().filter(|earlier| **earlier <= place) {
                    prop_assert!(!again.stock(levels[*earlier], Some(levels[*earlier]), *earlier as u64 + 1));
                }
            }
            prop_assert_eq!(once, again);
        }
    }
}
