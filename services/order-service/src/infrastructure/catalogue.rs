//! The catalogue: product-service, asked once in a while and followed by its events.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use config::id::ProductId;
use config::money::{Currency, Money};
use config::registry::{CallError, Registry, ServiceClient};
use moka::future::Cache;
use moka::ops::compute::Op;
use serde::Deserialize;

use crate::application::Catalogue;
use crate::domain::Product;

/// More than most shops sell; a product takes some 200 bytes.
const PRODUCTS: u64 = 20_000;
/// Should an event be lost, a price is wrong for no longer than this.
const LIFETIME: Duration = Duration::from_secs(30);

/// Products as they were last heard of.
pub struct CatalogueCache {
    service: ServiceClient,
    products: Cache<ProductId, Arc<Product>>,
}

/// A product in product-service's words. Prices are asked for in minor units.
#[derive(Deserialize)]
struct ProductDto {
    id: String,
    name: String,
    price_minor: i64,
    currency: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    weight_grams: Option<u32>,
    status: String,
    version: u64,
}

impl CatalogueCache {
    pub fn new(registry: &Registry) -> Self {
        let products = Cache::builder().max_capacity(PRODUCTS).time_to_live(LIFETIME).build();
        Self { service: registry.client("product-service"), products }
    }

    /// Keeps the newer of what is known and this: an event may overtake an answer that is on its way.
    async fn keep(&self, product: Product) -> Arc<Product> {
        let entry = self.products.entry(product.id.clone());
        let product = Arc::new(product);
        let kept = entry
            .and_compute_with(|known| {
                let older = known.is_some_and(|known| known.value().version > product.version);
                std::future::ready(if older { Op::Nop } else { Op::Put(product.clone()) })
            })
            .await;
        kept.into_entry().map_or(product, moka::Entry::into_value)
    }

    async fn ask(&self, ids: &[&ProductId]) -> Result<Vec<Product>, CallError> {
        let list = ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(",");
        let found: Vec<ProductDto> =
            self.service.get("/internal/products").query(&[("ids", list)]).send().await?;
        found.into_iter().map(ProductDto::parse).collect()
    }
}

impl ProductDto {
    fn parse(self) -> Result<Product, CallError> {
        let invalid = |source| CallError::Invalid { service: "product-service", source };
        let currency: Currency = self.currency.parse().map_err(|error| invalid(Box::new(error)))?;
        Ok(Product {
            id: self.id.parse().map_err(|error| invalid(Box::new(error)))?,
            name: self.name,
            price: Money::from_minor(self.price_minor, currency),
            category: self.category,
            weight_grams: self.weight_grams.unwrap_or_default(),
            on_sale: self.status == "active",
            version: self.version,
        })
    }
}

#[async_trait]
impl Catalogue for CatalogueCache {
    async fn products(&self, ids: &[ProductId]) -> Result<Vec<Arc<Product>>, CallError> {
        let mut products = Vec::with_capacity(ids.len());
        let mut unknown = Vec::new();
        for id in ids {
            match self.products.get(id).await {
                Some(product) => products.push(product),
                None => unknown.push(id),
            }
        }
        if !unknown.is_empty() {
            for product in self.ask(&unknown).await? {
                products.push(self.keep(product).await);
            }
        }
        let cached = ids.len() - unknown.len();
        metrics::counter!("order_catalogue_lookups_total", "from" => "cache").increment(cached as u64);
        metrics::counter!("order_catalogue_lookups_total", "from" => "service")
            .increment(unknown.len() as u64);
        Ok(products)
    }

    async fn learn(&self, product: Product) {
        self.keep(product).await;
    }
}
