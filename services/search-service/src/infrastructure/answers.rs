//! Answers in Redis, shared by all instances.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use redis::AsyncCommands as _;
use redis::aio::ConnectionManager;

use crate::application::AnswerCache;
use crate::domain::{After, Query};

/// Nobody asks for an older edition's answers; this is how long they lie there.
const LIFETIME_SECONDS: u64 = 120;
/// Looking an answer up in the index takes less than a millisecond: longer than this isn't worth waiting.
const PATIENCE: Duration = Duration::from_millis(15);
/// How long Redis isn't asked after it failed to answer.
const REST: Duration = Duration::from_secs(1);

/// The shared cache. When Redis is slow or away, it is left alone for a moment.
pub struct RedisAnswers {
    connection: ConnectionManager,
    started: Instant,
    /// Milliseconds since `started`.
    resting_until: Arc<AtomicU64>,
}

impl RedisAnswers {
    pub fn new(connection: ConnectionManager) -> Self {
        Self { connection, started: Instant::now(), resting_until: Arc::default() }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_resting(&self) -> bool {
        self.now() < self.resting_until.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl AnswerCache for RedisAnswers {
    async fn get(&self, edition: u128, query: &Query) -> Option<Bytes> {
        if self.is_resting() {
            return None;
        }
        let mut connection = self.connection.clone();
        let asked = connection.get::<_, Option<Vec<u8>>>(key(edition, query));
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(body)) => body.map(Bytes::from),
            Ok(Err(_)) | Err(_) => {
                metrics::counter!("search_cache_failures_total").increment(1);
                self.resting_until.store(self.now() + REST.as_millis() as u64, Ordering::Relaxed);
                None
            }
        }
    }

    fn put(&self, edition: u128, query: &Query, answer: Bytes) {
        if self.is_resting() {
            return;
        }
        let (mut connection, key) = (self.connection.clone(), key(edition, query));
        tokio::spawn(async move {
            let kept = connection.set_ex::<_, _, ()>(key, answer.as_ref(), LIFETIME_SECONDS).await;
            if let Err(error) = kept {
                tracing::debug!(%error, "an answer isn't shared");
            }
        });
    }
}

/// What means the same has the same key, in every instance of this version.
fn key(edition: u128, query: &Query) -> String {
    let Query { keyword, filters, sort, after, skip, limit } = query;
    let after = match after {
        None => String::new(),
        Some(After::Number(number, id)) => format!("{number}@{id}"),
        Some(After::Text(text, id)) => format!("{text:?}@{id}"),
    };
    // `Debug` quotes texts, so that no text can look like another member.
    format!("search:answer:{edition:032x}:{:?}:{filters:?}:{sort}:{after}:{skip}:{limit}", keyword.as_str())
}
