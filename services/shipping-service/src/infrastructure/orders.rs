//! Orders, asked of order-service.

use async_trait::async_trait;
use config::id::UserId;
use config::problem::Kind;
use config::registry::{CallError, ServiceClient};
use serde::Deserialize;

use crate::application::{OrderSummary, Orders};
use crate::domain::OrderId;

/// The service that keeps orders.
pub struct OrderService(ServiceClient);

impl OrderService {
    pub fn new(client: ServiceClient) -> Self {
        Self(client)
    }
}

#[derive(Deserialize)]
struct Order {
    user_id: u64,
    status: String,
}

#[async_trait]
impl Orders for OrderService {
    async fn order(&self, id: OrderId) -> Result<Option<OrderSummary>, CallError> {
        match self.0.get(&format!("/internal/orders/{id}")).send::<Order>().await {
            Ok(order) => {
                let is_over = matches!(order.status.as_str(), "cancelled" | "refunded");
                Ok(Some(OrderSummary { user_id: UserId::new(order.user_id), is_over }))
            }
            Err(error) if error.rejection().is_some_and(|(status, _)| status == Kind::NotFound.status()) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
