//! Rows, and what they stand for.

use chrono::{DateTime, Utc};
use config::database::{StoreError, stored};
use config::id::{ProductId, UserId};
use sqlx::FromRow;

use crate::application::ShownRating;
use crate::domain::{Comment, Content, Rating, RatingId, Reason, Stars, Summary, Title};

#[derive(FromRow)]
pub(super) struct RatingRow {
    id: u64,
    product_id: String,
    user_id: u64,
    stars: u8,
    title: Option<String>,
    comment: Option<String>,
    status: String,
    moderation_reason: Option<String>,
    verified: bool,
    helpful: u32,
    reports: u32,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    product_name: Option<String>,
}

/// The columns of [`RatingRow`]; `r` is the rating, `p` the product.
macro_rules! select_ratings {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.product_id, r.user_id, r.stars, r.title, r.comment, r.status, r.moderation_reason, \
             r.verified, r.helpful, r.reports, r.version, r.created_at, r.updated_at, p.name AS product_name \
             FROM ratings r LEFT JOIN products p ON p.product_id = r.product_id ",
            $rest
        )
    };
}
pub(super) use select_ratings;

impl TryFrom<RatingRow> for ShownRating {
    type Error = StoreError;

    fn try_from(row: RatingRow) -> Result<Self, StoreError> {
        let title = row.title.map(Title::stored);
        let comment = row.comment.map(Comment::stored);
        let rating = Rating {
            id: RatingId::new(row.id),
            product_id: stored(&row.product_id)?,
            user_id: UserId::new(row.user_id),
            content: Content {
                stars: Stars::new(row.stars.into()).map_err(StoreError::corrupt)?,
                title,
                comment,
            },
            status: stored(&row.status)?,
            moderation_reason: row.moderation_reason.map(Reason::stored),
            verified: row.verified,
            helpful: row.helpful,
            reports: row.reports,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        Ok(Self { rating, product_name: row.product_name })
    }
}

pub(super) fn shown(rows: Vec<RatingRow>) -> Result<Vec<ShownRating>, StoreError> {
    rows.into_iter().map(ShownRating::try_from).collect()
}

#[derive(FromRow)]
pub(super) struct SummaryRow {
    product_id: String,
    stars_1: i32,
    stars_2: i32,
    stars_3: i32,
    stars_4: i32,
    stars_5: i32,
    version: u64,
}

impl TryFrom<SummaryRow> for (ProductId, Summary) {
    type Error = StoreError;

    fn try_from(row: SummaryRow) -> Result<Self, StoreError> {
        let mut counts = [0; 5];
        let columns = [row.stars_1, row.stars_2, row.stars_3, row.stars_4, row.stars_5];
        for (count, column) in counts.iter_mut().zip(columns) {
            *count = u32::try_from(column).map_err(StoreError::corrupt)?;
        }
        Ok((stored(&row.product_id)?, Summary::new(counts, row.version)))
    }
}
