//! What went through, minute by minute.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::money::{Currency, Money};

use super::{Counted, TransactionError, TransactionReader, Window};
use crate::domain::transactions::{PaymentType, TimeCounts};

/// What ended in a minute, of one type in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minute {
    pub minute: DateTime<Utc>,
    pub payment_type: PaymentType,
    pub currency: Currency,
    pub completed: u64,
    pub failed: u64,
    /// Of the completed ones.
    pub volume: Money,
    /// Half of them took this long or less, in milliseconds.
    pub p50: u64,
    /// And 99 of a hundred this long.
    pub p99: u64,
}

/// Tells what went through.
#[derive(Clone)]
pub struct Stats(Arc<dyn TransactionReader>);

impl Stats {
    pub fn new(transactions: Arc<dyn TransactionReader>) -> Self {
        Self(transactions)
    }

    /// In order of time.
    pub async fn run(&self, window: Window) -> Result<Vec<Minute>, TransactionError> {
        let counted = self.0.minutes(window).await?;
        let alike = |a: &Counted, b: &Counted| {
            (a.minute, a.payment_type, a.currency) == (b.minute, b.payment_type, b.currency)
        };
        Ok(counted.chunk_by(alike).filter_map(minute).collect())
    }
}

fn minute(counted: &[Counted]) -> Option<Minute> {
    let first = counted.first()?;
    let mut times = TimeCounts::default();
    counted.iter().for_each(|it| times.add(it.millis, it.completed + it.failed));
    let volume = counted.iter().fold(0_i64, |sum, it| sum.saturating_add(it.volume));
    Some(Minute {
        minute: first.minute,
        payment_type: first.payment_type,
        currency: first.currency,
        completed: counted.iter().map(|it| it.completed).sum(),
        failed: counted.iter().map(|it| it.failed).sum(),
        volume: Money::from_minor(volume, first.currency),
        p50: times.percentile(50),
        p99: times.percentile(99),
    })
}
