//! The simulator's memory of charges and refunds.

use config::database::{Db, StoreError};
use config::money::Money;
use sqlx::FromRow;
use uuid::Uuid;

use crate::application::Fee;
use crate::domain::{ChargeOutcome, Confirmation, Decline};

/// A charge that is asked for the first time.
#[derive(Debug)]
pub struct NewCharge {
    state: &'static str,
    capture: bool,
    decline_code: Option<&'static str>,
    challenge: Option<String>,
}

impl NewCharge {
    pub fn approved(capture: bool) -> Self {
        let state = if capture { "captured" } else { "authorized" };
        Self { state, capture, decline_code: None, challenge: None }
    }

    pub fn challenged(capture: bool) -> Self {
        let challenge = Some(Uuid::new_v4().simple().to_string());
        Self { state: "action_required", capture, decline_code: None, challenge }
    }

    pub fn declined(code: &'static str) -> Self {
        Self { state: "declined", capture: false, decline_code: Some(code), challenge: None }
    }
}

/// A charge as it is remembered.
#[derive(Debug, FromRow)]
pub struct ChargeRow {
    pub charge_key: Uuid,
    state: String,
    pub amount: i64,
    pub currency: String,
    pub captured: i64,
    transaction_id: String,
    decline_code: Option<String>,
    challenge: Option<String>,
}

impl ChargeRow {
    pub fn is(&self, state: &str) -> bool {
        self.state == state
    }

    /// One percent, rounded down: about what real ones keep.
    pub fn fee(&self) -> Fee {
        let currency = self.currency.parse().ok()?;
        Some(Money::from_minor(self.captured / 100, currency))
    }

    /// `challenges` is where its challenge is found.
    pub fn outcome(self, challenges: &str) -> ChargeOutcome {
        let fee = self.fee();
        let transaction_id = self.transaction_id;
        match (self.state.as_str(), self.challenge) {
            ("captured", _) => ChargeOutcome::Captured { transaction_id, fee },
            ("authorized" | "voided", _) => ChargeOutcome::Authorized { transaction_id },
            ("action_required", Some(token)) => {
                ChargeOutcome::ActionRequired(Confirmation::Redirect(format!("{challenges}{token}")))
            }
            _ => {
                let code = self.decline_code.unwrap_or_else(|| "card_declined".to_owned());
                ChargeOutcome::Declined(Decline::coded(&code))
            }
        }
    }
}

/// The columns of [`ChargeRow`].
macro_rules! select_charges {
    ($rest:literal) => {
        concat!(
            "SELECT charge_key, state, amount, currency, captured, transaction_id, decline_code, challenge \
             FROM simulator_charges ",
            $rest
        )
    };
}

/// Remembers a charge, unless one with its key is known.
pub async fn add(db: &Db, key: Uuid, amount: Money, new: &NewCharge) -> Result<(), StoreError> {
    let captured = if new.state == "captured" { amount.minor() } else { 0 };
    sqlx::query(
        "INSERT IGNORE INTO simulator_charges (charge_key, state, amount, currency, capture, captured, \
         transaction_id, decline_code, challenge) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(key)
    .bind(new.state)
    .bind(amount.minor())
    .bind(amount.currency().code())
    .bind(new.capture)
    .bind(captured)
    .bind(format!("sim_{}", Uuid::now_v7().simple()))
    .bind(new.decline_code)
    .bind(&new.challenge)
    .execute(db.pool())
    .await?;
    Ok(())
}

pub async fn find(db: &Db, key: Uuid) -> Result<ChargeRow, StoreError> {
    Ok(sqlx::query_as(select_charges!("WHERE charge_key = ?")).bind(key).fetch_one(db.pool()).await?)
}

pub async fn by_challenge(db: &Db, token: &str) -> Result<Option<ChargeRow>, StoreError> {
    let select = sqlx::query_as(select_charges!("WHERE challenge = ?"));
    Ok(select.bind(token).fetch_optional(db.pool()).await?)
}

/// The charge that is known by this to those who paid.
pub async fn by_transaction(db: &Db, id: &str) -> Result<Option<Uuid>, StoreError> {
    let select = sqlx::query_scalar("SELECT charge_key FROM simulator_charges WHERE transaction_id = ?");
    Ok(select.bind(id).fetch_optional(db.pool()).await?)
}

/// Ends a charge that has not ended, and one that never began before it can.
pub async fn abandon(db: &Db, key: Uuid) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO simulator_charges (charge_key, state, amount, currency, capture, transaction_id, decline_code) \
         VALUES (?, 'declined', 0, 'XXX', FALSE, '', 'abandoned') ON DUPLICATE KEY UPDATE \
         decline_code = IF(state = 'action_required', 'abandoned', decline_code), \
         state = IF(state = 'action_required', 'declined', state)",
    )
    .bind(key)
    .execute(db.pool())
    .await?;
    Ok(())
}

