//! Forgetting what nobody will ask for again.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Db, StoreError, retrying};
use crate::clock::{Clock as _, SystemClock};

/// Rows that nobody will ask for again.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// `DELETE … WHERE … < ? LIMIT ?`, on an index. Each batch is a transaction of its own.
    pub statement: &'static str,
    /// How long ago is old: what the statement compares is before then.
    pub age: TimeDelta,
}

/// Messages come again within Kafka's retention, which is a week by default, and dead letters while they are kept
/// (`kafka/topics.rs`), which is hardly less than this.
const INBOX: TimeDelta = TimeDelta::days(14);
/// The contract promises 24 hours.
const IDEMPOTENCY_KEYS: TimeDelta = TimeDelta::days(3);

/// Rows of one deletion, so that none locks much or takes long.
const BATCH: u64 = 5000;

const OURS: [Retention; 2] = [
    Retention { statement: "DELETE FROM inbox WHERE claimed_at < ? LIMIT ?", age: INBOX },
    Retention {
        statement: "DELETE FROM idempotency_keys WHERE created_at < ? LIMIT ?",
        age: IDEMPOTENCY_KEYS,
    },
];

/// Deletes inbox rows and idempotent answers that are past their use, and what the service says is: all of it, a batch
/// at a time. One that fails keeps none of the others from being done; the first failure is the result.
pub(crate) async fn forget_old(db: &Db, of_the_service: &[Retention]) -> Result<(), StoreError> {
    let now = SystemClock.now();
    let mut outcome = Ok(());
    for Retention { statement, age } in OURS.iter().chain(of_the_service) {
        outcome = outcome.and(delete_all(db, statement, now - *age).await);
    }
    outcome
}

async fn delete_all(db: &Db, statement: &'static str, before: DateTime<Utc>) -> Result<(), StoreError> {
    let batch = async || -> Result<u64, StoreError> {
        let deleted = sqlx::query(statement).bind(before).bind(BATCH).execute(db.pool()).await?;
        Ok(deleted.rows_affected())
    };
    while retrying(batch).await? == BATCH {}
    Ok(())
}
