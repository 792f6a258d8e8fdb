//! What holds in a shop without tax-service and promotion-service.

use async_trait::async_trait;
use config::money::Money;
use config::registry::CallError;

use crate::application::{Promotions, Taxes};
use crate::domain::{Address, OrderLine, PromotionCode};

/// No tax, no promotions.
pub struct ShopDefaults;

#[async_trait]
impl Promotions for ShopDefaults {
    async fn discount(
        &self,
        _: &PromotionCode,
        _: &[OrderLine],
        _: Money,
    ) -> Result<Option<Money>, CallError> {
        Ok(None)
    }
}

#[async_trait]
impl Taxes for ShopDefaults {
    async fn tax(&self, _: Option<&Address>, taxable: Money) -> Result<Money, CallError> {
        Ok(Money::zero(taxable.currency()))
    }
}