/// The customer's word on a challenge; the first one counts.
pub async fn decide(db: &Db, token: &str, approve: bool) -> Result<(), StoreError> {
    let statement = match approve {
        true => {
            "UPDATE simulator_charges SET captured = IF(capture, amount, 0), \
             state = IF(capture, 'captured', 'authorized') WHERE challenge = ? AND state = 'action_required'"
        }
        false => {
            "UPDATE simulator_charges SET decline_code = 'authentication_failed', state = 'declined' \
             WHERE challenge = ? AND state = 'action_required'"
        }
    };
    sqlx::query(statement).bind(token).execute(db.pool()).await?;
    Ok(())
}

/// Takes authorized money.
pub async fn capture(db: &Db, key: Uuid, amount: i64) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE simulator_charges SET state = 'captured', captured = ? \
         WHERE charge_key = ? AND state = 'authorized' AND amount >= ?",
    )
    .bind(amount)
    .bind(key)
    .bind(amount)
    .execute(db.pool())
    .await?;
    Ok(())
}

/// Gives an authorization back.
pub async fn void(db: &Db, key: Uuid) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE simulator_charges SET state = 'voided' WHERE charge_key = ? AND state = 'authorized'",
    )
    .bind(key)
    .execute(db.pool())
    .await?;
    Ok(())
}

/// Gives money back, once for each key; `false` when there isn't that much.
pub async fn refund(db: &Db, key: Uuid, charge: Uuid, amount: i64) -> Result<bool, StoreError> {
    let mut tx = db.pool().begin().await?;
    // The charge's row is locked before the refund is looked for, so that two with one key meet here.
    let left: Option<i64> = sqlx::query_scalar(
        "SELECT captured - refunded FROM simulator_charges WHERE charge_key = ? AND state = 'captured' FOR UPDATE",
    )
    .bind(charge)
    .fetch_optional(&mut *tx)
    .await?;
    let known: Option<i64> = sqlx::query_scalar("SELECT amount FROM simulator_refunds WHERE refund_key = ?")
        .bind(key)
        .fetch_optional(&mut *tx)
        .await?;
    if let Some(known) = known {
        return Ok(known == amount);
    }
    if left.is_none_or(|left| left < amount) {
        return Ok(false);
    }
    sqlx::query("INSERT INTO simulator_refunds (refund_key, charge_key, amount) VALUES (?, ?, ?)")
        .bind(key)
        .bind(charge)
        .bind(amount)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE simulator_charges SET refunded = refunded + ? WHERE charge_key = ?")
        .bind(amount)
        .bind(charge)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// The customer's bank sent a refund back, once: its money is the charge's again.
pub async fn came_back(db: &Db, refund: Uuid, charge: Uuid) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE simulator_refunds JOIN simulator_charges USING (charge_key) \
         SET came_back = TRUE, refunded = refunded - simulator_refunds.amount \
         WHERE refund_key = ? AND charge_key = ? AND NOT came_back",
    )
    .bind(refund)
    .bind(charge)
    .execute(db.pool())
    .await?;
    Ok(())
}
