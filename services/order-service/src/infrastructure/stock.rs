//! Stock: inventory-service.

use async_trait::async_trait;
use config::registry::{CallError, Registry, ServiceClient};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::application::{Stock, StockError};
use crate::domain::OrderLine;

/// Sets stock aside at inventory-service.
pub struct InventoryService(ServiceClient);

impl InventoryService {
    pub fn new(registry: &Registry) -> Self {
        Self(registry.client("inventory-service"))
    }
}

/// What inventory-service says about what is missing.
#[derive(Deserialize)]
struct Missing {
    product_id: String,
    requested: u64,
    available: u64,
}

#[async_trait]
impl Stock for InventoryService {
    async fn reserve(&self, id: Uuid, lines: &[OrderLine]) -> Result<(), StockError> {
        let item = |line: &OrderLine| json!({ "product_id": line.product_id.as_str(), "quantity": line.quantity.get() });
        let items: Vec<_> = lines.iter().map(item).collect();
        let call =
            self.0.post("/internal/reservations").json(&json!({ "reservation_id": id, "items": items }));
        match call.retry_safe().send::<IgnoredAny>().await {
            Ok(_) => Ok(()),
            Err(error) => Err(match missing(&error) {
                Some(Missing { product_id, requested, available }) => {
                    StockError::OutOfStock { product_id, requested, available }
                }
                None => StockError::Call(error),
            }),
        }
    }

    async fn release(&self, id: Uuid) -> Result<(), CallError> {
        self.0
            .post(&format!("/internal/reservations/{id}/release"))
            .retry_safe()
            .send::<IgnoredAny>()
            .await?;
        Ok(())
    }
}

fn missing(error: &CallError) -> Option<Missing> {
    let (_, problem) = error.rejection().filter(|(_, problem)| problem.code == "out-of-stock")?;
    serde_json::from_value(Value::Object(problem.extensions.clone())).ok()
}
