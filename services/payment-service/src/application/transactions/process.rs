//! Carrying transactions out: many at once, one sender's in their order, each to one end.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use config::clock::Clock;
use config::database::{Begin, retrying};
use config::kafka::Envelope;
use config::telemetry::RequestContext;

use super::{
    Counted, Deadlines, TransactionCompleted, TransactionError, TransactionFailed, TransactionStore,
};
use crate::domain::transactions::{SuccessRate, Transaction, TransactionId, TransactionStatus, lasted};

/// How the schemes' networks are played.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    pub success: SuccessRate,
    /// How long it takes to answer.
    pub delay: Duration,
    /// How many it is asked at once, when it takes its time.
    pub parallelism: usize,
}

/// A transaction that is to be carried out.
#[derive(Debug, Clone)]
pub struct Due {
    pub id: TransactionId,
    pub attempt: u32,
    pub sender: String,
    /// The request that it comes from.
    pub context: RequestContext,
}

/// Carries transactions out.
#[derive(Clone)]
pub struct Process {
    store: Arc<dyn Begin<dyn TransactionStore>>,
    clock: Arc<dyn Clock>,
    network: Network,
    patience: TimeDelta,
}

impl Process {
    pub fn new(
        store: Arc<dyn Begin<dyn TransactionStore>>,
        clock: Arc<dyn Clock>,
        network: Network,
        deadlines: Deadlines,
    ) -> Self {
        let patience = TimeDelta::from_std(deadlines.processing).unwrap_or(TimeDelta::MAX);
        Self { store, clock, network, patience }
    }

    /// Brings all of them to their end. It may be run again with any of them, at any time: what has ended stays.
    ///
    /// # Errors
    /// [`TransactionError::Unknown`] when one of them doesn't exist; the others are carried out all the same.
    pub async fn run(&self, due: &[Due]) -> Result<(), TransactionError> {
        if self.network.delay.is_zero() {
            // Nobody could see them on their way: one transaction does it.
            return known(retrying(|| self.end(due)).await?, due);
        }
        let mut found = Vec::new();
        for round in rounds(due, self.network.parallelism) {
            retrying(|| self.start(&round)).await?;
            tokio::time::sleep(self.network.delay).await;
            found.extend(retrying(|| self.end(&round)).await?);
        }
        known(found, due)
    }

    async fn start(&self, due: &[Due]) -> Result<(), TransactionError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let due = by_id(due);
        let locked = tx.lock(&ids(&due)).await?;
        let pending: Vec<_> = locked
            .iter()
            .filter(|it| it.status == TransactionStatus::Pending && is_meant(it, &due))
            .map(|it| it.id)
            .collect();
        tx.start(&pending, now, now + self.patience).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Which of them exist.
    async fn end(&self, due: &[Due]) -> Result<Vec<TransactionId>, TransactionError> {
        let mut tx = self.store.begin().await?;
        let due = by_id(due);
        let locked = tx.lock(&ids(&due)).await?;
        let found = locked.iter().map(|transaction| transaction.id).collect();
        let now = self.clock.now();
        let mut open: Vec<Transaction> =
            locked.into_iter().filter(|it| !it.status.is_final() && is_meant(it, &due)).collect();
        for transaction in &mut open {
            let outcome = self.network.success.decide(transaction);
            transaction.end(outcome, now);
        }
        tx.end(&open).await?;
        for transaction in &open {
            let event = match &transaction.failure {
                None => Envelope::new(&TransactionCompleted::new(transaction)),
                Some(failure) => Envelope::new(&TransactionFailed::new(transaction, failure)),
            };
            let context = due.get(&transaction.id).map(|it| it.context.clone()).unwrap_or_default();
            context.scope(tx.publish(event)).await?;
        }
        // Last, because other batches add to the same rows.
        tx.count(&counted(&open, now)).await?;
        tx.commit().await?;
        for transaction in &open {
            let (status, payment_type) = (transaction.status.as_str(), transaction.payment_type.as_str());
            metrics::counter!("transactions_ended_total", "status" => status, "payment_type" => payment_type)
                .increment(1);
        }
        Ok(found)
    }
}

