//! Reads outside a transaction.

use std::collections::BTreeMap;

use async_trait::async_trait;
use config::database::{Db, StoreError, push_list};
use config::id::{ProductId, UserId};
use config::page::{Paging, Slice};
use sqlx::{MySql, QueryBuilder};

use super::rows::{RatingRow, SummaryRow, select_ratings, shown};
use crate::application::{
    Filter, MOST_REASONS, Position, Queue, RatingReader, ShownRating, Sort, WaitingRating,
};
use crate::domain::{RatingId, Reason, Status, Summary};

#[async_trait]
impl RatingReader for Db {
    async fn rating(&self, id: RatingId) -> Result<Option<ShownRating>, StoreError> {
        let row: Option<RatingRow> = sqlx::query_as(select_ratings!("WHERE r.id = ?"))
            .bind(id.get())
            .fetch_optional(self.pool())
            .await?;
        row.map(ShownRating::try_from).transpose()
    }

    async fn of_user_and_product(
        &self,
        user: UserId,
        product: &ProductId,
    ) -> Result<Option<RatingId>, StoreError> {
        let id: Option<u64> =
            sqlx::query_scalar("SELECT id FROM ratings WHERE user_id = ? AND product_id = ?")
                .bind(user.get())
                .bind(product.as_str())
                .fetch_optional(self.pool())
                .await?;
        Ok(id.map(RatingId::new))
    }

    async fn of_product(
        &self,
        product: &ProductId,
        filter: Filter,
        sort: Sort,
        paging: Paging,
    ) -> Result<(Summary, Slice<ShownRating>), StoreError> {
        let mut select = QueryBuilder::<MySql>::new(select_ratings!(""));
        only(&mut select, product, filter);
        let (column, ascending) = match sort {
            Sort::Newest => ("", false),
            Sort::Helpful => ("r.helpful", false),
            Sort::Highest => ("r.stars", false),
            Sort::Lowest => ("r.stars", true),
        };
        ordered(&mut select, column, ascending, paging);
        let rows: Vec<RatingRow> = select.build_query_as().fetch_all(self.pool()).await?;
        // Counted last: what was added meanwhile must not make a part look like the end.
        let summary = self.summary(product).await?;
        let mut count = QueryBuilder::<MySql>::new("SELECT COUNT(*) FROM ratings r ");
        only(&mut count, product, filter);
        let total = match (filter.verified, filter.stars) {
            (None, None) => summary.count(),
            (None, Some(stars)) => summary.with(stars),
            (Some(_), _) => {
                let total: i64 = count.build_query_scalar().fetch_one(self.pool()).await?;
                total.unsigned_abs()
            }
        };
        Ok((summary, Slice { items: shown(rows)?, total }))
    }

    async fn of_user(&self, user: UserId, paging: Paging) -> Result<Slice<ShownRating>, StoreError> {
        let mut select = QueryBuilder::<MySql>::new(select_ratings!("WHERE r.user_id = "));
        select.push_bind(user.get());
        ordered(&mut select, "", false, paging);
        let rows: Vec<RatingRow> = select.build_query_as().fetch_all(self.pool()).await?;
        // Counted last, as elsewhere.
        let total: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM ratings WHERE user_id = ?")
            .bind(user.get())
            .fetch_one(self.pool())
            .await?;
        Ok(Slice { items: shown(rows)?, total: total.unsigned_abs() })
    }

    async fn queue(&self, queue: Queue, paging: Paging) -> Result<Slice<WaitingRating>, StoreError> {
        let waiting = |builder: &mut QueryBuilder<MySql>| match queue {
            Queue::Status(status) => {
                builder.push("WHERE r.status = ").push_bind(status.as_str());
                ""
            }
            Queue::Reported => {
                builder.push("WHERE r.reports > 0");
                "r.reports"
            }
        };
        let mut select = QueryBuilder::new(select_ratings!(""));
        let column = waiting(&mut select);
        ordered(&mut select, column, false, paging);
        let rows: Vec<RatingRow> = select.build_query_as().fetch_all(self.pool()).await?;
        // Counted last, as elsewhere.
        let mut count = QueryBuilder::new("SELECT COUNT(*) FROM ratings r ");
        waiting(&mut count);
        let total: i64 = count.build_query_scalar().fetch_one(self.pool()).await?;
        let items = with_reasons(self, shown(rows)?).await?;
        Ok(Slice { items, total: total.unsigned_abs() })
    }

