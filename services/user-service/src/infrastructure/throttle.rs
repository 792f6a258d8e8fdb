//! Failed logins and password checks: counted in Redis for all instances, and in this process while Redis is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use moka::future::Cache;
use redis::aio::ConnectionManager;
use redis::{AsyncCommands as _, ExistenceCheck, RedisResult, SetExpiry, SetOptions};

use crate::application::{Attempt, LoginThrottle};

/// Memory for as many accounts and addresses; more are forgotten.
const REMEMBERED: u64 = 20_000;

/// How many failures are borne, and of those who are signed in how many password checks.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub per_account: u32,
    pub per_address: u32,
    /// From the first one on.
    pub window: Duration,
}

/// Counts failed logins.
pub struct RedisThrottle {
    redis: ConnectionManager,
    limits: Limits,
    own: Cache<String, Arc<AtomicU32>>,
}

impl RedisThrottle {
    pub fn new(redis: ConnectionManager, limits: Limits) -> Self {
        let own = Cache::builder().max_capacity(REMEMBERED).time_to_live(limits.window).build();
        Self { redis, limits, own }
    }

    /// How long the counter lives on, when it has reached its limit.
    async fn exceeded(&self, key: &str, limit: u32) -> Option<Duration> {
        let shared = match self.read(key).await {
            Ok((count, milliseconds)) => {
                count.is_some_and(|count| count >= limit).then(|| self.left(milliseconds))
            }
            Err(error) => {
                tracing::warn!(%error, "failed logins are counted in this process only");
                None
            }
        };
        let own = self.own.get(key).await.is_some_and(|count| count.load(Ordering::Relaxed) >= limit);
        shared.or(own.then_some(self.limits.window))
    }

    async fn read(&self, key: &str) -> RedisResult<(Option<u32>, i64)> {
        redis::pipe().get(key).pttl(key).query_async(&mut self.redis.clone()).await
    }

    /// What Redis says how long a counter lives on.
    fn left(&self, milliseconds: i64) -> Duration {
        u64::try_from(milliseconds).map_or(self.limits.window, Duration::from_millis)
    }

    /// One more; how many there are now, and how long they count.
    async fn count(&self, key: String) -> (u32, Duration) {
        let expiry = SetExpiry::PX(self.limits.window.as_millis().try_into().unwrap_or(u64::MAX));
        let first = SetOptions::default().conditional_set(ExistenceCheck::NX).with_expiration(expiry);
        let counted: RedisResult<(u32, i64)> = redis::pipe()
            .atomic()
            .set_options(&key, 0, first)
            .ignore()
            .incr(&key, 1)
            .pttl(&key)
            .query_async(&mut self.redis.clone())
            .await;
        match counted {
            Ok((count, milliseconds)) => (count, self.left(milliseconds)),
            Err(_) => {
                let own = self.own.get_with(key, async { Arc::default() }).await;
                (own.fetch_add(1, Ordering::Relaxed).saturating_add(1), self.limits.window)
            }
        }
    }
}

fn of_account(account: &str) -> String {
    format!("user-service:failed-logins:account:{account}")
}

fn of_checks(account: &str) -> String {
    format!("user-service:password-checks:account:{account}")
}

fn of_address(address: &str) -> String {
    format!("user-service:failed-logins:address:{address}")
}

#[async_trait]
impl LoginThrottle for RedisThrottle {
    async fn wait(&self, attempt: &Attempt) -> Option<Duration> {
        let (account, address) = (of_account(&attempt.account), of_address(&attempt.address));
        let (account, address) = tokio::join!(
            self.exceeded(&account, self.limits.per_account),
            self.exceeded(&address, self.limits.per_address),
        );
        account.max(address)
    }

    async fn failed(&self, attempt: &Attempt) {
        tokio::join!(self.count(of_account(&attempt.account)), self.count(of_address(&attempt.address)));
    }

    async fn check_begins(&self, account: &str) -> Option<Duration> {
        let (count, left) = self.count(of_checks(account)).await;
        (count > self.limits.per_account).then_some(left)
    }

    async fn clear(&self, account: &str) {
        let key = of_account(account);
        self.own.invalidate(&key).await;
        if let Err(error) = self.redis.clone().del::<_, ()>(&key).await {
            tracing::debug!(%error, "a counter of failed logins outlives its purpose");
        }
    }
}
