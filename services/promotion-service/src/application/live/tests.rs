use std::sync::atomic::{AtomicBool, AtomicU64};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::clock::SystemClock;
use config::page::{Paging, Slice};

use super::*;
use crate::application::{ListFilter, Priced};
use crate::domain::{Basket, PromotionId, Reason, ReservationId, ReservationState};

/// A database without promotions, which may be away.
#[derive(Default)]
struct Database {
    is_away: AtomicBool,
    is_silent: AtomicBool,
    reads: AtomicU64,
}

#[async_trait]
impl PromotionReader for Database {
    async fn live(&self, _: DateTime<Utc>) -> Result<Vec<Promotion>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if self.is_silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        match self.is_away.load(Ordering::SeqCst) {
            true => Err(StoreError::Unavailable("cut".into())),
            false => Ok(Vec::new()),
        }
    }

    async fn promotion(&self, _: PromotionId) -> Result<Option<Promotion>, StoreError> {
        unreachable!("not asked")
    }

    async fn list(&self, _: &ListFilter, _: Paging) -> Result<Slice<Promotion>, StoreError> {
        unreachable!("not asked")
    }

    async fn with_code(&self, _: &Code) -> Result<Option<Promotion>, StoreError> {
        unreachable!("not asked")
    }

    async fn exhausted(
        &self,
        _: &[&Promotion],
        _: &Basket,
    ) -> Result<Vec<(PromotionId, Reason)>, StoreError> {
        unreachable!("not asked")
    }

    async fn reservation(
        &self,
        _: ReservationId,
    ) -> Result<Option<(ReservationState, Option<Priced>)>, StoreError> {
        unreachable!("not asked")
    }
}

#[tokio::test]
async fn while_the_database_is_away_the_last_ones_hold_whatever_is_heard() {
    let database = Arc::new(Database::default());
    let promotions = LivePromotions::new(database.clone(), Arc::new(SystemClock));
    database.is_away.store(true, Ordering::SeqCst);
    assert!(promotions.now().await.is_err(), "there are no last ones");

    database.is_away.store(false, Ordering::SeqCst);
    let first = promotions.now().await.unwrap();
    database.is_away.store(true, Ordering::SeqCst);
    promotions.forget();
    let reads = database.reads.load(Ordering::SeqCst);
    for _ in 0..3 {
        assert!(Arc::ptr_eq(&promotions.now().await.unwrap(), &first));
    }
    assert_eq!(database.reads.load(Ordering::SeqCst), reads + 1, "not every basket waits for it");

    database.is_silent.store(true, Ordering::SeqCst);
    promotions.forget();
    assert!(Arc::ptr_eq(&promotions.now().await.unwrap(), &first), "nobody waits for an answer for ever");

    database.is_silent.store(false, Ordering::SeqCst);
    database.is_away.store(false, Ordering::SeqCst);
    promotions.forget();
    assert!(!Arc::ptr_eq(&promotions.now().await.unwrap(), &first));
}
