//! Stock records: inventory-service.

use std::time::Duration;

use async_trait::async_trait;
use config::problem::chain;
use config::registry::{Registry, ServiceClient};
use serde::de::IgnoredAny;
use serde_json::json;

use crate::application::StockRecords;
use crate::domain::{Product, StockLevel};

/// Whoever creates a product doesn't wait longer for what the event does anyway.
const PATIENCE: Duration = Duration::from_millis(800);

/// Opens stock records at inventory-service.
pub struct InventoryService(ServiceClient);

impl InventoryService {
    pub fn new(registry: &Registry) -> Self {
        Self(registry.client("inventory-service"))
    }
}

#[async_trait]
impl StockRecords for InventoryService {
    async fn open(&self, product: &Product, on_hand: StockLevel) {
        let record = json!({
            "product_id": product.id.as_str(),
            "sku": product.details.sku.to_string(),
            "quantity": on_hand.units(),
        });
        let call = self.0.post("/internal/stock").json(&record).retry_safe().timeout(PATIENCE);
        if let Err(error) = call.send::<IgnoredAny>().await {
            let error = chain(&error);
            tracing::info!(product.id = %product.id, error, "the stock record comes with the event");
        }
    }
}
