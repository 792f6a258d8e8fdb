//! What readers get, kept ready in memory.
//!
//! A product is kept by its id, as the bytes that travel. Whoever writes or hears of a change puts the newer
//! view in; of two views the newest parts win ([`Product::newest`]), so that a read that was under way while
//! the product changed can't put the old one back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use config::database::StoreError;
use config::id::ProductId;
use config::page::{Page, Slice};
use metrics::{Counter, counter};
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};
use poem_openapi::types::ToJSON;

use super::cursor;
use super::dto::{CategoryDto, ProductDto};
use crate::application::{Catalogue, ListQuery, ProductCache};
use crate::domain::{Figure, Product};

/// The backstop, should an event of another instance not arrive.
const PRODUCT_LIFETIME: Duration = Duration::from_secs(30);
/// How old a list may be. Within an instance a change of the catalogue shows at once.
const LIST_LIFETIME: Duration = Duration::from_secs(1);
/// Of the products' and of the lists' bytes.
const MAX_BYTES: u64 = 12 << 20;

/// A product as it is shown.
pub struct Shown {
    pub product: Product,
    /// Of [`ProductDto`].
    pub json: Bytes,
    /// The strong validator of `json`.
    pub tag: String,
}

impl Shown {
    fn new(product: Product) -> Arc<Self> {
        let json = ProductDto::from(&product).to_json_string().into();
        let tag = tag(&product);
        Arc::new(Self { product, json, tag })
    }
}

/// The version, and behind it the versions of the figures, which change what is shown too.
fn tag(product: &Product) -> String {
    match (product.version, product.stock.version, product.rating.version) {
        (version, 0, 0) => format!("\"{version}\""),
        (version, stock, rating) => format!("\"{version}.{stock}.{rating}\""),
    }
}

/// The products and lists that were asked for lately.
pub struct ShownProducts {
    catalogue: Arc<dyn Catalogue>,
    products: Cache<ProductId, Arc<Shown>>,
    /// By the catalogue's generation: lists of an earlier one are never asked for again.
    lists: Cache<(u64, Asked), Bytes>,
    generation: AtomicU64,
    hits: Counter,
    misses: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Asked {
    Products(ListQuery),
    Categories,
}

impl ShownProducts {
    pub fn new(catalogue: Arc<dyn Catalogue>) -> Self {
        let weight = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        Self {
            catalogue,
            products: Cache::builder()
                .max_capacity(MAX_BYTES)
                // The product itself beside its JSON is about as large.
                .weigher(move |_, shown: &Arc<Shown>| weight(2 * shown.json.len()))
                .time_to_live(PRODUCT_LIFETIME)
                .build(),
            lists: Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(move |_, json: &Bytes| weight(json.len()))
                .time_to_live(LIST_LIFETIME)
                .build(),
            generation: AtomicU64::new(0),
            hits: counter!("product_cache_reads_total", "result" => "hit"),
            misses: counter!("product_cache_reads_total", "result" => "miss"),
        }
    }

    /// A product; many who miss it at once read it once.
    pub async fn product(&self, id: &ProductId) -> Result<Option<Arc<Shown>>, StoreError> {
        if let Some(shown) = self.products.get(id).await {
            self.hits.increment(1);
            return Ok(Some(shown));
        }
        self.misses.increment(1);
        let computed = self.products.entry_by_ref(id).and_try_compute_with(|present| async move {
            match present {
                Some(_) => Ok(Op::Nop),
                None => self
                    .catalogue
                    .product(id)
                    .await
                    .map(|found| found.map_or(Op::Nop, |it| Op::Put(Shown::new(it)))),
            }
        });
        Ok(value(computed.await?))
    }

    /// Those of the products that exist; what isn't kept is read in one go.
    pub async fn products(&self, ids: &[ProductId]) -> Result<Vec<Arc<Shown>>, StoreError> {
        let (mut shown, mut missing) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids {
            match self.products.get(id).await {
                Some(product) => shown.push(product),
                None => missing.push(id.clone()),
            }
        }
        self.hits.increment(shown.len() as u64);
        if !missing.is_empty() {
            self.misses.increment(missing.len() as u64);
            for product in self.catalogue.products(&missing).await? {
                shown.push(self.keep(product).await);
            }
        }
        Ok(shown)
    }

