//! Rates in a transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, Tx};
use config::place::{Country, State};

use super::rows::{RateRow, rates, select_rates};
use crate::application::Rates;
use crate::domain::{Label, Rate, RateId, RateTerms};

#[async_trait]
impl Rates for Tx {
    async fn next_version(&mut self) -> Result<u64, StoreError> {
        sqlx::query("UPDATE rate_book SET version = version + 1 WHERE id = 1")
            .execute(self.connection())
            .await?;
        Ok(sqlx::query_scalar("SELECT version FROM rate_book WHERE id = 1")
            .fetch_one(self.connection())
            .await?)
    }

    async fn rate(&mut self, id: RateId) -> Result<Option<Rate>, StoreError> {
        let row: Option<RateRow> = sqlx::query_as(select_rates!("WHERE id = ?"))
            .bind(id.get())
            .fetch_optional(self.connection())
            .await?;
        row.map(Rate::try_from).transpose()
    }

    async fn rates_of(&mut self, country: Country) -> Result<Vec<Rate>, StoreError> {
        let query = sqlx::query_as(select_rates!("WHERE country = ? ORDER BY id"));
        rates(query.bind(country.code()).fetch_all(self.connection()).await?)
    }

    async fn count_rates(&mut self) -> Result<u64, StoreError> {
        let count: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM rates").fetch_one(self.connection()).await?;
        Ok(count.unsigned_abs())
    }

    async fn add_rate(&mut self, terms: &RateTerms, now: DateTime<Utc>) -> Result<Rate, StoreError> {
        let insert = sqlx::query(
            "INSERT INTO rates (country, state, product_type, name, rate, priority, compound, replaces_country, \
             applies_to_shipping, valid_from, valid_to, updated_at, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let inserted = bound(insert, terms, now).bind(now).execute(self.connection()).await?;
        let id = RateId::new(inserted.last_insert_id());
        Ok(Rate { id, terms: terms.clone(), version: 1, created_at: now, updated_at: now })
    }

    async fn save_rate(&mut self, rate: &Rate) -> Result<(), StoreError> {
        let update = sqlx::query(
            "UPDATE rates SET country = ?, state = ?, product_type = ?, name = ?, rate = ?, priority = ?, \
             compound = ?, replaces_country = ?, applies_to_shipping = ?, valid_from = ?, valid_to = ?, \
             updated_at = ?, version = ? WHERE id = ?",
        );
        bound(update, &rate.terms, rate.updated_at)
            .bind(rate.version)
            .bind(rate.id.get())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn delete_rate(&mut self, id: RateId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM rates WHERE id = ?").bind(id.get()).execute(self.connection()).await?;
        Ok(())
    }

    async fn begin_demo(&mut self) -> Result<bool, StoreError> {
        let updated = sqlx::query("UPDATE rate_book SET demo_loaded = TRUE WHERE id = 1 AND NOT demo_loaded")
            .execute(self.connection())
            .await?;
        Ok(updated.rows_affected() == 1)
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::MySql, sqlx::mysql::MySqlArguments>;

/// In the order of the columns that both statements share.
fn bound<'q>(statement: Query<'q>, terms: &'q RateTerms, updated_at: DateTime<Utc>) -> Query<'q> {
    statement
        .bind(terms.place.country.code())
        .bind(terms.state().map(State::as_str))
        .bind(terms.product_type.as_ref().map(Label::as_str))
        .bind(terms.name.as_str())
        .bind(terms.percent.millionths())
        .bind(terms.priority)
        .bind(terms.compound)
        .bind(terms.replaces_country)
        .bind(terms.applies_to_shipping)
        .bind(terms.validity.from())
        .bind(terms.validity.to())
        .bind(updated_at)
}
