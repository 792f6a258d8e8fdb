//! Orders, asked of order-service.

use async_trait::async_trait;
use config::id::UserId;
use config::money::Amount;
use config::registry::{CallError, ServiceClient};
use serde::Deserialize;

use crate::application::{OrderSnapshot, Orders};
use crate::domain::OrderId;

/// order-service.
pub struct OrderService(ServiceClient);

impl OrderService {
    pub const NAME: &'static str = "order-service";

    pub fn new(client: ServiceClient) -> Self {
        Self(client)
    }
}

#[derive(Deserialize)]
struct OrderDto {
    user_id: u64,
    status: String,
    total_amount: Amount,
    currency: String,
    payable: bool,
}

#[async_trait]
impl Orders for OrderService {
    async fn find(&self, id: OrderId) -> Result<Option<OrderSnapshot>, CallError> {
        let order: OrderDto = match self.0.get(&format!("/internal/orders/{id}")).send().await {
            Ok(order) => order,
            Err(error) if error.rejection().is_some_and(|(status, _)| status.as_u16() == 404) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let total = order.currency.parse().and_then(|currency| order.total_amount.in_currency(currency));
        let total =
            total.map_err(|error| CallError::Invalid { service: Self::NAME, source: error.into() })?;
        Ok(Some(OrderSnapshot {
            user_id: UserId::new(order.user_id),
            status: order.status,
            total,
            payable: order.payable,
        }))
    }
}
