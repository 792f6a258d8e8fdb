//! What readers get, kept ready in memory.
//!
//! A product is kept by its id, as the bytes that travel. Whoever writes or hears of a change puts the newer
//! view in; of two views the newest parts win ([`Product::newest`]), so that a read that was under way while
//! the product changed can't put the old one back. Where there was no view to put it in, it is remembered for a
//! while ([`News`]).

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use config::database::StoreError;
use config::id::ProductId;
use config::page::{Page, Slice};
use metrics::{Counter, counter};
use moka::Entry;
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};
use moka::policy::EvictionPolicy;
use poem_openapi::types::ToJSON;

use super::cursor;
use super::dto::{CategoryDto, ProductDto};
use crate::application::{Catalogue, ListQuery, ProductCache};
use crate::domain::{Figure, Product, Rating, Stock};

/// The backstop, should an event of another instance not arrive.
const PRODUCT_LIFETIME: Duration = Duration::from_secs(30);
/// How old a list may be. Within an instance a change of the catalogue shows at once.
const LIST_LIFETIME: Duration = Duration::from_secs(1);
/// Of the products' and of the lists' bytes.
const MAX_BYTES: u64 = 12 << 20;
/// Of how many products it is remembered what was said lately.
const MOST_NEWS: u64 = 4_096;

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

/// What was said of a product lately. A view that was read before is put right by it: figures are heard by all
/// instances at once, also before one of them has told the catalogue.
#[derive(Debug, Clone, Copy, Default)]
struct News {
    /// The product's own; what it is like now, only the catalogue says.
    version: u64,
    stock: Stock,
    rating: Rating,
}

impl News {
    fn and(self, figure: Figure) -> Self {
        match figure {
            Figure::Stock(stock) if stock.version > self.stock.version => Self { stock, ..self },
            Figure::Rating(rating) if rating.version > self.rating.version => Self { rating, ..self },
            Figure::Stock(_) | Figure::Rating(_) => self,
        }
    }

    fn brought_into(self, mut product: Product) -> Product {
        product.follow(Figure::Stock(self.stock));
        product.follow(Figure::Rating(self.rating));
        product
    }
}

/// The products and lists that were asked for lately.
pub struct ShownProducts {
    catalogue: Arc<dyn Catalogue>,
    products: Cache<ProductId, Arc<Shown>>,
    /// Longer than a read takes, or a figure to the catalogue. Only reads of what isn't kept look here.
    news: Cache<ProductId, News>,
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
            news: Cache::builder()
                .max_capacity(MOST_NEWS)
                .eviction_policy(EvictionPolicy::lru())
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
                None => {
                    let found = self.catalogue.product(id).await?;
                    // Whoever hears of a newer version meanwhile waits for this view, and puts it right.
                    let news = self.news(id).await;
                    let shown = found.map(|product| Shown::new(news.brought_into(product)));
                    Ok::<_, StoreError>(shown.map_or(Op::Nop, Op::Put))
                }
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
        self.hear(id, |news| News { version: news.version.max(version), ..news }).await;
        // In turn: a read under way may bring the state before the change.
        let kept = self.products.entry_by_ref(id).and_compute_with(|_| ready(Op::Nop)).await;
        let kept = value(kept).map(|shown| shown.product.version);
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
        let kept = self.products.entry_by_ref(&id).and_upsert_with(|present| async {
            let product = self.news(&id).await.brought_into(product);
            match present.map(Entry::into_value) {
                Some(shown) => {
                    let newest = product.newest(&shown.product);
                    if newest == shown.product { shown } else { Shown::new(newest) }
                }
                None => Shown::new(product),
            }
        });
        let kept = kept.await.into_value();
        // It changed after it was read, and was told of when there was nothing yet to put right.
        if kept.product.version < self.news(&id).await.version {
            self.products.invalidate(&id).await;
        }
        kept
    }

    async fn news(&self, id: &ProductId) -> News {
        self.news.get(id).await.unwrap_or_default()
    }

    async fn hear(&self, id: &ProductId, add: impl FnOnce(News) -> News) {
        let heard = |known: Option<Entry<ProductId, News>>| {
            ready(add(known.map(Entry::into_value).unwrap_or_default()))
        };
        self.news.entry_by_ref(id).and_upsert_with(heard).await;
    }
}

