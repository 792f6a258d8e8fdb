//! A product, and what may happen to it.

use chrono::{DateTime, SubsecRound, Utc};
use config::id::ProductId;

use super::{Details, StockLevel};

/// A product of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    pub id: ProductId,
    pub details: Details,
    pub status: Status,
    pub stock: Stock,
    pub rating: Rating,
    /// Grows with every change of the details or the status; what others know about it doesn't count.
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

config::names! {
    /// Whether a product is for sale.
    Status {
        Active = "active",
        /// Not sold any more; past orders still show it.
        Archived = "archived",
    }
}

/// What inventory-service last said can be ordered; before that, what the product began with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stock {
    pub available: u64,
    /// inventory-service's; 0 before it said anything.
    pub version: u64,
}

/// What rating-service last said.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rating {
    pub average: f64,
    pub count: u64,
    /// rating-service's; 0 before it said anything.
    pub version: u64,
}

/// A figure that another service knows about a product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Figure {
    Stock(Stock),
    Rating(Rating),
}

impl Figure {
    /// The other service's count of its changes.
    pub fn version(self) -> u64 {
        match self {
            Self::Stock(stock) => stock.version,
            Self::Rating(rating) => rating.version,
        }
    }
}

/// What an operator wants a product to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub details: Details,
    /// As it is when `None`; a new product is active.
    pub status: Option<Status>,
    /// Opens the inventory record of a new product; a product that exists has one.
    pub stock: Option<StockLevel>,
}

impl Product {
    pub fn new(id: ProductId, draft: Draft, now: DateTime<Utc>) -> Self {
        let now = kept(now);
        let available = draft.stock.map_or(0, StockLevel::units).into();
        Self {
            id,
            details: draft.details,
            status: draft.status.unwrap_or(Status::Active),
            stock: Stock { available, version: 0 },
            rating: Rating::default(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The product as the draft wants it; `None` when it is so already.
    pub fn revised(&self, draft: Draft, now: DateTime<Utc>) -> Option<Self> {
        let status = draft.status.unwrap_or(self.status);
        (draft.details != self.details || status != self.status).then(|| Self {
            details: draft.details,
            status,
            version: self.version + 1,
            updated_at: kept(now),
            ..self.clone()
        })
    }

    /// The product off sale; `None` when it is already.
    pub fn archived(&self, now: DateTime<Utc>) -> Option<Self> {
        (self.status != Status::Archived).then(|| Self {
            status: Status::Archived,
            version: self.version + 1,
            updated_at: kept(now),
            ..self.clone()
        })
    }

    /// Takes over a figure, unless a newer one is known.
    pub fn follow(&mut self, figure: Figure) {
        match figure {
            Figure::Stock(stock) if stock.version > self.stock.version => self.stock = stock,
            Figure::Rating(rating) if rating.version > self.rating.version => self.rating = rating,
            Figure::Stock(_) | Figure::Rating(_) => {}
        }
    }

    /// The newest of what two views of one product know: each part from the one that knows it better.
    pub fn newest(self, other: &Self) -> Self {
        let (figures, mut newest) = match other.version > self.version {
            true => ((self.stock, self.rating), other.clone()),
            false => ((other.stock, other.rating), self),
        };
        newest.follow(Figure::Stock(figures.0));
        newest.follow(Figure::Rating(figures.1));
        newest
    }
}

/// The catalogue keeps milliseconds; a time with more would change on its way through it.
fn kept(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(3)
}

#[cfg(test)]
mod tests {
    use config::money::{Currency, Money};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Price, Weight};

    fn draft(name: &str) -> Draft {
        let details = Details {
            name: name.parse().unwrap(),
            description: "".parse().unwrap(),
            price: Price::new(Money::from_minor(100, Currency::USD)).unwrap(),
            category: "books".parse().unwrap(),
            sku: "B-1".parse().unwrap(),
            images: vec![],
            attributes: Default::default(),
            variants: vec![],
            weight: Weight::default(),
        };
        Draft { details, status: None, stock: StockLevel::new(7).ok() }
    }

    fn product() -> Product {
        Product::new("507f1f77bcf86cd799439011".parse().unwrap(), draft("a"), DateTime::UNIX_EPOCH)
    }

    /// A view of one product: version 3 always means the same product.
    fn view() -> impl Strategy<Value = Product> {
        (1u64..5, 0u64..5, 0u64..5).prop_map(|(version, stock, rating)| Product {
            version,
            updated_at: DateTime::from_timestamp_millis(version as i64).unwrap(),
            stock: Stock { available: stock * 10, version: stock },
            rating: Rating { average: 4.5, count: rating, version: rating },
            ..product()
        })
    }

    #[test]
    fn the_shown_stock_begins_with_the_initial_one() {
        assert_eq!(product().stock, Stock { available: 7, version: 0 });
    }

    #[test]
    fn what_changes_nothing_is_no_change() {
        let product = product();
        assert_eq!(product.revised(draft("a"), DateTime::UNIX_EPOCH), None);
        assert_eq!(product.revised(draft("b"), DateTime::UNIX_EPOCH).unwrap().version, 2);
        let archived = product.archived(DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(archived.archived(DateTime::UNIX_EPOCH), None);
        // A revision that says nothing of the status leaves it.
        assert_eq!(archived.revised(draft("b"), DateTime::UNIX_EPOCH).unwrap().status, Status::Archived);
    }

    proptest! {
        #[test]
        fn figures_only_get_newer(versions in proptest::collection::vec(0u64..9, 0..20)) {
            let mut product = product();
            for version in &versions {
                product.follow(Figure::Stock(Stock { available: *version, version: *version }));
            }
            let newest = versions.iter().copied().max().unwrap_or(0);
            prop_assert_eq!(product.stock.version, newest);
        }

        #[test]
        fn views_merge_alike_in_any_order(a in view(), b in view(), c in view()) {
            prop_assert_eq!(a.clone().newest(&b), b.clone().newest(&a));
            prop_assert_eq!(a.clone().newest(&b).newest(&c), a.clone().newest(&b.clone().newest(&c)));
            prop_assert_eq!(a.clone().newest(&a), a);
        }
    }
}
