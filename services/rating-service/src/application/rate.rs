//! What an author does: rate, change one's mind, take it back.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::id::{ProductId, UserId};
use config::jwt_auth::Caller;
use config::response::IfMatch;

use super::{KnownProducts, NewRating, RatingError, RatingReader, Store};
use crate::domain::{Comment, Content, Moderation, Rating, RatingId, Stars, Summary, Title};

/// What an author changes; the rest stays. An inner `None` takes a text away.
#[derive(Debug, Clone)]
pub struct Edit {
    pub stars: Option<Stars>,
    pub title: Option<Option<Title>>,
    pub comment: Option<Option<Comment>>,
}

/// Adds, changes and removes ratings; a product's summary goes with them.
#[derive(Clone)]
pub struct Rate {
    store: Arc<dyn Begin<dyn Store>>,
    ratings: Arc<dyn RatingReader>,
    products: KnownProducts,
    clock: Arc<dyn Clock>,
    moderation: Moderation,
}

impl Rate {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        ratings: Arc<dyn RatingReader>,
        products: KnownProducts,
        clock: Arc<dyn Clock>,
        moderation: Moderation,
    ) -> Self {
        Self { store, ratings, products, clock, moderation }
    }

    /// One for each user and product.
    pub async fn add(
        &self,
        user: UserId,
        product: &ProductId,
        content: &Content,
    ) -> Result<RatingId, RatingError> {
        self.products.require(product).await?;
        let new = NewRating {
            product_id: product.clone(),
            user_id: user,
            content: content.clone(),
            status: content.first_status(self.moderation),
        };
        // The one that is there may be taken back this very moment; then there is room for this one.
        for _ in 0..3 {
            if let Some(rating) = retrying(|| self.insert(&new)).await? {
                metrics::counter!("ratings_added_total", "status" => rating.status.as_str()).increment(1);
                return Ok(rating.id);
            }
            if let Some(rating_id) = self.ratings.of_user_and_product(user, product).await? {
                return Err(RatingError::Exists { product_id: product.clone(), rating_id });
            }
        }
        Err(StoreError::Contended("the same rating is added and removed at once".into()).into())
    }

    async fn insert(&self, new: &NewRating) -> Result<Option<Rating>, RatingError> {
        let mut tx = self.store.begin().await?;
        let Some(id) = tx.add(new, self.clock.now()).await? else { return Ok(None) };
        tx.verify(new.user_id, &new.product_id).await?;
        let mut rating = tx.rating_for_update(id).await?.ok_or(RatingError::NotFound(id))?;
        if tx.was_withdrawn(new.user_id, &new.product_id).await? {
            rating.hold();
            tx.save(&rating).await?;
        }
        recount(tx.as_mut(), None, &rating).await?;
        tx.commit().await?;
        Ok(Some(rating))
    }

    pub async fn edit(
        &self,
        caller: &Caller,
        id: RatingId,
        edit: &Edit,
        if_match: &IfMatch,
    ) -> Result<(), RatingError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let mut rating = owned(tx.as_mut(), caller, id).await?;
            if_match.check(rating.version)?;
            let before = rating.counts_as();
            let Content { stars, title, comment } = rating.content.clone();
            let content = Content {
                stars: edit.stars.unwrap_or(stars),
                title: edit.title.clone().unwrap_or(title),
                comment: edit.comment.clone().unwrap_or(comment),
            };
            rating.edit(content, self.moderation, self.clock.now());
            tx.save(&rating).await?;
            recount(tx.as_mut(), before, &rating).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    /// What moderators aren't done with, or remove themselves, doesn't come back unseen.
    pub async fn remove(&self, caller: &Caller, id: RatingId, if_match: &IfMatch) -> Result<(), RatingError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let rating = owned(tx.as_mut(), caller, id).await?;
            if_match.check(rating.version)?;
            if rating.is_in_question() || caller.user_id != rating.user_id {
                tx.mark_withdrawn(rating.user_id, &rating.product_id).await?;
            }
            tx.remove(id).await?;
            let change = Summary::change(rating.counts_as(), None);
            if change != [0; 5] {
                tx.count(&rating.product_id, change).await?;
            }
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}

async fn owned(tx: &mut dyn Store, caller: &Caller, id: RatingId) -> Result<Rating, RatingError> {
    let rating = tx.rating_for_update(id).await?.ok_or(RatingError::NotFound(id))?;
    caller.must_own(rating.user_id).map_err(|_| RatingError::NotYours)?;
    Ok(rating)
}

/// Makes the summary follow a rating that counted as `before`. The rating is locked, then the summary: always in
/// this order.
pub(super) async fn recount(
    tx: &mut dyn Store,
    before: Option<Stars>,
    rating: &Rating,
) -> Result<(), StoreError> {
    let change = Summary::change(before, rating.counts_as());
    match change == [0; 5] {
        true => Ok(()),
        false => tx.count(&rating.product_id, change).await,
    }
}
