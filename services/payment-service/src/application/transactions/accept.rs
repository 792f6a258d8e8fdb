//! Accepting transactions: those that come at once share a transaction of the database, whose commit is what costs.

use std::sync::Arc;

use chrono::TimeDelta;
use config::BoxError;
use config::database::{Begin, StoreError, retrying};
use config::id::UserId;
use config::idempotency::{Answer, Claim};
use config::kafka::Envelope;
use config::money::Money;
use config::telemetry::RequestContext;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

use super::{Deadlines, TransactionCreated, TransactionError, TransactionStore};
use crate::domain::transactions::{
    Details, HouseRules, Party, PaymentType, Transaction, TransactionId, TransactionStatus,
};

/// As many are stored at once at most.
const TOGETHER: usize = 64;
/// As many commits are under way at once: while one waits for the disk, the next one is made up.
const WRITERS: usize = 4;
/// As many wait at most; further ones wait to wait.
const WAITING: usize = 1024;

/// What a client wants to be sent.
#[derive(Debug)]
pub struct Wanted {
    pub sender: Party,
    pub receiver: Party,
    pub amount: Money,
    pub payment_type: PaymentType,
    pub reference: Option<String>,
    pub details: Details,
}

/// Accepts transactions.
#[derive(Clone)]
pub struct Accept {
    queue: mpsc::Sender<Submission>,
    rules: Arc<HouseRules>,
}

/// A transaction on its way into the store, and whoever waits for it.
struct Submission {
    transaction: Transaction,
    reply: Option<(Claim, Answer)>,
    context: RequestContext,
    span: Span,
    stored: oneshot::Sender<Result<(), TransactionError>>,
}

impl Accept {
    /// The use case, and the work behind it, which must be run.
    pub fn new(
        store: Arc<dyn Begin<dyn TransactionStore>>,
        rules: Arc<HouseRules>,
        deadlines: Deadlines,
    ) -> (Self, Intake) {
        let (queue, waiting) = mpsc::channel(WAITING);
        let patience = TimeDelta::from_std(deadlines.pending).unwrap_or(TimeDelta::MAX);
        (Self { queue, rules }, Intake { store, waiting: Mutex::new(waiting), patience })
    }

    /// The transaction, pending. `show` makes the answer that any repetition gets.
    pub async fn run(
        &self,
        user_id: UserId,
        wanted: Wanted,
        claim: Option<Claim>,
        show: fn(&Transaction) -> Answer,
    ) -> Result<Transaction, TransactionError> {
        let id = TransactionId::next();
        let now = id.accepted_at();
        let transaction = Transaction {
            id,
            user_id,
            settles_on: self.rules.settles_on(wanted.payment_type, now),
            sender: wanted.sender,
            receiver: wanted.receiver,
            amount: wanted.amount,
            payment_type: wanted.payment_type,
            reference: wanted.reference,
            details: wanted.details,
            status: TransactionStatus::Pending,
            attempt: 1,
            failure: None,
            created_at: now,
            updated_at: now,
            completed_at: None,
        };
        let (stored, outcome) = oneshot::channel();
        let submission = Submission {
            reply: claim.map(|claim| (claim, show(&transaction))),
            transaction: transaction.clone(),
            context: RequestContext::current(),
            span: Span::current(),
            stored,
        };
        self.queue.send(submission).await.map_err(|_| TransactionError::not_stored())?;
        outcome.await.map_err(|_| TransactionError::not_stored())??;
        metrics::counter!("transactions_accepted_total", "payment_type" => transaction.payment_type.as_str())
            .increment(1);
        Ok(transaction)
    }
}

/// Stores what is accepted.
pub struct Intake {
    store: Arc<dyn Begin<dyn TransactionStore>>,
    waiting: Mutex<mpsc::Receiver<Submission>>,
    patience: TimeDelta,
}

impl Intake {
    /// Until `shutdown`; what waits by then is still stored.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), BoxError> {
        let intake = Arc::new(self);
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            let (intake, shutdown) = (intake.clone(), shutdown.clone());
            writers.spawn(async move { intake.write(&shutdown).await });
        }
        while let Some(ended) = writers.join_next().await {
            ended?;
        }
        Ok(())
    }

    async fn write(&self, shutdown: &CancellationToken) {
        loop {
            let mut together = Vec::new();
            let mut waiting = self.waiting.lock().await;
            tokio::select! {
                biased;
                count = waiting.recv_many(&mut together, TOGETHER) => if count == 0 { return },
                () = shutdown.cancelled(), if !waiting.is_closed() => waiting.close(),
            }
            drop(waiting);
            self.store(together).await;
        }
    }

    async fn store(&self, together: Vec<Submission>) {
        match retrying(|| self.commit(&together)).await {
            Ok(()) => together.into_iter().for_each(|it| tell(it, Ok(()))),
            // One by one, each would wait as long as all of them did.
            Err(TransactionError::Store(StoreError::Unavailable(error))) => {
                tracing::warn!(%error, count = together.len(), "transactions can't be stored");
                together.into_iter().for_each(|it| tell(it, Err(TransactionError::not_stored())));
            }
            // One of them is at fault, such as one whose idempotency key was taken over meanwhile.
            Err(_) => {
                for one in together {
                    let outcome = retrying(|| self.commit(std::slice::from_ref(&one))).await;
                    tell(one, outcome);
                }
            }
        }
    }

    async fn commit(&self, together: &[Submission]) -> Result<(), TransactionError> {
        let transactions: Vec<&Transaction> = together.iter().map(|it| &it.transaction).collect();
        let Some(newest) = transactions.iter().map(|transaction| transaction.created_at).max() else {
            return Ok(());
        };
        let mut tx = self.store.begin().await?;
        tx.add(&transactions, newest + self.patience).await?;
        for Submission { transaction, reply, context, span, .. } in together {
            if let Some((claim, answer)) = reply {
                tx.answer(claim, answer.clone()).await?;
            }
            let event = Envelope::new(&TransactionCreated::new(transaction));
            context.clone().scope(tx.publish(event).instrument(span.clone())).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

fn tell(submission: Submission, outcome: Result<(), TransactionError>) {
    // Its client may be gone; what was stored is accepted all the same.
    let _ = submission.stored.send(outcome);
}
