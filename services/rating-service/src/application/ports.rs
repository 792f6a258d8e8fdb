//! What the use cases need from the world outside.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, UnitOfWork};
use config::id::{ProductId, UserId};
use config::page::{Paging, Slice};
use config::registry::CallError;

use crate::domain::{Content, Rating, RatingId, Reason, Stars, Status, Summary};

/// A rating before it has a number.
#[derive(Debug, Clone)]
pub struct NewRating {
    pub product_id: ProductId,
    pub user_id: UserId,
    pub content: Content,
    pub status: Status,
}

/// A product, as far as ratings are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    pub name: String,
    /// product-service's.
    pub version: u64,
}

/// Ratings, as a unit of work changes them.
#[async_trait]
pub trait RatingRepository: Send {
    /// `None` when the user has rated the product already.
    async fn add(&mut self, rating: &NewRating, now: DateTime<Utc>) -> Result<Option<RatingId>, StoreError>;
    /// The rating, locked until the end.
    async fn rating_for_update(&mut self, id: RatingId) -> Result<Option<Rating>, StoreError>;
    /// Writes a locked rating.
    async fn save(&mut self, rating: &Rating) -> Result<(), StoreError>;
    /// Removes a locked rating, with its votes and reports.
    async fn remove(&mut self, id: RatingId) -> Result<(), StoreError>;
    /// Notes that the user's rating of the product was removed before the moderators were done with it.
    async fn mark_withdrawn(&mut self, user: UserId, product: &ProductId) -> Result<(), StoreError>;
    /// Whether that was noted. To be asked where the rating is locked.
    async fn was_withdrawn(&mut self, user: UserId, product: &ProductId) -> Result<bool, StoreError>;
    async fn unmark_withdrawn(&mut self, user: UserId, product: &ProductId) -> Result<(), StoreError>;
    /// `false` when the demonstration's ratings were added before.
    async fn begin_demo(&mut self) -> Result<bool, StoreError>;
    /// Adds those demonstration ratings whose user hasn't rated their product yet, and returns them.
    async fn add_demo(
        &mut self,
        ratings: &[super::DemoRating],
    ) -> Result<Vec<(ProductId, Stars)>, StoreError>;
}

/// What others say about a rating. The rating must be locked.
#[async_trait]
pub trait Responses: Send {
    /// `false` when the user has found it helpful before.
    async fn add_vote(&mut self, id: RatingId, user: UserId) -> Result<bool, StoreError>;
    /// `false` when there was no vote.
    async fn remove_vote(&mut self, id: RatingId, user: UserId) -> Result<bool, StoreError>;
    /// `false` when the user has reported it before.
    async fn add_report(
        &mut self,
        id: RatingId,
        user: UserId,
        reason: Option<&Reason>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// Removes all reports, so that whoever sent one may report what the rating says later.
    async fn remove_reports(&mut self, id: RatingId) -> Result<(), StoreError>;
}

/// How ratings add up, as a unit of work changes it.
#[async_trait]
pub trait Summaries: Send {
    /// Adds to a product's counts, from one star to five.
    async fn count(&mut self, product: &ProductId, change: [i32; 5]) -> Result<(), StoreError>;
    /// Summaries that changed since they were last announced, locked; those that another instance has in hand are
    /// left out.
    async fn changed(&mut self, limit: u32) -> Result<Vec<(ProductId, Summary)>, StoreError>;
    async fn announced(&mut self, products: &[&ProductId]) -> Result<(), StoreError>;
}

/// Who has bought what.
#[async_trait]
pub trait Purchases: Send {
    /// Notes what has become of a purchase, unless something newer is known.
    async fn note_purchase(
        &mut self,
        user: UserId,
        product: &ProductId,
        order: u64,
        bought: bool,
        order_version: u64,
    ) -> Result<(), StoreError>;
    /// Makes the user's rating of the product, if there is one, say whether it was bought. To be called after the
    /// purchase was noted, or the rating was added: then whichever of the two commits last sees the other.
    async fn verify(&mut self, user: UserId, product: &ProductId) -> Result<(), StoreError>;
}

/// The products that ratings may be of.
#[async_trait]
pub trait Products: Send {
    /// Keeps what is newer.
    async fn keep_product(&mut self, product: &Product) -> Result<(), StoreError>;
}

/// A unit of work of this service.
pub trait Store: UnitOfWork + RatingRepository + Responses + Summaries + Purchases + Products {}
impl<T: UnitOfWork + RatingRepository + Responses + Summaries + Purchases + Products> Store for T {}

/// A rating, with the name of what it is about where that is known.
#[derive(Debug, Clone)]
pub struct ShownRating {
    pub rating: Rating,
    pub product_name: Option<String>,
}

/// How many reasons a moderator reads of one rating; more say nothing new.
pub const MOST_REASONS: u32 = 20;

/// A rating that waits for a moderator.
#[derive(Debug, Clone)]
pub struct WaitingRating {
    pub shown: ShownRating,
    /// Why it was reported since a moderator last looked: the newest first, at most [`MOST_REASONS`].
    pub reasons: Vec<Reason>,
}

/// In which order a product's ratings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    #[default]
    Newest,
    Helpful,
    Highest,
    Lowest,
}

