//! Several units of work in one transaction, for messages that wait in a row.
//!
//! Most of what a small transaction costs is its beginning, its rows in inbox and outbox, and its commit. Inside
//! [`Batch::run`] the units of work of a task share one of each. It is all or nothing: when one of them fails or is
//! dropped, nothing of the batch is kept, and whoever runs it does the same again one by one.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{MySql, Transaction};
use uuid::Uuid;

use super::mysql::{claim, write_outbox};
use super::{Db, StoreError};
use crate::kafka::Envelope;

tokio::task_local! {
    static CURRENT: Arc<Batch>;
}

/// Runs `action` when what was committed is so for good: now, or with the batch that this unit of work is part of.
pub(super) fn once_committed(action: impl FnOnce() + Send + 'static) {
    match CURRENT.try_with(Arc::clone) {
        Ok(batch) => batch.state().afterwards.push(Box::new(action)),
        Err(_) => action(),
    }
}

/// A transaction that the units of work of a task share.
pub(crate) struct Batch {
    db: Db,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    place: Place,
    claimed: Vec<Uuid>,
    events: Vec<Envelope>,
    afterwards: Vec<Box<dyn FnOnce() + Send>>,
}

/// Where the transaction is.
#[derive(Default)]
enum Place {
    /// Nobody has asked for it yet.
    #[default]
    Unbegun,
    Here(Transaction<'static, MySql>),
    /// A unit of work has it.
    Out,
    Lost,
}

impl Batch {
    pub fn new(db: &Db) -> Arc<Self> {
        Arc::new(Self { db: db.clone(), state: Mutex::default() })
    }

    /// The batch that this task is in.
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// Whatever `work` does in units of work becomes part of this.
    pub async fn run<R>(self: &Arc<Self>, work: impl Future<Output = R>) -> R {
        CURRENT.scope(self.clone(), work).await
    }

    /// Lends the transaction to a unit of work.
    pub async fn lend(&self) -> Result<Transaction<'static, MySql>, StoreError> {
        let place = std::mem::replace(&mut self.state().place, Place::Out);
        let lent = match place {
            Place::Here(transaction) => Ok(transaction),
            Place::Unbegun => self.db.pool().begin().await.map_err(StoreError::from),
            // Two at a time would be one.
            Place::Out | Place::Lost => Err(lost()),
        };
        if lent.is_err() {
            self.lose();
        }
        lent
    }

    /// Whether the message is new to this batch. The inbox is asked at the end, for all at once.
    pub fn is_new(&self, message: Uuid) -> bool {
        !self.state().claimed.contains(&message)
    }

    /// A unit of work is done.
    pub fn take_back(&self, lent: Transaction<'static, MySql>, claimed: Vec<Uuid>, events: Vec<Envelope>) {
        let mut state = self.state();
        state.place = Place::Here(lent);
        state.claimed.extend(claimed);
        state.events.extend(events);
    }

    /// A unit of work failed or was dropped.
    pub fn lose(&self) {
        self.state().place = Place::Lost;
    }

    /// Makes it all so, unless a unit of work was lost or a message has been handled before.
    pub async fn commit(&self) -> Result<(), StoreError> {
        let State { place, claimed, events, afterwards } = std::mem::take(&mut *self.state());
        let mut transaction = match place {
            Place::Unbegun => return Ok(()),
            Place::Here(transaction) => transaction,
            Place::Out | Place::Lost => return Err(lost()),
        };
        if !claimed.is_empty() && !claim(&mut transaction, &claimed).await? {
            return Err(lost());
        }
        let wake = !events.is_empty();
        if wake {
            write_outbox(&mut transaction, self.db.source(), events).await?;
        }
        transaction.commit().await?;
        if wake {
            self.db.wake_relay();
        }
        afterwards.into_iter().for_each(|action| action());
        Ok(())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lost() -> StoreError {
    StoreError::Unavailable("the batch is lost: its messages are handled one by one".into())
}
