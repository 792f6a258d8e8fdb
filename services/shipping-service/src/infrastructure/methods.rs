//! Methods in a transaction.

use async_trait::async_trait;
use config::database::{StoreError, Tx};
use config::money::Money;
use sqlx::QueryBuilder;

use super::rows::{joined, methods, select_methods};
use crate::application::Methods;
use crate::domain::{MethodCode, ShippingMethod};

#[async_trait]
impl Methods for Tx {
    async fn method(&mut self, code: &MethodCode) -> Result<Option<ShippingMethod>, StoreError> {
        let rows = sqlx::query_as(select_methods!("WHERE m.code = ?", ""))
            .bind(code.as_str())
            .fetch_all(self.connection())
            .await?;
        Ok(methods(&rows)?.pop())
    }

    async fn method_for_update(&mut self, code: &MethodCode) -> Result<Option<ShippingMethod>, StoreError> {
        let rows = sqlx::query_as(select_methods!("WHERE m.code = ?", "FOR UPDATE"))
            .bind(code.as_str())
            .fetch_all(self.connection())
            .await?;
        Ok(methods(&rows)?.pop())
    }

    async fn add_method(&mut self, method: &ShippingMethod) -> Result<bool, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO methods (name, carrier, collected, days_min, days_max, countries, position, active, version, \
             code) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        match write(self, inserted, method).await {
            Ok(()) => insert_tariffs(self, method).await.map(|()| true),
            Err(error) if error.violates("PRIMARY") => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn save_method(&mut self, method: &ShippingMethod) -> Result<(), StoreError> {
        let updated = sqlx::query(
            "UPDATE methods SET name = ?, carrier = ?, collected = ?, days_min = ?, days_max = ?, countries = ?, \
             position = ?, active = ?, version = ? WHERE code = ?",
        );
        write(self, updated, method).await?;
        for deletion in ["DELETE FROM weight_bands WHERE method = ?", "DELETE FROM tariffs WHERE method = ?"]
        {
            sqlx::query(deletion).bind(method.code.as_str()).execute(self.connection()).await?;
        }
        insert_tariffs(self, method).await
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::MySql, sqlx::mysql::MySqlArguments>;

async fn write(tx: &mut Tx, statement: Query<'_>, method: &ShippingMethod) -> Result<(), StoreError> {
    statement
        .bind(method.name.as_str())
        .bind(method.carrier.as_str())
        .bind(method.collected)
        .bind(method.days.min())
        .bind(method.days.max())
        .bind(joined(&method.countries))
        .bind(method.position)
        .bind(method.active)
        .bind(method.version)
        .bind(method.code.as_str())
        .execute(tx.connection())
        .await?;
    Ok(())
}

async fn insert_tariffs(tx: &mut Tx, method: &ShippingMethod) -> Result<(), StoreError> {
    if method.tariffs.is_empty() {
        return Ok(());
    }
    let mut tariffs = QueryBuilder::new("INSERT INTO tariffs (method, currency, per_extra_kg, free_from) ");
    tariffs.push_values(&method.tariffs, |mut row, tariff| {
        row.push_bind(method.code.as_str())
            .push_bind(tariff.currency().code())
            .push_bind(tariff.per_extra_kg().map(Money::minor))
            .push_bind(tariff.free_from().map(Money::minor));
    });
    tariffs.build().execute(tx.connection()).await?;
    let all =
        method.tariffs.iter().flat_map(|tariff| tariff.bands().iter().map(|band| (tariff.currency(), band)));
    let mut bands = QueryBuilder::new("INSERT INTO weight_bands (method, currency, up_to_grams, price) ");
    bands.push_values(all, |mut row, (currency, band)| {
        row.push_bind(method.code.as_str())
            .push_bind(currency.code())
            .push_bind(band.up_to_grams)
            .push_bind(band.price.minor());
    });
    bands.build().execute(tx.connection()).await?;
    Ok(())
}
