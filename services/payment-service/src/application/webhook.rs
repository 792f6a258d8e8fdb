//! What the provider tells in its own time: before our own call has returned, after it, or twice.

use std::sync::Arc;

use super::operations::{Cause, Outcome};
use super::{Disputes, News, Operations, PaymentError, PaymentReader, ProviderEvent};
use crate::domain::{Operation, OperationKind, ProviderName};

/// Acts on providers' notices.
#[derive(Clone)]
pub struct HandleWebhook {
    operations: Operations,
    disputes: Disputes,
    payments: Arc<dyn PaymentReader>,
}

impl HandleWebhook {
    pub fn new(operations: Operations, disputes: Disputes, payments: Arc<dyn PaymentReader>) -> Self {
        Self { operations, disputes, payments }
    }

    /// A signed notice as it came over the wire.
    pub async fn receive(
        &self,
        provider: &str,
        header: &(dyn Fn(&str) -> Option<String> + Sync),
        body: &[u8],
    ) -> Result<(), PaymentError> {
        // Nobody tells notices of cash.
        let name = provider.parse().ok().filter(|name| *name != ProviderName::Cash);
        let provider = name.and_then(|name| self.operations.providers.get(name).ok());
        let provider = provider.ok_or(PaymentError::NoProvider)?;
        let notice = provider.read_notice(header, body, self.operations.clock.now()).await?;
        match notice {
            Some(event) => self.run(provider.name(), event).await,
            None => Ok(()),
        }
    }

    /// A notice that is believed.
    pub async fn run(&self, provider: ProviderName, event: ProviderEvent) -> Result<(), PaymentError> {
        let operation = self.payments.operation_by_key(event.charge).await?;
        // One provider has nothing to say about another's payments.
        let Some(operation) = operation.filter(|operation| operation.provider == provider) else {
            let provider = provider.as_str();
            tracing::warn!(provider, event.id, "a notice about a payment that we don't know");
            return Ok(());
        };
        match event.news {
            News::Charge(outcome) => {
                let cause = Cause::Notice { provider, event: &event.id };
                self.operations.finish(&operation, Some(&Outcome::Charge(outcome)), cause).await?;
            }
            News::RefundFailed(refund) => {
                let refund = self.payments.operation_by_key(refund).await?;
                let is_of_charge = |refund: &Operation| {
                    refund.kind == OperationKind::Refund && refund.charge_key == operation.charge_key
                };
                let Some(refund) = refund.filter(is_of_charge) else {
                    tracing::warn!(payment.id = %operation.payment_id, event.id, "a notice about a refund that isn't ours");
                    return Ok(());
                };
                let cause = Cause::Notice { provider, event: &event.id };
                self.operations.finish(&refund, Some(&Outcome::CameBack), cause).await?;
            }
            News::Dispute(news) => self.disputes.follow(&operation, &event.id, &news).await?,
        }
        Ok(())
    }
}
