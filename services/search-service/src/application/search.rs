//! Finding products.

use std::sync::Arc;

use bytes::Bytes;
use metrics::{Counter, counter};
use moka::future::Cache;

use super::familiar::Familiar;
use super::{AnswerCache, Found, Index, SearchError, Trends};
use crate::domain::Query;

/// Bytes of the answers that this instance keeps beside Redis.
const KEPT: u64 = 4 << 20;

/// Answers queries: from this instance's memory, else from the shared cache, else from the index. An answer that
/// is asked for a second time goes to the shared cache; most never are, and would only push others out. For the same
/// reason only what was asked before, whatever the edition, is looked for there.
pub struct Search {
    index: Arc<dyn Index>,
    cache: Arc<dyn AnswerCache>,
    trends: Arc<dyn Trends>,
    /// By the edition, as in the shared cache.
    memory: Cache<(u128, Query), Kept>,
    familiar: Familiar,
    outcomes: [Counter; 3],
}

#[derive(Clone)]
struct Kept {
    body: Bytes,
    shared: bool,
    /// Whether it counts as a trend when it is asked.
    telling: bool,
}

/// An answer as it was rendered.
#[derive(Debug)]
pub struct Answer {
    pub body: Bytes,
    pub from_cache: bool,
}

impl Search {
    pub fn new(index: Arc<dyn Index>, cache: Arc<dyn AnswerCache>, trends: Arc<dyn Trends>) -> Self {
        let outcome = |result: &'static str| counter!("search_answers_total", "source" => result);
        Self {
            index,
            cache,
            trends,
            memory: Cache::builder()
                .max_capacity(KEPT)
                .weigher(|_, kept: &Kept| u32::try_from(kept.body.len() + 300).unwrap_or(u32::MAX))
                .build(),
            familiar: Familiar::new(),
            outcomes: [outcome("memory"), outcome("redis"), outcome("index")],
        }
    }

    /// `render` makes what is kept of what was found.
    pub async fn run(
        &self,
        query: Query,
        render: impl FnOnce(&Query, &Found) -> Bytes,
    ) -> Result<Answer, SearchError> {
        let edition = self.index.edition().ok_or(SearchError::Loading)?;
        let key = (edition, query);
        if let Some(kept) = self.memory.get(&key).await {
            self.outcomes[0].increment(1);
            self.asked(&key.1, kept.telling);
            if !kept.shared {
                self.cache.put(edition, &key.1, kept.body.clone());
                self.memory.insert(key, Kept { shared: true, ..kept.clone() }).await;
            }
            return Ok(Answer { body: kept.body, from_cache: true });
        }
        if self.familiar.again(&key.1)
            && let Some(body) = self.cache.get(edition, &key.1).await
        {
            self.outcomes[1].increment(1);
            // Whether it is telling, only those who looked it up know; they count.
            self.memory.insert(key, Kept { body: body.clone(), shared: true, telling: false }).await;
            return Ok(Answer { body, from_cache: true });
        }
        self.outcomes[2].increment(1);
        let (_, query) = key;
        let found = self.index.search(&query)?;
        let body = render(&query, &found);
        // What nobody finds or only corrected is no trend; nor is a text that isn't the catalogue's words, so that
        // nothing personal that somebody types is ever shown to others.
        let telling = found.total > 0 && found.verbatim;
        self.asked(&query, telling);
        self.memory.insert((found.edition, query), Kept { body: body.clone(), shared: false, telling }).await;
        Ok(Answer { body, from_cache: false })
    }

    fn asked(&self, query: &Query, telling: bool) {
        if telling && query.is_first_page() && !query.keyword.is_empty() {
            self.trends.searched(query.keyword.as_str());
        }
    }
}
