//! Cash on delivery beside a provider that takes cards only. Nobody outside is asked: an administrator says when the
//! money was brought (a capture), and when it was handed back (a refund).

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::money::Money;
use config::problem::InvalidFields;
use uuid::Uuid;

use crate::application::{Charge, Evidence, Fee, Provider, ProviderError, ProviderEvent, WebhookError};
use crate::domain::{ChargeOutcome, Decline, Instrument, Method, ProviderName};

/// Cash.
pub struct Cash;

#[async_trait]
impl Provider for Cash {
    fn name(&self) -> ProviderName {
        ProviderName::Cash
    }

    fn admits(&self, _: Money, _: Method, instrument: &Instrument) -> Result<(), InvalidFields> {
        match instrument {
            Instrument::OnFile => Ok(()),
            Instrument::Token(_) => {
                Err(InvalidFields::one("payment_token", "mismatch", "doesn't go with cash"))
            }
            Instrument::Card(_) => Err(InvalidFields::one("card", "mismatch", "doesn't go with cash")),
        }
    }

    async fn charge(&self, charge: Charge<'_>) -> Result<ChargeOutcome, ProviderError> {
        self.conclude(charge.key).await
    }

    /// Nobody has to be asked, so that whatever was begun is as good as done.
    async fn conclude(&self, charge: Uuid) -> Result<ChargeOutcome, ProviderError> {
        Ok(ChargeOutcome::Authorized { transaction_id: format!("cash_{}", charge.simple()) })
    }

    async fn capture(&self, _: Uuid, _: Uuid, _: Money) -> Result<Result<Fee, Decline>, ProviderError> {
        Ok(Ok(None))
    }

    async fn void(&self, _: Uuid, _: Uuid) -> Result<Result<(), Decline>, ProviderError> {
        Ok(Ok(()))
    }

    async fn refund(&self, _: Uuid, _: Uuid, _: Money) -> Result<Result<(), Decline>, ProviderError> {
        Ok(Ok(()))
    }

    async fn submit_evidence(&self, _: &str, _: &Evidence) -> Result<Result<(), Decline>, ProviderError> {
        Ok(Err(Decline::coded("not_disputable")))
    }

    async fn read_notice(
        &self,
        _: &(dyn Fn(&str) -> Option<String> + Sync),
        _: &[u8],
        _: DateTime<Utc>,
    ) -> Result<Option<ProviderEvent>, WebhookError> {
        Err(WebhookError::Signature)
    }
}
