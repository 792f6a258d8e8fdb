//! Forgetting what nobody will ask for again.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Db, StoreError};
use crate::clock::{Clock as _, SystemClock};

/// Messages come again within Kafka's retention, which is a week by default, and dead letters while they are kept
/// (`kafka/topics.rs`), which is hardly less than this.
const INBOX: TimeDelta = TimeDelta::days(14);
/// The contract promises 24 hours.
const IDEMPOTENCY_KEYS: TimeDelta = TimeDelta::days(3);

/// Rows of one deletion, so that none locks much or takes long.
const BATCH: u64 = 5000;

/// Deletes inbox rows and idempotent answers that are past their use: all of them, a batch at a time.
pub(crate) async fn forget_old(db: &Db) -> Result<(), StoreError> {
    let now = SystemClock.now();
    let deletions = [
        ("DELETE FROM inbox WHERE claimed_at < ? LIMIT ?", now - INBOX),
        ("DELETE FROM idempotency_keys WHERE created_at < ? LIMIT ?", now - IDEMPOTENCY_KEYS),
    ];
    for (statement, before) in deletions {
        db.delete_before(statement, before).await?;
    }
    Ok(())
}

impl Db {
    /// Carries out `DELETE … < ? LIMIT ?` until nothing older is left, a batch at a time, each in a transaction of its
    /// own.
    ///
    /// # Errors
    /// When the database is away; what was deleted by then stays so.
    pub async fn delete_before(
        &self,
        statement: &'static str,
        before: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        while sqlx::query(statement).bind(before).bind(BATCH).execute(self.pool()).await?.rows_affected()
            == BATCH
        {}
        Ok(())
    }
}