/// The latest attempt of each.
type ById<'a> = HashMap<TransactionId, &'a Due>;

fn by_id(due: &[Due]) -> ById<'_> {
    let mut all = ById::new();
    for one in due {
        let latest = all.entry(one.id).or_insert(one);
        if latest.attempt < one.attempt {
            *latest = one;
        }
    }
    all
}

/// In the order in which everybody locks them.
fn ids(due: &ById<'_>) -> Vec<TransactionId> {
    let mut ids: Vec<_> = due.keys().copied().collect();
    ids.sort_unstable();
    ids
}

/// Whether this attempt is meant, and not an earlier one whose message comes again.
fn is_meant(transaction: &Transaction, due: &ById<'_>) -> bool {
    due.get(&transaction.id).is_some_and(|it| it.attempt == transaction.attempt)
}

fn known(found: Vec<TransactionId>, due: &[Due]) -> Result<(), TransactionError> {
    let found: HashSet<_> = found.into_iter().collect();
    match due.iter().find(|it| !found.contains(&it.id)) {
        Some(unknown) => Err(TransactionError::Unknown(unknown.id)),
        None => Ok(()),
    }
}

/// In each round no sender twice, and at most so many.
fn rounds(due: &[Due], parallelism: usize) -> Vec<Vec<Due>> {
    let mut rounds: Vec<Vec<Due>> = Vec::new();
    let mut next: HashMap<&str, usize> = HashMap::new();
    for one in due {
        let first = next.get(one.sender.as_str()).copied().unwrap_or_default();
        let free = (first..rounds.len()).find(|round| rounds[*round].len() < parallelism.max(1));
        let round = free.unwrap_or_else(|| {
            rounds.push(Vec::new());
            rounds.len() - 1
        });
        rounds[round].push(one.clone());
        next.insert(&one.sender, round + 1);
    }
    rounds
}

fn counted(ended: &[Transaction], now: DateTime<Utc>) -> Vec<Counted> {
    let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
    let mut all: BTreeMap<_, Counted> = BTreeMap::new();
    for transaction in ended {
        let (payment_type, currency) = (transaction.payment_type, transaction.amount.currency());
        let millis = lasted(transaction.created_at, now);
        let one = all.entry((payment_type.as_str(), currency.code(), millis)).or_insert(Counted {
            minute,
            payment_type,
            currency,
            millis,
            completed: 0,
            failed: 0,
            volume: 0,
        });
        match transaction.status {
            TransactionStatus::Completed => {
                one.completed += 1;
                one.volume = one.volume.saturating_add(transaction.amount.minor());
            }
            _ => one.failed += 1,
        }
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn due(senders: &[u8]) -> Vec<Due> {
        let one = |sender: &u8| Due {
            id: TransactionId::next(),
            attempt: 1,
            sender: sender.to_string(),
            context: RequestContext::default(),
        };
        senders.iter().map(one).collect()
    }

    proptest! {
        #[test]
        fn rounds_keep_each_senders_order_and_the_bound(
            senders in proptest::collection::vec(0u8..6, 0..60), parallelism in 1usize..9,
        ) {
            let due = due(&senders);
            let rounds = rounds(&due, parallelism);
            prop_assert_eq!(rounds.iter().map(Vec::len).sum::<usize>(), due.len());
            for round in &rounds {
                let mut senders: Vec<_> = round.iter().map(|it| &it.sender).collect();
                senders.sort();
                senders.dedup();
                prop_assert!(senders.len() == round.len() && round.len() <= parallelism);
            }
            for sender in 0u8..6 {
                let ids: Vec<_> =
                    rounds.iter().flatten().filter(|it| it.sender == sender.to_string()).map(|it| it.id).collect();
                prop_assert!(ids.is_sorted());
            }
        }
    }

    #[test]
    fn different_senders_share_rounds() {
        assert_eq!(rounds(&due(&[1, 2, 3, 4]), 4).len(), 1);
        assert_eq!(rounds(&due(&[1, 2, 3, 4]), 2).len(), 2);
        assert_eq!(rounds(&due(&[1, 1, 1, 2]), 4).len(), 3);
    }
}