    pub async fn by_sku(&self, sku: &crate::domain::Sku) -> Result<Option<Arc<Shown>>, StoreError> {
        match self.catalogue.by_sku(sku).await? {
            Some(product) => Ok(Some(self.keep(product).await)),
            None => Ok(None),
        }
    }

    /// JSON of a page of [`ProductDto`].
    pub async fn list(&self, query: ListQuery) -> Result<Bytes, StoreError> {
        let read = async |query: &ListQuery| {
            let Slice { items, total } = self.catalogue.list(query).await?;
            let next_cursor = cursor::next(query, &items);
            let items: Vec<ProductDto> = items.iter().map(ProductDto::from).collect();
            let page = Page { count: items.len() as u64, items, total, next_cursor };
            Ok(page.to_json_string().into())
        };
        self.listed(Asked::Products(query.clone()), read(&query)).await
    }

    /// The catalogue as it is kept: nothing of it is worth keeping in memory.
    pub async fn export(&self, after: Option<&ProductId>, limit: u32) -> Result<Slice<Product>, StoreError> {
        self.catalogue.export(after, limit).await
    }

    /// JSON of a page of [`CategoryDto`].
    pub async fn categories(&self) -> Result<Bytes, StoreError> {
        let read = async {
            let categories = self.catalogue.categories().await?;
            let items: Vec<CategoryDto> = categories.into_iter().map(CategoryDto::from).collect();
            let count = items.len() as u64;
            Ok(Page { items, count, total: count, next_cursor: None }.to_json_string().into())
        };
        self.listed(Asked::Categories, read).await
    }

    async fn listed(
        &self,
        asked: Asked,
        read: impl Future<Output = Result<Bytes, StoreError>>,
    ) -> Result<Bytes, StoreError> {
        let key = (self.generation.load(Ordering::Acquire), asked);
        if let Some(json) = self.lists.get(&key).await {
            return Ok(json);
        }
        let computed = self.lists.entry(key).and_try_compute_with(|present| async move {
            match present {
                Some(_) => Ok(Op::Nop),
                None => read.await.map(Op::Put),
            }
        });
        Ok(value(computed.await?).unwrap_or_default())
    }

    /// Another instance has changed this product.
    pub async fn changed_elsewhere(&self, id: &ProductId, version: u64) -> Result<(), StoreError> {
        let kept = self.products.get(id).await.map(|shown| shown.product.version);
        if kept.is_some_and(|kept| kept >= version) {
            return Ok(());
        }
        if kept.is_some()
            && let Some(product) = self.catalogue.product(id).await?
        {
            self.keep(product).await;
        }
        self.generation.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// The newest view after this one came in.
    pub async fn keep(&self, product: Product) -> Arc<Shown> {
        let id = product.id.clone();
        let kept = self.products.entry(id).and_upsert_with(|present| async move {
            match present.map(|entry| entry.into_value()) {
                Some(shown) => {
                    let newest = product.newest(&shown.product);
                    if newest == shown.product { shown } else { Shown::new(newest) }
                }
                None => Shown::new(product),
            }
        });
        kept.await.into_value()
    }
}

#[async_trait]
impl ProductCache for ShownProducts {
    async fn changed(&self, product: &Product) {
        self.keep(product.clone()).await;
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    async fn follow(&self, id: &ProductId, figure: Figure) {
        if !self.products.contains_key(id) {
            return;
        }
        self.products
            .entry_by_ref(id)
            .and_compute_with(|present| async move {
                let Some(entry) = present else { return Op::Nop };
                let mut product = entry.value().product.clone();
                product.follow(figure);
                if product == entry.value().product { Op::Nop } else { Op::Put(Shown::new(product)) }
            })
            .await;
    }
}

fn value<K, V: Clone + Send + Sync + 'static>(computed: CompResult<K, V>) -> Option<V> {
    match computed {
        CompResult::Inserted(entry) | CompResult::ReplacedWith(entry) | CompResult::Unchanged(entry) => {
            Some(entry.into_value())
        }
        CompResult::StillNone(_) | CompResult::Removed(_) => None,
    }
}
