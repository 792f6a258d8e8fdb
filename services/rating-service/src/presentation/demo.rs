//! The demonstration's ratings, as they stand in `demo/ratings.json`.

use chrono::{DateTime, Utc};
use config::BoxError;
use config::id::{ProductId, UserId};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::application::DemoRating;
use crate::domain::{Content, Stars};

const RATINGS: &str = include_str!("../../demo/ratings.json");

#[derive(Deserialize)]
struct Entry {
    sku: String,
    /// Far from the numbers of real users.
    user: u64,
    stars: i64,
    title: Option<String>,
    comment: Option<String>,
    verified: bool,
    at: DateTime<Utc>,
}

/// Every rating, oldest first.
pub fn demo_ratings() -> Result<Vec<DemoRating>, BoxError> {
    let entries: Vec<Entry> = serde_json::from_str(RATINGS)?;
    entries.into_iter().map(Entry::parse).collect()
}

impl Entry {
    fn parse(self) -> Result<DemoRating, BoxError> {
        Ok(DemoRating {
            product_id: product_id(&self.sku)?,
            user_id: UserId::new(self.user),
            content: Content {
                stars: Stars::new(self.stars)?,
                title: self.title.as_deref().map(str::parse).transpose()?,
                comment: self.comment.as_deref().map(str::parse).transpose()?,
            },
            verified: self.verified,
            created_at: self.at,
        })
    }
}

/// The demonstration's products have ids that product-service makes of their SKUs in this way.
fn product_id(sku: &str) -> Result<ProductId, BoxError> {
    let digest = Sha256::digest(sku);
    let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    Ok(hex.parse()?)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn the_demonstration_is_a_believable_crowd() {
        let ratings = demo_ratings().unwrap();
        let mut products: BTreeMap<_, u32> = BTreeMap::new();
        ratings.iter().for_each(|rating| *products.entry(&rating.product_id).or_default() += 1);
        assert!((55..=70).contains(&products.len()), "{}", products.len());
        assert!(products.values().all(|count| (3..=10).contains(count)), "{products:?}");
        let pairs: BTreeSet<_> = ratings.iter().map(|rating| (rating.user_id, &rating.product_id)).collect();
        assert_eq!(pairs.len(), ratings.len(), "one for each user and product");
        let users: BTreeSet<_> = ratings.iter().map(|rating| rating.user_id.get()).collect();
        assert!((24..=60).contains(&users.len()) && users.iter().all(|user| *user > 9_000_000));
        assert!(ratings.is_sorted_by_key(|rating| rating.created_at), "the newest has the highest number");
        let with_words = ratings.iter().filter(|rating| rating.content.comment.is_some()).count();
        assert!(with_words * 10 > ratings.len() * 7, "{with_words} of {}", ratings.len());
    }

    #[test]
    fn ids_are_those_of_the_catalogue() {
        // As product-service shows the Zenfold 14.
        let id = product_id("LT-ZEN14").unwrap();
        assert_eq!(id.as_str(), "f32ef565a4440befd4cf0593");
    }
}
