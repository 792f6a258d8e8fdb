//! Reads outside a transaction.

use async_trait::async_trait;
use chrono::NaiveDate;
use config::database::{Db, StoreError};
use config::id::UserId;
use config::page::{Paging, Slice};
use sqlx::{MySql, QueryBuilder};

use super::rows::{ExemptionRow, RateRow, exemptions, rates, select_exemptions, select_rates};
use crate::application::{Books, RateFilter, RateReader};
use crate::domain::{Exemption, ExemptionId, Rate, RateBook, RateId};

#[async_trait]
impl RateReader for Db {
    async fn rate(&self, id: RateId) -> Result<Option<Rate>, StoreError> {
        let row: Option<RateRow> =
            sqlx::query_as(select_rates!("WHERE id = ?")).bind(id.get()).fetch_optional(self.pool()).await?;
        row.map(Rate::try_from).transpose()
    }

    async fn rates(&self, filter: &RateFilter, paging: Paging) -> Result<Slice<Rate>, StoreError> {
        let mut count = QueryBuilder::new("SELECT COUNT(*) FROM rates WHERE TRUE");
        push_filter(&mut count, filter);
        let total: i64 = count.build_query_scalar().fetch_one(self.pool()).await?;
        let mut select = QueryBuilder::new(select_rates!("WHERE TRUE"));
        push_filter(&mut select, filter);
        push_page(&mut select, paging);
        let items = rates(select.build_query_as().fetch_all(self.pool()).await?)?;
        Ok(Slice { items, total: total.unsigned_abs() })
    }

    async fn exemption(&self, id: ExemptionId) -> Result<Option<Exemption>, StoreError> {
        let row: Option<ExemptionRow> = sqlx::query_as(select_exemptions!("WHERE id = ?"))
            .bind(id.get())
            .fetch_optional(self.pool())
            .await?;
        row.map(Exemption::try_from).transpose()
    }

    async fn exemptions(&self, user: Option<UserId>, paging: Paging) -> Result<Slice<Exemption>, StoreError> {
        let mut count = QueryBuilder::new("SELECT COUNT(*) FROM exemptions WHERE TRUE");
        let mut select = QueryBuilder::new(select_exemptions!("WHERE TRUE"));
        if let Some(user) = user {
            count.push(" AND user_id = ").push_bind(user.get());
            select.push(" AND user_id = ").push_bind(user.get());
        }
        let total: i64 = count.build_query_scalar().fetch_one(self.pool()).await?;
        push_page(&mut select, paging);
        let items = exemptions(select.build_query_as().fetch_all(self.pool()).await?)?;
        Ok(Slice { items, total: total.unsigned_abs() })
    }
}

#[async_trait]
impl Books for Db {
    async fn version(&self) -> Result<u64, StoreError> {
        Ok(sqlx::query_scalar("SELECT version FROM rate_book WHERE id = 1").fetch_one(self.pool()).await?)
    }

    async fn book(&self, day: NaiveDate) -> Result<RateBook, StoreError> {
        // The version first: should a change come in between, the book is newer than it says, and is read again.
        let version = Books::version(self).await?;
        let rates = rates(sqlx::query_as(select_rates!("ORDER BY id")).fetch_all(self.pool()).await?)?;
        let rows = sqlx::query_as(select_exemptions!("WHERE valid_to IS NULL OR valid_to >= ?"))
            .bind(day)
            .fetch_all(self.pool())
            .await?;
        let exemptions = exemptions(rows)?.into_iter().map(|exemption| exemption.terms).collect();
        Ok(RateBook::new(version, rates, exemptions))
    }
}

fn push_filter(query: &mut QueryBuilder<MySql>, filter: &RateFilter) {
    if let Some(country) = filter.country {
        query.push(" AND country = ").push_bind(country.to_string());
    }
    if let Some(state) = &filter.state {
        query.push(" AND state = ").push_bind(state.to_string());
    }
    if let Some(product_type) = &filter.product_type {
        query.push(" AND product_type = ").push_bind(product_type.to_string());
    }
    if let Some(day) = filter.on {
        query.push(" AND valid_from <= ").push_bind(day);
        query.push(" AND (valid_to IS NULL OR valid_to >= ").push_bind(day).push(")");
    }
}

fn push_page(select: &mut QueryBuilder<MySql>, paging: Paging) {
    if let Some(after) = paging.after {
        select.push(" AND id > ").push_bind(after);
    }
    select.push(" ORDER BY id LIMIT ").push_bind(paging.limit).push(" OFFSET ").push_bind(paging.skip);
}
