//! The page where a customer confirms a payment, as a bank's would be.

use async_trait::async_trait;
use config::database::{StoreError, stored};
use config::money::Money;

use super::{Simulator, charges};
use crate::application::{Challenge, Challenges, News, ProviderEvent};

#[async_trait]
impl Challenges for Simulator {
    async fn challenge(&self, token: &str) -> Result<Option<Challenge>, StoreError> {
        let Some(charge) = charges::by_challenge(&self.db, token).await? else { return Ok(None) };
        let currency = stored(&charge.currency)?;
        let decided = !charge.is("action_required");
        Ok(Some(Challenge { amount: Money::from_minor(charge.amount, currency), decided }))
    }

    async fn decide(&self, token: &str, approve: bool) -> Result<Option<ProviderEvent>, StoreError> {
        charges::decide(&self.db, token, approve).await?;
        let Some(charge) = charges::by_challenge(&self.db, token).await? else { return Ok(None) };
        let key = charge.charge_key;
        let news = News::Charge(self.outcome(charge));
        Ok(Some(ProviderEvent { id: format!("challenge-{key}"), charge: key, news }))
    }
}
