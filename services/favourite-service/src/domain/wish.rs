//! A wish, and what whoever has it is told.

use chrono::{DateTime, Utc};
use config::id::{ProductId, UserId};
use config::money::Money;

use super::{ListId, Note, Product};

config::ids! {
    /// A wish.
    WishId
}

/// What a user wishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub id: WishId,
    pub user_id: UserId,
    pub list_id: ListId,
    pub product_id: ProductId,
    pub note: Option<Note>,
    /// What it cost then.
    pub wished_price: Money,
    pub created_at: DateTime<Utc>,
}

/// What whoever wished a product knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The lowest price that they were told or wished at.
    pub price: Money,
    /// The last return that they were told, or that was before they wished.
    pub returns: u64,
}

/// What is new to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    PriceDropped { old: Money, new: Money },
    BackInStock { available: u64 },
}

impl Known {
    /// What somebody who wishes now knows.
    pub fn of(product: &Product) -> Option<Self> {
        Some(Self { price: product.price?, returns: product.returns })
    }

    /// Takes in what is new, so that it is new only once.
    pub fn learn(&mut self, product: &Product) -> Vec<News> {
        let mut news = Vec::new();
        let Some(price) = product.price.filter(|_| product.active) else { return news };
        if price.currency() != self.price.currency() {
            // Amounts in two currencies can't be compared: this is where it begins again.
            self.price = price;
        } else if price.minor() < self.price.minor() {
            news.push(News::PriceDropped { old: self.price, new: price });
            self.price = price;
        }
        if let Some(available) = product.available.filter(|available| *available > 0)
            && product.returns > self.returns
        {
            news.push(News::BackInStock { available });
            self.returns = product.returns;
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use config::money::Currency;
    use proptest::prelude::*;

    use super::*;

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, Currency::USD)
    }

    fn product(price: i64) -> Product {
        let mut product = Product::unknown("507f1f77bcf86cd799439011".parse().unwrap());
        product.learn("Phin", usd(price), true, 1);
        product
    }

    #[test]
    fn only_a_price_below_all_that_were_told_is_told() {
        let mut known = Known::of(&product(100)).unwrap();
        let told: Vec<_> = [100, 80, 80, 120, 90, 80, 79, 200]
            .into_iter()
            .filter_map(|price| match known.learn(&product(price)).first() {
                Some(News::PriceDropped { old, new }) => Some((old.minor(), new.minor())),
                _ => None,
            })
            .collect();
        assert_eq!(told, [(100, 80), (80, 79)]);
    }

    #[test]
    fn another_currency_begins_again() {
        let mut known = Known { price: usd(100), returns: 0 };
        let mut product = product(100);
        product.learn("Phin", Money::from_minor(5, "VND".parse().unwrap()), true, 2);
        assert!(known.learn(&product).is_empty());
        product.learn("Phin", Money::from_minor(4, "VND".parse().unwrap()), true, 3);
        assert_eq!(known.learn(&product).len(), 1);
    }

    #[test]
    fn a_return_is_told_once_and_only_while_it_lasts() {
        let mut product = product(100);
        product.stock(0, None, 1);
        let mut known = Known::of(&product).unwrap();
        product.stock(4, None, 2);
        product.stock(0, None, 3);
        assert!(known.learn(&product).is_empty(), "it is gone again");
        product.stock(7, None, 4);
        assert_eq!(known.learn(&product), [News::BackInStock { available: 7 }]);
        assert!(known.learn(&product).is_empty());
        let mut later = Known::of(&product).unwrap();
        assert!(later.learn(&product).is_empty(), "it was there when this one wished");
    }

    proptest! {
        #[test]
        fn what_is_told_falls_from_each_time_to_the_next(prices in proptest::collection::vec(1i64..1000, 1..50)) {
            let mut known = Known { price: usd(prices[0]), returns: 0 };
            let mut lowest = prices[0];
            for price in prices {
                let told = !known.learn(&product(price)).is_empty();
                prop_assert_eq!(told, price < lowest);
                lowest = lowest.min(price);
            }
        }
    }
}