#[async_trait]
impl ProductCache for ShownProducts {
    async fn changed(&self, product: &Product) {
        self.keep(product.clone()).await;
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    async fn follow(&self, id: &ProductId, figure: Figure) {
        self.hear(id, |news| news.and(figure)).await;
        // In turn, as a read under way may not know of it yet.
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use chrono::DateTime;
    use config::money::Currency;
    use serde_json::json;
    use tokio::sync::watch;

    use super::*;
    use crate::application::{CategoryCount, Edit as _};
    use crate::domain::Sku;
    use crate::presentation::patch::MergePatch;

    /// One product, whose reads take as long as the test wants.
    struct SlowCatalogue {
        product: Mutex<Product>,
        reads: watch::Sender<u32>,
        open: watch::Sender<bool>,
    }

    impl SlowCatalogue {
        async fn read(&self) -> Product {
            let product = self.product.lock().unwrap().clone();
            self.reads.send_modify(|reads| *reads += 1);
            self.open.subscribe().wait_for(|open| *open).await.unwrap();
            product
        }

        async fn is_read(&self) {
            self.reads.subscribe().wait_for(|reads| *reads > 0).await.unwrap();
        }

        fn change(&self) {
            self.product.lock().unwrap().version = 2;
        }

        fn open(&self) {
            self.open.send_replace(true);
        }
    }

    #[async_trait]
    impl Catalogue for SlowCatalogue {
        async fn product(&self, _: &ProductId) -> Result<Option<Product>, StoreError> {
            Ok(Some(self.read().await))
        }

        async fn products(&self, _: &[ProductId]) -> Result<Vec<Product>, StoreError> {
            Ok(vec![self.read().await])
        }

        async fn by_sku(&self, _: &Sku) -> Result<Option<Product>, StoreError> {
            Ok(Some(self.read().await))
        }

        async fn list(&self, _: &ListQuery) -> Result<Slice<Product>, StoreError> {
            Ok(Slice { items: Vec::new(), total: 0 })
        }

        async fn export(&self, _: Option<&ProductId>, _: u32) -> Result<Slice<Product>, StoreError> {
            Ok(Slice { items: Vec::new(), total: 0 })
        }

        async fn categories(&self) -> Result<Vec<CategoryCount>, StoreError> {
            Ok(Vec::new())
        }
    }

    fn empty() -> (Arc<SlowCatalogue>, Arc<ShownProducts>, ProductId) {
        let body = json!({ "name": "Laptop", "description": "For a test", "price": 1500, "category": "laptops", "sku": "LT-1" });
        let draft = MergePatch::new(body, Currency::USD).apply(None).unwrap();
        let id: ProductId = "507f1f77bcf86cd799439011".parse().unwrap();
        let catalogue = Arc::new(SlowCatalogue {
            product: Mutex::new(Product::new(id.clone(), draft, DateTime::UNIX_EPOCH)),
            reads: watch::Sender::new(0),
            open: watch::Sender::new(false),
        });
        (catalogue.clone(), Arc::new(ShownProducts::new(catalogue)), id)
    }

    fn stock(available: u64, version: u64) -> Figure {
        Figure::Stock(Stock { available, version })
    }

    #[tokio::test]
    async fn a_change_during_the_first_read_of_a_product_is_shown() {
        let (catalogue, shown, id) = empty();
        let reading = tokio::spawn({
            let (shown, id) = (shown.clone(), id.clone());
            async move { shown.product(&id).await.unwrap().unwrap().product.version }
        });
        catalogue.is_read().await;
        catalogue.change();
        let (changed, followed) = (shown.changed_elsewhere(&id, 2), shown.follow(&id, stock(7, 1)));
        let (changed, (), ()) = tokio::join!(changed, followed, async { catalogue.open() });
        changed.unwrap();
        assert_eq!(reading.await.unwrap(), 1);
        let product = shown.product(&id).await.unwrap().unwrap().product.clone();
        assert_eq!((product.version, product.stock.available), (2, 7));
    }

    #[tokio::test]
    async fn a_change_during_a_read_of_many_is_shown() {
        for by_sku in [true, false] {
            let (catalogue, shown, id) = empty();
            let reading = tokio::spawn({
                let (shown, id) = (shown.clone(), id.clone());
                async move {
                    match by_sku {
                        true => _ = shown.by_sku(&"LT-1".parse().unwrap()).await.unwrap(),
                        false => _ = shown.products(&[id]).await.unwrap(),
                    }
                }
            });
            catalogue.is_read().await;
            catalogue.change();
            shown.changed_elsewhere(&id, 2).await.unwrap();
            shown.follow(&id, stock(7, 1)).await;
            catalogue.open();
            reading.await.unwrap();
            let product = shown.product(&id).await.unwrap().unwrap().product.clone();
            assert_eq!((product.version, product.stock.available), (2, 7), "by SKU: {by_sku}");
        }
    }

    #[tokio::test]
    async fn a_figure_that_the_catalogue_has_yet_to_hear_of_is_shown() {
        let (catalogue, shown, id) = empty();
        catalogue.open();
        shown.follow(&id, stock(7, 2)).await;
        shown.follow(&id, stock(9, 1)).await;
        assert_eq!(shown.product(&id).await.unwrap().unwrap().product.stock.available, 7);
    }

    #[tokio::test]
    async fn what_is_known_is_read_once() {
        let (catalogue, shown, id) = empty();
        catalogue.open();
        shown.changed_elsewhere(&id, 1).await.unwrap();
        for _ in 0..3 {
            shown.product(&id).await.unwrap();
            shown.products(std::slice::from_ref(&id)).await.unwrap();
        }
        assert_eq!(*catalogue.reads.borrow(), 1);
    }
}
