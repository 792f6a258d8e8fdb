//! Ratings in a transaction.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::id::{ProductId, UserId};
use sqlx::{MySql, QueryBuilder};

use super::rows::RatingRow;
use crate::application::{DemoRating, NewRating, RatingRepository, Responses, ShownRating};
use crate::domain::{Content, Rating, RatingId, Reason, Stars, Status};

/// A rating as it is inserted.
struct Insert<'a> {
    product: &'a ProductId,
    user: UserId,
    content: &'a Content,
    status: Status,
    verified: bool,
    at: DateTime<Utc>,
}

impl Insert<'_> {
    /// `None` when the user has rated the product already.
    async fn run(self, tx: &mut Tx) -> Result<Option<RatingId>, StoreError> {
        let inserted = sqlx::query(
            "INSERT IGNORE INTO ratings (product_id, user_id, stars, title, comment, status, verified, created_at, updated_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.product.as_str())
        .bind(self.user.get())
        .bind(self.content.stars.get())
        .bind(self.content.title.as_ref().map(|title| title.as_str()))
        .bind(self.content.comment.as_ref().map(|comment| comment.as_str()))
        .bind(self.status.as_str())
        .bind(self.verified)
        .bind(self.at)
        .bind(self.at)
        .execute(tx.connection())
        .await?;
        Ok((inserted.rows_affected() == 1).then(|| RatingId::new(inserted.last_insert_id())))
    }
}

#[async_trait]
impl RatingRepository for Tx {
    async fn add(&mut self, rating: &NewRating, now: DateTime<Utc>) -> Result<Option<RatingId>, StoreError> {
        let insert = Insert {
            product: &rating.product_id,
            user: rating.user_id,
            content: &rating.content,
            status: rating.status,
            verified: false,
            at: now,
        };
        insert.run(self).await
    }

    async fn rating_for_update(&mut self, id: RatingId) -> Result<Option<Rating>, StoreError> {
        // The rating alone is locked: its product's name is read by nobody who changes a rating.
        let row: Option<RatingRow> =
            sqlx::query_as("SELECT r.*, NULL AS product_name FROM ratings r WHERE r.id = ? FOR UPDATE")
                .bind(id.get())
                .fetch_optional(self.connection())
                .await?;
        Ok(row.map(ShownRating::try_from).transpose()?.map(|shown| shown.rating))
    }

    async fn save(&mut self, rating: &Rating) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE ratings SET stars = ?, title = ?, comment = ?, status = ?, moderation_reason = ?, helpful = ?, \
             reports = ?, version = ?, updated_at = ? WHERE id = ?",
        )
        .bind(rating.content.stars.get())
        .bind(rating.content.title.as_ref().map(|title| title.as_str()))
        .bind(rating.content.comment.as_ref().map(|comment| comment.as_str()))
        .bind(rating.status.as_str())
        .bind(rating.moderation_reason.as_ref().map(|reason| reason.as_str()))
        .bind(rating.helpful)
        .bind(rating.reports)
        .bind(rating.version)
        .bind(rating.updated_at)
        .bind(rating.id.get())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn remove(&mut self, id: RatingId) -> Result<(), StoreError> {
        for statement in [
            "DELETE FROM helpful_votes WHERE rating_id = ?",
            "DELETE FROM reports WHERE rating_id = ?",
            "DELETE FROM ratings WHERE id = ?",
        ] {
            sqlx::query(statement).bind(id.get()).execute(self.connection()).await?;
        }
        Ok(())
    }

    async fn mark_withdrawn(&mut self, user: UserId, product: &ProductId) -> Result<(), StoreError> {
        // It may be there: the one that it was made for came back, and is removed again.
        sqlx::query("INSERT IGNORE INTO withdrawn (user_id, product_id) VALUES (?, ?)")
            .bind(user.get())
            .bind(product.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn was_withdrawn(&mut self, user: UserId, product: &ProductId) -> Result<bool, StoreError> {
        // What stands there now, not when the transaction began: the removal may just have been committed.
        let mark: Option<u64> = sqlx::query_scalar(
            "SELECT user_id FROM withdrawn WHERE user_id = ? AND product_id = ? LOCK IN SHARE MODE",
        )
        .bind(user.get())
        .bind(product.as_str())
        .fetch_optional(self.connection())
        .await?;
        Ok(mark.is_some())
    }

    async fn unmark_withdrawn(&mut self, user: UserId, product: &ProductId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM withdrawn WHERE user_id = ? AND product_id = ?")
            .bind(user.get())
            .bind(product.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn begin_demo(&mut self) -> Result<bool, StoreError> {
        let updated = sqlx::query("UPDATE demo SET loaded = TRUE WHERE id = 1 AND NOT loaded")
            .execute(self.connection())
            .await?;
        Ok(updated.rows_affected() == 1)
    }

    async fn add_demo(&mut self, ratings: &[DemoRating]) -> Result<Vec<(ProductId, Stars)>, StoreError> {
        let users: BTreeSet<u64> = ratings.iter().map(|rating| rating.user_id.get()).collect();
        let mut select =
            QueryBuilder::<MySql>::new("SELECT user_id, product_id FROM ratings WHERE user_id IN (0");
        for user in users {
            select.push(", ").push_bind(user);
        }
        let there: Vec<(u64, String)> =
            select.push(")").build_query_as().fetch_all(self.connection()).await?;
        let there: BTreeSet<(u64, String)> = there.into_iter().collect();
        let mut added = Vec::new();
        for rating in ratings {
            if there.contains(&(rating.user_id.get(), rating.product_id.to_string())) {
                continue;
            }
            let insert = Insert {
                product: &rating.product_id,
                user: rating.user_id,
                content: &rating.content,
                status: Status::Published,
                verified: rating.verified,
                at: rating.created_at,
            };
            if insert.run(self).await?.is_some() {
                added.push((rating.product_id.clone(), rating.content.stars));
            }
        }
        Ok(added)
    }
}

#[async_trait]
impl Responses for Tx {
    async fn add_vote(&mut self, id: RatingId, user: UserId) -> Result<bool, StoreError> {
        let inserted = sqlx::query("INSERT IGNORE INTO helpful_votes (rating_id, user_id) VALUES (?, ?)")
            .bind(id.get())
            .bind(user.get())
            .execute(self.connection())
            .await?;
        Ok(inserted.rows_affected() == 1)
    }

    async fn remove_vote(&mut self, id: RatingId, user: UserId) -> Result<bool, StoreError> {
        let deleted = sqlx::query("DELETE FROM helpful_votes WHERE rating_id = ? AND user_id = ?")
            .bind(id.get())
            .bind(user.get())
            .execute(self.connection())
            .await?;
        Ok(deleted.rows_affected() == 1)
    }

    async fn add_report(
        &mut self,
        id: RatingId,
        user: UserId,
        reason: Option<&Reason>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let inserted = sqlx::query(
            "INSERT IGNORE INTO reports (rating_id, user_id, reason, created_at) VALUES (?, ?, ?, ?)",
        )
        .bind(id.get())
        .bind(user.get())
        .bind(reason.map(|reason| reason.as_str()))
        .bind(now)
        .execute(self.connection())
        .await?;
        Ok(inserted.rows_affected() == 1)
    }

    async fn remove_reports(&mut self, id: RatingId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM reports WHERE rating_id = ?")
            .bind(id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
