//! The book that quotes are made from: kept in memory, and kept up.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use chrono::{DateTime, TimeDelta, Utc};
use config::clock::Clock;
use config::problem::chain;

use super::{Books, TaxError};
use crate::domain::RateBook;

/// Every instance's copy of the rates and exemptions.
///
/// It is read again after a change of this instance's own, when another instance tells of one, and from time to time
/// in case nobody told. While the database is away the last one is good: nothing can change it meanwhile, and which
/// rate holds on which day stands in it. Only when the database has been away for very long is it refused.
pub struct CurrentBook {
    books: Arc<dyn Books>,
    clock: Arc<dyn Clock>,
    patience: TimeDelta,
    kept: RwLock<Kept>,
}

struct Kept {
    book: Arc<RateBook>,
    /// When it was last known to be the newest.
    confirmed_at: DateTime<Utc>,
}

impl CurrentBook {
    /// Reads the book for the first time. `patience`: for how long it is good without the database.
    pub async fn open(
        books: Arc<dyn Books>,
        clock: Arc<dyn Clock>,
        patience: TimeDelta,
    ) -> Result<Self, TaxError> {
        let confirmed_at = clock.now();
        let book = Arc::new(books.book(confirmed_at.date_naive()).await?);
        Ok(Self { books, clock, patience, kept: RwLock::new(Kept { book, confirmed_at }) })
    }

    /// The book; without a query unless it is too old to be trusted.
    pub async fn get(&self) -> Result<Arc<RateBook>, TaxError> {
        if let Some(book) = self.trusted() {
            return Ok(book);
        }
        self.refresh().await?;
        Ok(self.kept().book.clone())
    }

    /// Another instance has changed it.
    pub async fn changed(&self, version: u64) -> Result<(), TaxError> {
        if self.version() >= version { Ok(()) } else { self.read().await }
    }

    /// Reads it again if it has changed.
    pub async fn refresh(&self) -> Result<(), TaxError> {
        let asked_at = self.clock.now();
        let newest = self.books.version().await?;
        if self.version() < newest {
            return self.read().await;
        }
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.confirmed_at = kept.confirmed_at.max(asked_at);
        Ok(())
    }

    /// This instance has changed it and shows it at once. What is committed isn't undone by a failure to read it.
    pub(super) async fn changed_here(&self) {
        if let Err(error) = self.read().await {
            tracing::warn!(error = %chain(&error), "the changed rates could not be read; they will be soon");
        }
    }

    async fn read(&self) -> Result<(), TaxError> {
        let asked_at = self.clock.now();
        let book = self.books.book(asked_at.date_naive()).await?;
        metrics::counter!("tax_book_reads_total").increment(1);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        // A read that was overtaken by another must not put the older book back.
        if book.version() >= kept.book.version() {
            tracing::debug!(version = book.version(), "the tax rates were read");
            *kept = Kept { book: Arc::new(book), confirmed_at: kept.confirmed_at.max(asked_at) };
        }
        Ok(())
    }

    fn kept(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn version(&self) -> u64 {
        self.kept().book.version()
    }

    fn trusted(&self) -> Option<Arc<RateBook>> {
        let kept = self.kept();
        let age = self.clock.now() - kept.confirmed_at;
        (age <= self.patience).then(|| kept.book.clone())
    }
}

#[cfg(test)]
mod tests;
