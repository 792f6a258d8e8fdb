//! What the provider tells in its own time: before our own call has returned, after it, or twice.

use std::sync::Arc;

use super::operations::{Cause, Outcome};
use super::{Operations, PaymentError, PaymentReader, ProviderEvent};

/// Acts on a provider's notices.
#[derive(Clone)]
pub struct HandleWebhook {
    operations: Operations,
    payments: Arc<dyn PaymentReader>,
}

impl HandleWebhook {
    pub fn new(operations: Operations, payments: Arc<dyn PaymentReader>) -> Self {
        Self { operations, payments }
    }

    /// Whose notices these are.
    pub fn provider(&self) -> &'static str {
        self.operations.provider.name()
    }

    /// A signed notice as it came over the wire.
    pub async fn receive(
        &self,
        header: &(dyn Fn(&str) -> Option<String> + Sync),
        body: &[u8],
    ) -> Result<(), PaymentError> {
        let notice = self.operations.provider.read_notice(header, body, self.operations.clock.now())?;
        match notice {
            Some(event) => self.run(event).await,
            None => Ok(()),
        }
    }

    /// A notice that is believed.
    pub async fn run(&self, event: ProviderEvent) -> Result<(), PaymentError> {
        let provider = self.provider();
        let Some(operation) = self.payments.operation_by_key(event.charge).await? else {
            tracing::warn!(provider, event.id, "a notice about a payment that we don't know");
            return Ok(());
        };
        let cause = Cause::Notice { provider, event: &event.id };
        self.operations.finish(&operation, Some(&Outcome::Charge(event.outcome)), cause).await?;
        Ok(())
    }
}