/// Which of a product's ratings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filter {
    pub stars: Option<Stars>,
    pub verified: Option<bool>,
}

/// What waits for a moderator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    Status(Status),
    /// The most reported first.
    Reported,
}

/// Where a rating stands in a list that is ordered by a number and then by id, as one number for a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub rank: u32,
    pub id: u64,
}

impl Position {
    /// More ratings than there will ever be.
    const ID_BITS: u32 = 44;
    const MOST: u32 = (1 << (u64::BITS - Self::ID_BITS)) - 1;

    pub fn pack(self) -> u64 {
        u64::from(self.rank.min(Self::MOST)) << Self::ID_BITS | self.id
    }

    pub fn unpack(packed: u64) -> Self {
        let rank = u32::try_from(packed >> Self::ID_BITS).unwrap_or(Self::MOST);
        Self { rank, id: packed & ((1 << Self::ID_BITS) - 1) }
    }
}

impl Sort {
    /// The cursor of what comes after this rating.
    pub fn position(self, rating: &Rating) -> u64 {
        let rank = match self {
            Self::Newest => return rating.id.get(),
            Self::Helpful => rating.helpful,
            Self::Highest | Self::Lowest => rating.content.stars.get().into(),
        };
        Position { rank, id: rating.id.get() }.pack()
    }
}

impl Queue {
    /// The cursor of what comes after this rating.
    pub fn position(self, rating: &Rating) -> u64 {
        match self {
            Self::Status(_) => rating.id.get(),
            Self::Reported => Position { rank: rating.reports, id: rating.id.get() }.pack(),
        }
    }
}

/// Ratings, as they are read outside a unit of work.
#[async_trait]
pub trait RatingReader: Send + Sync {
    async fn rating(&self, id: RatingId) -> Result<Option<ShownRating>, StoreError>;
    async fn of_user_and_product(
        &self,
        user: UserId,
        product: &ProductId,
    ) -> Result<Option<RatingId>, StoreError>;
    /// The published ratings of a product.
    async fn of_product(
        &self,
        product: &ProductId,
        filter: Filter,
        sort: Sort,
        paging: Paging,
    ) -> Result<(Summary, Slice<ShownRating>), StoreError>;
    /// Newest first.
    async fn of_user(&self, user: UserId, paging: Paging) -> Result<Slice<ShownRating>, StoreError>;
    async fn queue(&self, queue: Queue, paging: Paging) -> Result<Slice<WaitingRating>, StoreError>;
    /// Nothing but zeros for a product without ratings.
    async fn summary(&self, product: &ProductId) -> Result<Summary, StoreError>;
    async fn knows_product(&self, product: &ProductId) -> Result<bool, StoreError>;
}

/// The catalogue itself, for products that no event has told of yet.
#[async_trait]
pub trait Catalogue: Send + Sync {
    async fn product(&self, id: &ProductId) -> Result<Option<Product>, CallError>;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn positions_keep_their_order_in_a_cursor(a in (0u32..=Position::MOST, 0u64..1 << 44), b in (0u32..=Position::MOST, 0u64..1 << 44)) {
            let position = |(rank, id)| Position { rank, id };
            prop_assert_eq!(Position::unpack(position(a).pack()), position(a));
            prop_assert_eq!(position(a).pack().cmp(&position(b).pack()), a.cmp(&b));
        }
    }
}
