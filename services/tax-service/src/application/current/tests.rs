//! The book in memory, with a database that the test plays.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use chrono::NaiveDate;
use config::database::StoreError;
use config::problem::{Fault, Kind};

use super::*;

/// A database with nothing but a version; away when there is none. Counts what it is asked.
#[derive(Default)]
struct Played {
    version: Mutex<Option<u64>>,
    asked: AtomicU64,
}

impl Played {
    fn set(&self, version: Option<u64>) {
        *self.version.lock().unwrap() = version;
    }

    fn answer(&self) -> Result<u64, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.version.lock().unwrap().ok_or_else(|| StoreError::Unavailable("away".into()))
    }
}

#[async_trait]
impl Books for Played {
    async fn version(&self) -> Result<u64, StoreError> {
        self.answer()
    }

    async fn book(&self, _: NaiveDate) -> Result<RateBook, StoreError> {
        self.answer().map(|version| RateBook::new(version, Vec::new(), Vec::new()))
    }
}

#[derive(Default)]
struct Stopped(AtomicI64);

impl Clock for Stopped {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(self.0.load(Ordering::SeqCst))
    }
}

async fn open() -> (CurrentBook, Arc<Played>, Arc<Stopped>) {
    let (books, clock) = (Arc::new(Played::default()), Arc::new(Stopped::default()));
    books.set(Some(1));
    let book = CurrentBook::open(books.clone(), clock.clone(), TimeDelta::seconds(100)).await.unwrap();
    (book, books, clock)
}

async fn version(book: &CurrentBook) -> Result<u64, Kind> {
    book.get().await.map(|book| book.version()).map_err(|error| error.kind())
}

#[tokio::test]
async fn a_book_that_is_fresh_enough_is_used_without_a_query() {
    let (book, books, clock) = open().await;
    books.set(None);
    clock.0.store(100, Ordering::SeqCst);
    let asked = books.asked.load(Ordering::SeqCst);
    assert_eq!(version(&book).await, Ok(1));
    assert_eq!(books.asked.load(Ordering::SeqCst), asked);
}

#[tokio::test]
async fn a_book_that_is_too_old_is_read_again_or_refused() {
    let (book, books, clock) = open().await;
    books.set(None);
    clock.0.store(101, Ordering::SeqCst);
    assert_eq!(version(&book).await, Err(Kind::Unavailable));
    books.set(Some(1));
    assert_eq!(version(&book).await, Ok(1));
    books.set(None);
    clock.0.store(201, Ordering::SeqCst);
    assert_eq!(version(&book).await, Ok(1), "it was confirmed at 101");
}

#[tokio::test]
async fn a_change_is_read_once_however_often_it_is_told() {
    let (book, books, _) = open().await;
    books.set(Some(3));
    book.changed(2).await.unwrap();
    assert_eq!(version(&book).await, Ok(3));
    let asked = books.asked.load(Ordering::SeqCst);
    book.changed(3).await.unwrap();
    book.changed(2).await.unwrap();
    assert_eq!(books.asked.load(Ordering::SeqCst), asked);
    books.set(Some(2));
    book.changed_here().await;
    assert_eq!(version(&book).await, Ok(3), "an overtaken read doesn't bring the old book back");
    books.set(Some(4));
    book.refresh().await.unwrap();
    assert_eq!(version(&book).await, Ok(4));
}
