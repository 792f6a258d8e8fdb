//! The operators' tool: failed transactions and messages go into files, and from there to work again.

use std::path::Path;
use std::sync::Arc;

use config::BoxError;
use config::database::{Db, MySqlSettings};
use config::kafka::{DeadLetters, KafkaSettings, Producer};
use config::service::Service as _;
use config::settings::{Env, Settings as _};

use crate::Payments;
use crate::application::transactions::ReplayFailed;
use crate::infrastructure::{Folder, Record};
use crate::transactions::TransactionSettings;

const TOPIC: &str = "payment-transactions";

/// Failed work of the service whose settings these are.
pub struct FailedPayments {
    transactions: ReplayFailed,
    letters: DeadLetters,
}

/// What came of a replay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Under way again.
    pub again: usize,
    /// Was tried again before, or may not be: nothing happened.
    pub past: usize,
}

impl FailedPayments {
    /// From the service's own settings.
    pub async fn connect(env: &mut Env) -> Result<Self, BoxError> {
        let (mysql, kafka) = (MySqlSettings::read(env), KafkaSettings::read(env));
        let (Ok(mysql), Ok(kafka), Ok(settings)) = (mysql, kafka, TransactionSettings::read(env)) else {
            return Err(env.problems().join("; ").into());
        };
        let store = Arc::new(Db::connect(Payments::NAME, &mysql).await?);
        // Until it is noticed that the message of a replayed one is lost.
        let deadlines = settings.deadlines();
        let transactions = ReplayFailed::new(store.clone(), store, config::clock::system(), deadlines);
        let letters = DeadLetters::new(&kafka, Producer::new(&kafka, "failed-payments")?);
        Ok(Self { transactions, letters })
    }

    /// Writes a file for each that isn't in the folder yet; how many are new.
    pub async fn export(&self, folder: &Path) -> Result<usize, BoxError> {
        let (folder, mut new, mut after) = (Folder::open(folder)?, 0, None);
        loop {
            let part = self.transactions.list(after).await?;
            let Some(last) = part.last() else { break };
            after = Some(last.transaction_id);
            for failed in part {
                new += usize::from(folder.add(&Record::Transaction(failed))?);
            }
        }
        let letters = self.letters.clone();
        for letter in tokio::task::spawn_blocking(move || letters.list(TOPIC)).await?? {
            new += usize::from(folder.add(&Record::of_letter(TOPIC, letter))?);
        }
        Ok(new)
    }

    /// Has everything in the folder tried again, and puts the files aside. When it fails in between, it can be run
    /// again.
    pub async fn replay(&self, folder: &Path) -> Result<Replayed, BoxError> {
        let (folder, mut replayed) = (Folder::open(folder)?, Replayed::default());
        for record in folder.records()? {
            let again = match &record {
                Record::Transaction(failed) => self.transactions.replay(failed).await?,
                Record::DeadLetter { topic, key, payload, .. } => {
                    self.letters.send(topic, key, payload).await?;
                    true
                }
            };
            folder.done(&record)?;
            replayed.again += usize::from(again);
            replayed.past += usize::from(!again);
        }
        Ok(replayed)
    }
}
