//! `Idempotency-Key`: a request that is sent again gets the first answer and has no second effect.
//!
//! A handler claims the key before the use case runs; the use case commits the answer with its effect
//! ([`UnitOfWork::answer`](crate::database::UnitOfWork::answer)); a use case that failed without an effect
//! gives the key back ([`Idempotency::release`]). A process that dies in between leaves a lease that nobody renews.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use poem_openapi::types::{ParseFromJSON, ToJSON};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::clock::{Clock as _, SystemClock};
use crate::database::{Db, GroupCommit, StoreError, Submitted, WriteGroup, padded};
use crate::problem::{ApiError, Facts, Fault, InvalidFields, Kind};

/// Another request with the same key may take over so long after a process has died.
const LEASE: TimeDelta = TimeDelta::seconds(6);
/// How often a running request renews its lease: twice may fail.
const RENEWAL: Duration = Duration::from_secs(2);

/// The right to do what the request asks for, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub(crate) scope: String,
    pub(crate) key: String,
    pub(crate) owner: Uuid,
}

impl Claim {
    /// Names the request itself, whoever works on it: what a process began for it before it died is found by this.
    pub fn request(&self) -> String {
        format!("{}:{}", self.scope, self.key)
    }
}

/// An answer that can be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// JSON
    pub body: String,
}

impl Answer {
    /// The answer that shows this body.
    pub fn json(status: u16, body: &impl ToJSON) -> Self {
        Self { status, body: body.to_json_string() }
    }

    /// The refusal that this error stands for, such as a declined payment.
    pub fn refusal(fault: impl Fault) -> Self {
        let error = ApiError::from(fault);
        Self { status: error.status().as_u16(), body: error.to_json() }
    }

    /// The body as the handler's type.
    pub fn body<T: ParseFromJSON>(&self) -> Result<T, StoreError> {
        T::parse_from_json_string(&self.body).map_err(|error| StoreError::corrupt(error.into_message()))
    }
}

/// What a claim found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Nobody did this before: do it. `None` when the client sent no key.
    New(Option<Claim>),
    /// It was done: this was the answer.
    Before(Answer),
}

/// Why a key can't be claimed.
#[derive(Debug, thiserror::Error)]
pub enum IdempotencyError {
    #[error("a request with this idempotency key is still running")]
    Running,
    #[error("this idempotency key was used for another request")]
    Reused,
    #[error(transparent)]
    Key(#[from] InvalidFields),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for IdempotencyError {
    fn facts(&self) -> Facts {
        match self {
            Self::Running => Kind::Conflict.coded("idempotency-key-running"),
            Self::Reused => Kind::Invalid.coded("idempotency-key-reused"),
            Self::Key(fields) => fields.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}

/// The keys that clients have sent.
#[derive(Clone)]
pub struct Idempotency {
    db: Db,
    new: GroupCommit<NewKeys>,
}

impl Idempotency {
    pub fn new(db: Db) -> Self {
        Self { new: GroupCommit::new(NewKeys(db.clone())), db }
    }

    /// Claims the key for this request. `scope` names the caller and the operation (`"7:place-order"`): keys
    /// of different callers never meet.
    pub async fn claim(
        &self,
        scope: String,
        key: Option<String>,
        request: &impl ToJSON,
    ) -> Result<Claimed, IdempotencyError> {
        let Some(key) = key else {
            return Ok(Claimed::New(None));
        };
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|b| b.is_ascii_graphic()) {
            let rule = "must be 1 to 255 visible ASCII characters";
            return Err(InvalidFields::one("Idempotency-Key", "invalid", rule).into());
        }
        let hash = request_hash(&request.to_json().unwrap_or_default());
        let claim = Claim { scope, key, owner: Uuid::now_v7() };
        if self.new.run(NewKey { claim: claim.clone(), hash: hash.clone() }).await? {
            return Ok(Claimed::New(Some(claim)));
        }
        self.existing(claim, &hash).await
    }

    async fn existing(&self, claim: Claim, hash: &[u8]) -> Result<Claimed, IdempotencyError> {
        type Row = (Vec<u8>, Option<u16>, Option<String>);
        let row: Option<Row> = sqlx::query_as(
            "SELECT request_hash, status, body FROM idempotency_keys WHERE scope = ? AND idem_key = ?",
        )
        .bind(&claim.scope)
        .bind(&claim.key)
        .fetch_optional(self.db.pool())
        .await
        .map_err(StoreError::from)?;
        match row {
            Some((first, _, _)) if first != hash => Err(IdempotencyError::Reused),
            Some((_, Some(status), Some(body))) => Ok(Claimed::Before(Answer { status, body })),
            Some(_) if self.take_over(&claim).await? => Ok(Claimed::New(Some(claim))),
            // Still running, or given back this very moment.
            _ => Err(IdempotencyError::Running),
        }
    }

    async fn take_over(&self, claim: &Claim) -> Result<bool, StoreError> {
        let now = SystemClock.now();
        let updated = sqlx::query(
            "UPDATE idempotency_keys SET owner = ?, lease_until = ? \
             WHERE scope = ? AND idem_key = ? AND status IS NULL AND lease_until < ?",
        )
        .bind(claim.owner)
        .bind(now + LEASE)
        .bind(&claim.scope)
        .bind(&claim.key)
        .bind(now)
        .execute(self.db.pool())
        .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Renews the lease while the work goes on, which may take longer: so the lease can be short, and whoever sends
    /// a request again doesn't wait long for a process that has died.
    async fn hold<T>(&self, claim: &Claim, work: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            done = work => done,
            never = self.renew(claim) => match never {},
        }
    }

    async fn renew(&self, claim: &Claim) -> Infallible {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let renewed = sqlx::query(
                "UPDATE idempotency_keys SET lease_until = ? \
                 WHERE scope = ? AND idem_key = ? AND owner = ? AND status IS NULL",
            )
            .bind(SystemClock.now() + LEASE)
            .bind(&claim.scope)
            .bind(&claim.key)
            .bind(claim.owner)
            .execute(self.db.pool())
            .await;
            if let Err(error) = renewed {
                tracing::debug!(%error, "the lease of an idempotency key isn't renewed");
            }
        }
    }

    /// Gives the key back after a failure without effect, so that the client may try again.
    pub async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM idempotency_keys WHERE scope = ? AND idem_key = ? AND owner = ? AND status IS NULL",
        )
        .bind(&claim.scope)
        .bind(&claim.key)
        .bind(claim.owner)
        .execute(self.db.pool())
        .await?;
        Ok(())
    }

    /// Runs `work` under the key: replays the first answer, or does the work and gives the key back when it
    /// failed. `work` commits its answer through the unit of work it was given the claim for.
    pub async fn run<T, E, F>(
        &self,
        scope: String,
        key: Option<String>,
        request: &impl ToJSON,
        work: impl FnOnce(Option<Claim>) -> F,
    ) -> Result<Done<T>, ApiError>
    where
        T: ParseFromJSON,
        ApiError: From<E>,
        F: Future<Output = Result<T, E>>,
    {
        let claim = match self.claim(scope, key, request).await? {
            Claimed::Before(answer) if answer.status >= 400 => return Err(ApiError::replay(&answer)),
            Claimed::Before(answer) => return Ok(Done { value: answer.body()?, replayed: true }),
            Claimed::New(claim) => claim,
        };
        let work = work(claim.clone());
        let outcome = match &claim {
            Some(claim) => self.hold(claim, work).await,
            None => work.await,
        };
        match outcome {
            Ok(value) => Ok(Done { value, replayed: false }),
            Err(error) => {
                if let Some(claim) = &claim
                    && let Err(error) = self.release(claim).await
                {
                    tracing::warn!(%error, "an idempotency key could not be given back; its lease will run out");
                }
                Err(error.into())
            }
        }
    }
}

