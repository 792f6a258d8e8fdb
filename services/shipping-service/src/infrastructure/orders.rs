//! Orders, asked of order-service.

use async_trait::async_trait;
use config::id::UserId;
use config::money::{Amount, Currency, Money, MoneyError};
use config::problem::Kind;
use config::registry::{CallError, ServiceClient};
use serde::Deserialize;

use crate::application::{OrderSummary, Orders};
use crate::domain::{OrderFacts, OrderId, Standing, pays_at_the_door};

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
    #[serde(default)]
    version: u64,
    #[serde(default)]
    cash_on_delivery: bool,
    total_amount: Option<Amount>,
    paid_amount: Option<Amount>,
    currency: Option<String>,
}

impl Order {
    fn summary(&self, id: OrderId) -> Result<OrderSummary, MoneyError> {
        let (version, user_id) = (self.version, UserId::new(self.user_id));
        let facts = OrderFacts { id, user_id, version, cash_due: self.cash_due()? };
        Ok(OrderSummary { facts, standing: Standing::of(&self.status, self.cash_on_delivery) })
    }

    fn cash_due(&self) -> Result<Option<Money>, MoneyError> {
        let was_paid = self.paid_amount.is_some_and(|paid| !paid.number().is_zero());
        if !pays_at_the_door(&self.status, self.cash_on_delivery, was_paid) {
            return Ok(None);
        }
        let total = self.total_amount.zip(self.currency.as_deref());
        total.map(|(total, currency)| total.in_currency(currency.parse::<Currency>()?)).transpose()
    }
}

#[async_trait]
impl Orders for OrderService {
    async fn order(&self, id: OrderId) -> Result<Option<OrderSummary>, CallError> {
        match self.0.get(&format!("/internal/orders/{id}")).send::<Order>().await {
            Ok(order) => order
                .summary(id)
                .map(Some)
                .map_err(|error| CallError::Invalid { service: "order-service", source: error.into() }),
            Err(error) if error.rejection().is_some_and(|(status, _)| status == Kind::NotFound.status()) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
