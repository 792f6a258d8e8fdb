//! Orders: order-service.

use async_trait::async_trait;
use config::id::UserId;
use config::registry::{CallError, Registry, ServiceClient};
use serde_json::{Value, json};

use crate::application::Orders;
use crate::domain::{Code, OrderId};

/// The service that keeps orders, and knows what they cost.
pub struct OrderService(ServiceClient);

impl OrderService {
    pub fn new(registry: &Registry) -> Self {
        Self(registry.client("order-service"))
    }
}

#[async_trait]
impl Orders for OrderService {
    async fn apply(
        &self,
        order: OrderId,
        code: &Code,
        user: UserId,
        is_admin: bool,
    ) -> Result<Value, CallError> {
        let body = json!({ "code": code.as_str(), "user_id": user.get(), "is_admin": is_admin });
        self.0.post(&format!("/internal/orders/{order}/promotion")).json(&body).send().await
    }
}
