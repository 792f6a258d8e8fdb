//! What people search for: a sorted set an hour in Redis. Searches are gathered here and sent together, so that
//! none of them waits or costs a round trip.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use config::clock::Clock;
use config::database::StoreError;
use redis::aio::ConnectionManager;

use crate::application::{Trend, Trends};
use crate::domain::folded;

/// Hours that count.
const HOURS: i64 = 24;
/// What an hour counts of the hour after it.
const DECAY: f64 = 0.85;
/// Terms that are kept of an hour.
const KEPT: isize = 500;
/// Terms that are told.
const TOLD: isize = 100;
/// Terms that are gathered between two sendings; more are dropped.
const GATHERED: usize = 2_000;
/// Longer searches are no trend.
const LONGEST: usize = 60;
/// How old what is told may be.
const FRESH: Duration = Duration::from_secs(2);

pub struct RedisTrends {
    connection: ConnectionManager,
    clock: Arc<dyn Clock>,
    gathered: Mutex<Gathered>,
    told: Mutex<Option<(Instant, Arc<Vec<Trend>>)>>,
}

/// How often each text was searched for since the last sending, in lower case.
#[derive(Default)]
struct Gathered(HashMap<String, u32>);

impl Gathered {
    fn count(&mut self, text: &str) {
        let text = text.to_lowercase();
        if self.0.len() < GATHERED || self.0.contains_key(&text) {
            *self.0.entry(text).or_default() += 1;
        }
    }
}

impl RedisTrends {
    pub fn new(connection: ConnectionManager, clock: Arc<dyn Clock>) -> Self {
        Self { connection, clock, gathered: Mutex::default(), told: Mutex::default() }
    }

    /// Sends what was gathered. What can't be sent is lost: it is only a trend.
    pub async fn send(&self) -> Result<(), StoreError> {
        let gathered = std::mem::take(&mut *self.gathered.lock().unwrap_or_else(PoisonError::into_inner));
        if gathered.0.is_empty() {
            return Ok(());
        }
        let key = key(self.hour());
        let mut pipe = redis::pipe();
        for (text, count) in gathered.0 {
            pipe.zincr(&key, text, count).ignore();
        }
        pipe.zremrangebyrank(&key, 0, -KEPT - 1).ignore().expire(&key, (HOURS + 1) * 3600).ignore();
        pipe.query_async::<()>(&mut self.connection.clone()).await?;
        Ok(())
    }

    fn hour(&self) -> i64 {
        self.clock.now().timestamp().div_euclid(3600)
    }
}

#[async_trait]
impl Trends for RedisTrends {
    fn searched(&self, text: &str) {
        if text.chars().count() > LONGEST {
            return;
        }
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner).count(text);
    }

    async fn top(&self) -> Result<Arc<Vec<Trend>>, StoreError> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, told)) = told
            && at.elapsed() < FRESH
        {
            return Ok(told);
        }
        let mut pipe = redis::pipe();
        let now = self.hour();
        for age in 0..HOURS {
            pipe.zrevrange_withscores(key(now - age), 0, TOLD - 1);
        }
        let hours: Vec<Vec<(String, f64)>> = pipe.query_async(&mut self.connection.clone()).await?;
        let top = Arc::new(summed(hours));
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), top.clone()));
        Ok(top)
    }
}

/// The hours together, the newest first; what differs only by accents is one, shown as most people write it.
fn summed(hours: Vec<Vec<(String, f64)>>) -> Vec<Trend> {
    let mut by_text: HashMap<String, HashMap<String, f64>> = HashMap::new();
    let mut weight = 1.0;
    for hour in hours {
        for (text, score) in hour {
            let spellings = by_text.entry(folded(&text).into_owned()).or_default();
            *spellings.entry(text).or_default() += score * weight;
        }
        weight *= DECAY;
    }
    let trend = |spellings: HashMap<String, f64>| {
        let score = spellings.values().sum();
        let usual = spellings.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)))?;
        Some(Trend { text: usual.0, score })
    };
    let mut trends: Vec<Trend> = by_text.into_values().filter_map(trend).collect();
    trends.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.text.cmp(&b.text)));
    trends.truncate(TOLD.unsigned_abs());
    trends
}

fn key(hour: i64) -> String {
    format!("search:trending:{hour}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_counts_however_it_is_written() {
        let mut gathered = Gathered::default();
        for text in ["tea", "Tea", "TEA", "tea", "Cà Phê", "cà phê"] {
            gathered.count(text);
        }
        assert_eq!(gathered.0, HashMap::from([("tea".to_owned(), 4), ("cà phê".to_owned(), 2)]));
    }

    #[test]
    fn too_many_texts_are_dropped_but_known_ones_go_on() {
        let mut gathered = Gathered::default();
        (0..GATHERED).for_each(|number| gathered.count(&format!("T{number}")));
        gathered.count("one too many");
        gathered.count("T7");
        assert_eq!((gathered.0.len(), gathered.0["t7"]), (GATHERED, 2));
    }

    #[test]
    fn the_newest_count_most_and_spellings_are_one() {
        let hour = |terms: &[(&str, f64)]| -> Vec<(String, f64)> {
            terms.iter().map(|(text, score)| ((*text).to_owned(), *score)).collect()
        };
        let trends =
            summed(vec![hour(&[("tea", 10.0), ("ca phe", 4.0), ("cà phê", 7.0)]), hour(&[("tent", 11.0)])]);
        let texts: Vec<&str> = trends.iter().map(|trend| trend.text.as_str()).collect();
        assert_eq!(texts, ["cà phê", "tea", "tent"]);
        assert!((trends[0].score - 11.0).abs() < 1e-9);
    }
}
