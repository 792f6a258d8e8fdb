//! Keeping the rates.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::idempotency::{Answer, Claim};
use config::kafka::Envelope;
use config::problem::InvalidFields;
use config::response::IfMatch;

use super::{CurrentBook, Store, TaxError, TaxRatesChanged};
use crate::domain::{Rate, RateId, RateTerms};

/// More than any shop needs; all of them are kept in memory.
const MOST_RATES: u64 = 20_000;

/// Adds, replaces and deletes rates.
pub struct ManageRates {
    store: Arc<dyn Begin<dyn Store>>,
    book: Arc<CurrentBook>,
    clock: Arc<dyn Clock>,
}

impl ManageRates {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, book: Arc<CurrentBook>, clock: Arc<dyn Clock>) -> Self {
        Self { store, book, clock }
    }

    /// `answer` is what a repetition of the claimed request gets.
    pub async fn add(
        &self,
        terms: &RateTerms,
        claim: Option<&Claim>,
        answer: impl Fn(&Rate) -> Answer + Send + Sync,
    ) -> Result<Rate, TaxError> {
        let rate = retrying(|| async {
            let mut tx = self.store.begin().await?;
            let version = tx.next_version().await?;
            must_be_free(tx.as_mut(), terms, None).await?;
            if tx.count_rates().await? >= MOST_RATES {
                return Err(TaxError::TooManyRates(MOST_RATES));
            }
            let rate = tx.add_rate(terms, self.clock.now()).await?;
            tx.publish(Envelope::new(&changed(version, &[terms]))).await?;
            if let Some(claim) = claim {
                tx.answer(claim, answer(&rate)).await?;
            }
            tx.commit().await?;
            Ok::<_, TaxError>(rate)
        })
        .await?;
        self.book.changed_here().await;
        tracing::info!(rate.id = %rate.id, place = terms.jurisdiction(), "a tax rate was added");
        Ok(rate)
    }

    /// `change` makes the new terms of the present rate.
    pub async fn replace(
        &self,
        id: RateId,
        if_match: &IfMatch,
        change: impl Fn(&Rate) -> Result<RateTerms, InvalidFields> + Send + Sync,
    ) -> Result<Rate, TaxError> {
        let rate = retrying(|| async {
            let mut tx = self.store.begin().await?;
            let version = tx.next_version().await?;
            let current = tx.rate(id).await?.ok_or(TaxError::NoRate(id))?;
            if_match.check(current.version)?;
            let terms = change(&current)?;
            must_be_free(tx.as_mut(), &terms, Some(id)).await?;
            tx.publish(Envelope::new(&changed(version, &[&current.terms, &terms]))).await?;
            let rate = Rate { terms, version: current.version + 1, updated_at: self.clock.now(), ..current };
            tx.save_rate(&rate).await?;
            tx.commit().await?;
            Ok::<_, TaxError>(rate)
        })
        .await?;
        self.book.changed_here().await;
        tracing::info!(rate.id = %id, "a tax rate was changed");
        Ok(rate)
    }

    /// Orders keep the taxes that they were placed with, so that a rate can go.
    pub async fn delete(&self, id: RateId, if_match: &IfMatch) -> Result<(), TaxError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let version = tx.next_version().await?;
            let current = tx.rate(id).await?.ok_or(TaxError::NoRate(id))?;
            if_match.check(current.version)?;
            tx.delete_rate(id).await?;
            tx.publish(Envelope::new(&changed(version, &[&current.terms]))).await?;
            tx.commit().await?;
            Ok::<_, TaxError>(())
        })
        .await?;
        self.book.changed_here().await;
        tracing::info!(rate.id = %id, "a tax rate was deleted");
        Ok(())
    }
}

/// That no other rate is for the same tax at the same time. To be asked with the book locked.
async fn must_be_free(tx: &mut dyn Store, terms: &RateTerms, own: Option<RateId>) -> Result<(), TaxError> {
    let others = tx.rates_of(terms.place.country).await?;
    let conflicting = others.iter().find(|other| Some(other.id) != own && other.terms.conflicts_with(terms));
    conflicting.map_or(Ok(()), |other| Err(TaxError::RateExists(other.id)))
}

pub(super) fn changed(version: u64, terms: &[&RateTerms]) -> TaxRatesChanged {
    let mut countries: Vec<_> = terms.iter().map(|terms| terms.place.country.to_string()).collect();
    countries.sort();
    countries.dedup();
    TaxRatesChanged { version, countries }
}
