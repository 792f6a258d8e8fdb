//! Users whose tokens no longer count although they haven't expired: deactivated, deleted, demoted, or logged
//! out everywhere. user-service writes them to Redis, every service follows within a second. While Redis is
//! away the last known list holds; tokens then end by themselves within 15 minutes.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use redis::aio::ConnectionManager;
use redis::{AsyncCommands as _, SortedSetAddOptions, UpdateCheck};
use tokio_util::sync::CancellationToken;

use super::{ACCESS_TOKEN_LIFETIME, Claims};
use crate::clock::{Clock as _, SystemClock};
use crate::id::UserId;

/// A sorted set: user id by the Unix second up to which issued tokens are void.
const KEY: &str = "auth:revocations";
const POLL: Duration = Duration::from_secs(1);

/// Voids every access token that the user got up to `until`. Saying an earlier time later changes nothing.
pub async fn revoke(
    redis: &mut ConnectionManager,
    user: UserId,
    until: DateTime<Utc>,
) -> redis::RedisResult<()> {
    let newer = SortedSetAddOptions::add_or_update(Some(UpdateCheck::GT));
    redis.zadd_options(KEY, user.get(), until.timestamp(), &newer).await
}

/// The current list.
#[derive(Debug, Clone, Default)]
pub struct Revocations(Arc<RwLock<HashMap<String, i64>>>);

impl Revocations {
    pub(super) fn revoked(&self, claims: &Claims) -> bool {
        let list = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        list.get(&claims.sub).is_some_and(|until| claims.iat <= *until)
    }

    /// Follows the list until `shutdown`.
    pub(crate) async fn follow(self, mut redis: ConnectionManager, shutdown: CancellationToken) {
        let mut away = false;
        loop {
            match fetch(&mut redis).await {
                Ok(list) => {
                    away = false;
                    *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = list;
                }
                Err(error) if !away => {
                    away = true;
                    tracing::warn!(%error, "revoked tokens can't be read; the last list holds");
                }
                Err(_) => {}
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }
}

async fn fetch(redis: &mut ConnectionManager) -> redis::RedisResult<HashMap<String, i64>> {
    let lifetime = i64::try_from(ACCESS_TOKEN_LIFETIME.as_secs()).unwrap_or(900);
    let oldest = SystemClock.now().timestamp() - lifetime - 60;
    let (list, _): (Vec<(String, i64)>, i64) = redis::pipe()
        .zrangebyscore_withscores(KEY, oldest, "+inf")
        .zrembyscore(KEY, "-inf", oldest - 1)
        .query_async(redis)
        .await?;
    Ok(list.into_iter().collect())
}