    async fn summary(&self, product: &ProductId) -> Result<Summary, StoreError> {
        let row: Option<SummaryRow> = sqlx::query_as(
            "SELECT product_id, stars_1, stars_2, stars_3, stars_4, stars_5, version FROM summaries \
             WHERE product_id = ?",
        )
        .bind(product.as_str())
        .fetch_optional(self.pool())
        .await?;
        let found: Option<(ProductId, Summary)> = row.map(TryInto::try_into).transpose()?;
        Ok(found.map(|(_, summary)| summary).unwrap_or_default())
    }

    async fn knows_product(&self, product: &ProductId) -> Result<bool, StoreError> {
        // The demonstration's ratings may be there before the catalogue is heard.
        let known: i64 = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM products WHERE product_id = ?) \
             OR EXISTS (SELECT 1 FROM summaries WHERE product_id = ?)",
        )
        .bind(product.as_str())
        .bind(product.as_str())
        .fetch_one(self.pool())
        .await?;
        Ok(known == 1)
    }
}

/// The ratings with the reasons of their open reports, read in one go.
async fn with_reasons(db: &Db, ratings: Vec<ShownRating>) -> Result<Vec<WaitingRating>, StoreError> {
    let reported = ratings.iter().map(|shown| &shown.rating).filter(|rating| rating.reports > 0);
    let reported: Vec<u64> = reported.map(|rating| rating.id.get()).collect();
    let mut reasons: BTreeMap<u64, Vec<Reason>> = BTreeMap::new();
    if !reported.is_empty() {
        for (id, reason) in newest_reasons(db, &reported).await? {
            reasons.entry(id).or_default().push(Reason::stored(reason));
        }
    }
    let waiting = |shown: ShownRating| {
        let reasons = reasons.remove(&shown.rating.id.get()).unwrap_or_default();
        WaitingRating { shown, reasons }
    };
    Ok(ratings.into_iter().map(waiting).collect())
}

/// Of each of these ratings the newest first.
async fn newest_reasons(db: &Db, ratings: &[u64]) -> Result<Vec<(u64, String)>, StoreError> {
    let mut select = QueryBuilder::<MySql>::new(
        "SELECT rating_id, reason FROM ( \
           SELECT rating_id, reason, \
             ROW_NUMBER() OVER (PARTITION BY rating_id ORDER BY created_at DESC, user_id DESC) AS place \
           FROM reports WHERE reason IS NOT NULL AND rating_id IN ",
    );
    push_list(&mut select, ratings.iter().copied());
    select.push(") AS ranked WHERE place <= ").push_bind(MOST_REASONS).push(" ORDER BY rating_id, place");
    Ok(select.build_query_as().fetch_all(db.pool()).await?)
}

/// The published ratings of a product that pass the filter.
fn only(builder: &mut QueryBuilder<MySql>, product: &ProductId, filter: Filter) {
    builder.push("WHERE r.product_id = ").push_bind(product.to_string());
    builder.push(" AND r.status = ").push_bind(Status::Published.as_str());
    if let Some(stars) = filter.stars {
        builder.push(" AND r.stars = ").push_bind(stars.get());
    }
    if let Some(verified) = filter.verified {
        builder.push(" AND r.verified = ").push_bind(verified);
    }
}

/// The asked part of a list by `column` (none when empty) and then the newest first. `column` is one of ours.
fn ordered(builder: &mut QueryBuilder<MySql>, column: &'static str, ascending: bool, paging: Paging) {
    if let Some(after) = paging.after {
        if column.is_empty() {
            builder.push(" AND r.id < ").push_bind(after);
        } else {
            let Position { rank, id } = Position::unpack(after);
            let beyond = if ascending { " > " } else { " < " };
            builder.push(" AND (").push(column).push(beyond).push_bind(rank);
            builder.push(" OR (").push(column).push(" = ").push_bind(rank).push(" AND r.id < ").push_bind(id);
            builder.push("))");
        }
    }
    builder.push(" ORDER BY ");
    if !column.is_empty() {
        builder.push(column).push(if ascending { " ASC, " } else { " DESC, " });
    }
    // Both columns in one direction, so that the index gives the order; `lowest` sorts what it has found.
    builder.push("r.id DESC LIMIT ").push_bind(paging.limit).push(" OFFSET ").push_bind(paging.skip);
}
