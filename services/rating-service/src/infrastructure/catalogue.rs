//! Products, asked of product-service.

use async_trait::async_trait;
use config::id::ProductId;
use config::registry::{CallError, ServiceClient};
use serde::Deserialize;

use crate::application::{Catalogue, Product};

/// The service that keeps the catalogue.
pub struct ProductService(ServiceClient);

impl ProductService {
    pub fn new(client: ServiceClient) -> Self {
        Self(client)
    }
}

#[derive(Deserialize)]
struct ProductDto {
    name: String,
    version: u64,
}

#[async_trait]
impl Catalogue for ProductService {
    async fn product(&self, id: &ProductId) -> Result<Option<Product>, CallError> {
        let query = [("ids", id.as_str())];
        let found: Vec<ProductDto> = self.0.get("/internal/products").query(&query).send().await?;
        let product = |dto: ProductDto| Product { id: id.clone(), name: dto.name, version: dto.version };
        Ok(found.into_iter().next().map(product))
    }
}
