//! Keeping the exemptions.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::idempotency::{Answer, Claim};
use config::kafka::Envelope;

use super::{CurrentBook, Store, TaxError, TaxExemptionsChanged};
use crate::domain::{Exemption, ExemptionId, ExemptionTerms};

/// Adds and deletes exemptions.
pub struct ManageExemptions {
    store: Arc<dyn Begin<dyn Store>>,
    book: Arc<CurrentBook>,
    clock: Arc<dyn Clock>,
}

impl ManageExemptions {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, book: Arc<CurrentBook>, clock: Arc<dyn Clock>) -> Self {
        Self { store, book, clock }
    }

    /// `answer` is what a repetition of the claimed request gets.
    pub async fn add(
        &self,
        terms: &ExemptionTerms,
        claim: Option<&Claim>,
        answer: impl Fn(&Exemption) -> Answer + Send + Sync,
    ) -> Result<Exemption, TaxError> {
        let exemption = retrying(|| async {
            let mut tx = self.store.begin().await?;
            let version = tx.next_version().await?;
            let added = tx.add_exemption(terms, self.clock.now()).await?;
            let exemption = added.ok_or(TaxError::ExemptionExists)?;
            let event = TaxExemptionsChanged { version, user_id: terms.user_id.get() };
            tx.publish(Envelope::new(&event)).await?;
            if let Some(claim) = claim {
                tx.answer(claim, answer(&exemption)).await?;
            }
            tx.commit().await?;
            Ok::<_, TaxError>(exemption)
        })
        .await?;
        self.book.changed_here().await;
        tracing::info!(exemption.id = %exemption.id, user.id = %terms.user_id, "a customer is exempt from tax");
        Ok(exemption)
    }

    pub async fn delete(&self, id: ExemptionId) -> Result<(), TaxError> {
        let user = retrying(|| async {
            let mut tx = self.store.begin().await?;
            let version = tx.next_version().await?;
            let user = tx.delete_exemption(id).await?.ok_or(TaxError::NoExemption(id))?;
            tx.publish(Envelope::new(&TaxExemptionsChanged { version, user_id: user.get() })).await?;
            tx.commit().await?;
            Ok::<_, TaxError>(user)
        })
        .await?;
        self.book.changed_here().await;
        tracing::info!(exemption.id = %id, user.id = %user, "an exemption was deleted");
        Ok(())
    }
}
