use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use config::clock::SystemClock;
use config::database::StoreError;
use config::id::ProductId;

use super::*;
use crate::application::Part;
use crate::domain::Product;

/// An empty catalogue that counts how often it is read; nobody has ordered anything.
#[derive(Default)]
struct Shop(AtomicU64);

#[async_trait]
impl Catalogue for Shop {
    async fn after(&self, _id: Option<&ProductId>) -> Result<Part, SearchError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Part { products: Vec::new(), total: 0, more: false })
    }
}

#[async_trait]
impl Building for Shop {
    fn begin(&self) -> Result<(), SearchError> {
        Ok(())
    }

    fn add(&self, _products: Vec<Product>) {}

    async fn finish(&self) -> Result<u64, SearchError> {
        Ok(0)
    }
}

#[async_trait]
impl ReindexOrders for Shop {
    async fn give(&self, _number: u64) -> Result<(), StoreError> {
        Ok(())
    }

    async fn last(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

#[tokio::test]
async fn the_catalogue_is_read_whenever_following_begins() {
    let shop = Arc::new(Shop::default());
    let build = BuildIndex::new(shop.clone(), shop.clone(), shop.clone(), Arc::new(SystemClock));
    let (following, followed) = watch::channel(0);
    let told = async {
        for begun in 1..=3 {
            assert_eq!(shop.0.load(Ordering::SeqCst), begun - 1, "nothing is read before it is followed");
            following.send_replace(begun);
            while shop.0.load(Ordering::SeqCst) < begun {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::select! {
        () = build.keep(followed, Duration::from_secs(3600)) => {}
        () = told => {}
    }
    assert_eq!((build.progress().phase, shop.0.load(Ordering::SeqCst)), (Phase::Ready, 3));
}