/// A key that a request came with.
struct NewKey {
    claim: Claim,
    hash: Vec<u8>,
}

/// Writes keys down, and tells of each whether it is new.
struct NewKeys(Db);

#[async_trait]
impl WriteGroup for NewKeys {
    type Job = NewKey;
    type Done = bool;

    async fn write(&self, group: &[Submitted<NewKey>]) -> Result<Vec<bool>, StoreError> {
        let now = SystemClock.now();
        let mut insert = QueryBuilder::new(
            "INSERT IGNORE INTO idempotency_keys (scope, idem_key, request_hash, owner, lease_until, created_at) ",
        );
        insert.push_values(padded(group), |mut row, Submitted { job: NewKey { claim, hash }, .. }| {
            row.push_bind(&claim.scope).push_bind(&claim.key).push_bind(hash.as_slice());
            row.push_bind(claim.owner).push_bind(now + LEASE).push_bind(now);
        });
        let inserted = insert.build().execute(self.0.pool()).await?;
        if inserted.rows_affected() == group.len() as u64 {
            return Ok(vec![true; group.len()]);
        }
        let owners = self.owners(group).await?;
        Ok(group.iter().map(|it| owners.contains(&it.job.claim.owner)).collect())
    }
}

impl NewKeys {
    /// Who has the keys: ours may stand there already, when a try before this one got no answer.
    async fn owners(&self, group: &[Submitted<NewKey>]) -> Result<HashSet<Uuid>, StoreError> {
        let mut select = QueryBuilder::new("SELECT owner FROM idempotency_keys WHERE ");
        let mut keys = select.separated(" OR ");
        for Submitted { job: NewKey { claim, .. }, .. } in padded(group) {
            keys.push("(scope = ").push_bind_unseparated(&claim.scope);
            keys.push_unseparated(" AND idem_key = ").push_bind_unseparated(&claim.key).push_unseparated(")");
        }
        Ok(select.build_query_scalar().fetch_all(self.0.pool()).await?.into_iter().collect())
    }
}

/// What came of a request under an idempotency key.
#[derive(Debug)]
pub struct Done<T> {
    pub value: T,
    /// Whether this is the answer to an earlier request.
    pub replayed: bool,
}

/// Objects hash alike whatever the order of their members: `serde_json` sorts them.
fn request_hash(request: &Value) -> Vec<u8> {
    Sha256::digest(request.to_string()).to_vec()
}
