//! The demonstration's rates.

use std::collections::BTreeSet;
use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::kafka::Envelope;

use super::rates::changed;
use super::{Store, TaxError};
use crate::domain::RateTerms;

/// Adds the demonstration's rates once in a shop's life, to countries that have none: what an operator has changed or
/// deleted since stays changed or deleted.
pub struct LoadDemo {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl LoadDemo {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// How many were added. Of several instances that start at once one does it.
    pub async fn run(&self, demo: &[RateTerms]) -> Result<usize, TaxError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if !tx.begin_demo().await? {
                return Ok(0);
            }
            let version = tx.next_version().await?;
            let mut taken = BTreeSet::new();
            let countries: BTreeSet<_> = demo.iter().map(|terms| terms.place.country).collect();
            for country in countries {
                if !tx.rates_of(country).await?.is_empty() {
                    taken.insert(country);
                }
            }
            let new: Vec<_> = demo.iter().filter(|terms| !taken.contains(&terms.place.country)).collect();
            for terms in &new {
                tx.add_rate(terms, self.clock.now()).await?;
            }
            if !new.is_empty() {
                tx.publish(Envelope::new(&changed(version, &new))).await?;
            }
            tx.commit().await?;
            Ok::<_, TaxError>(new.len())
        })
        .await
    }
}
