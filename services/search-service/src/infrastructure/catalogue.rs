//! product-service's catalogue over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use config::id::ProductId;
use config::registry::{Registry, ServiceClient};
use serde::Deserialize;

use crate::application::{Catalogue, Part, ProductView, SearchError};
use crate::domain::Product;

/// Products that are read at once.
const PART: u32 = 1_000;
const TIME_LIMIT: Duration = Duration::from_secs(10);

pub struct ProductService(ServiceClient);

impl ProductService {
    pub fn new(registry: &Registry) -> Self {
        Self(registry.client("product-service"))
    }
}

#[derive(Deserialize)]
struct Exported {
    items: Vec<ProductView>,
    total: u64,
    next_cursor: Option<String>,
}

#[async_trait]
impl Catalogue for ProductService {
    async fn after(&self, id: Option<&ProductId>) -> Result<Part, SearchError> {
        let mut query = vec![("limit", PART.to_string())];
        query.extend(id.map(|id| ("after", id.to_string())));
        let call = self.0.get("/internal/products/export").query(&query).timeout(TIME_LIMIT);
        let Exported { items, total, next_cursor } =
            call.send().await.map_err(|error| SearchError::Catalogue(error.into()))?;
        let products = items.into_iter().map(Product::try_from).collect::<Result<_, _>>();
        let products = products.map_err(|error| SearchError::Catalogue(error.into()))?;
        Ok(Part { products, total, more: next_cursor.is_some() })
    }
}
