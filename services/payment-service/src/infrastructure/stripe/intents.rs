//! Which intent stands for which charge. Nothing of this is in a transaction with ours: it is remembered before Stripe
//! is asked for money, and whatever comes of that is found by it.

use config::database::{Db, StoreError};
use uuid::Uuid;

/// Remembers the intent; `false` when the charge was given up before.
pub async fn begin(db: &Db, charge: Uuid, intent: &str) -> Result<bool, StoreError> {
    let inserted = sqlx::query("INSERT IGNORE INTO stripe_intents (charge_key, intent_id) VALUES (?, ?)")
        .bind(charge)
        .bind(intent)
        .execute(db.pool())
        .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The intent; without one the charge never gets one.
pub async fn give_up(db: &Db, charge: Uuid) -> Result<Option<String>, StoreError> {
    sqlx::query("INSERT IGNORE INTO stripe_intents (charge_key) VALUES (?)")
        .bind(charge)
        .execute(db.pool())
        .await?;
    of_charge(db, charge).await
}

pub async fn of_charge(db: &Db, charge: Uuid) -> Result<Option<String>, StoreError> {
    let found: Option<Option<String>> =
        sqlx::query_scalar("SELECT intent_id FROM stripe_intents WHERE charge_key = ?")
            .bind(charge)
            .fetch_optional(db.pool())
            .await?;
    Ok(found.flatten())
}

pub async fn by_id(db: &Db, intent: &str) -> Result<Option<Uuid>, StoreError> {
    let select = sqlx::query_scalar("SELECT charge_key FROM stripe_intents WHERE intent_id = ?");
    Ok(select.bind(intent).fetch_optional(db.pool()).await?)
}
