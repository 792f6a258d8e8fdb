//! Reads outside a transaction.

use async_trait::async_trait;
use chrono::NaiveDate;
use config::database::{Db, First, StoreError};
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
        let (count, select) = ("SELECT COUNT(*) FROM rates WHERE TRUE", select_rates!("WHERE TRUE"));
        let matching = |query: &mut QueryBuilder<MySql>| push_filter(query, filter);
        let Slice { items, total } = self.part(count, select, matching, First::Oldest("id"), paging).await?;
        Ok(Slice { items: rates(items)?, total })
    }

    async fn exemption(&self, id: ExemptionId) -> Result<Option<Exemption>, StoreError> {
        let row: Option<ExemptionRow> = sqlx::query_as(select_exemptions!("WHERE id = ?"))
            .bind(id.get())
            .fetch_optional(self.pool())
            .await?;
        row.map(Exemption::try_from).transpose()
    }

    async fn exemptions(&self, user: Option<UserId>, paging: Paging) -> Result<Slice<Exemption>, StoreError> {
        let (count, select) =
            ("SELECT COUNT(*) FROM exemptions WHERE TRUE", select_exemptions!("WHERE TRUE"));
        let matching = |query: &mut QueryBuilder<MySql>| {
            if let Some(user) = user {
                query.push(" AND user_id = ").push_bind(user.get());
            }
        };
        let Slice { items, total } = self.part(count, select, matching, First::Oldest("id"), paging).await?;
        Ok(Slice { items: exemptions(items)?, total })
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
