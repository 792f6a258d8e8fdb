//! Asking the provider, within a request or long after it.
//!
//! An operation is committed before the provider is asked and finished in a transaction after it answered. In
//! between no transaction is open, and the process may die: whoever takes the operation over asks again under the
//! same key, and the provider acts once.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use config::clock::Clock;
use config::database::{Begin, retrying};
use config::problem::chain;
use tokio::sync::Notify;

use super::finish::{Effect, Finish};
use super::{Completed, Fee, PaymentError, ProviderError, Providers, Reply, Store};
use crate::domain::{ChargeOutcome, Decline, Operation, OperationKind, ProviderName};

/// A request that waits for the provider gives up first, so that the job never works beside it.
const GRACE: TimeDelta = TimeDelta::seconds(1);
/// The longest pause between two tries, in seconds.
const LONGEST_PAUSE: i64 = 60;

/// How long others are waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the provider's answer.
    pub provider: Duration,
    /// For the customer's confirmation.
    pub customer: Duration,
}

/// What the provider said.
#[derive(Debug)]
pub(super) enum Outcome {
    Charge(ChargeOutcome),
    /// The provider could not be asked for the charge: nothing has happened.
    NotCharged,
    Done(Fee),
    Refused(Decline),
    /// It was done, or was about to be, and the money came back.
    CameBack,
}

/// Why an operation is finished now.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cause<'a> {
    Request(&'a Reply),
    Notice { provider: ProviderName, event: &'a str },
    Recovery,
}

/// Carries operations out.
#[derive(Clone)]
pub struct Operations {
    pub(super) store: Arc<dyn Begin<dyn Store>>,
    pub(super) providers: Providers,
    pub(super) clock: Arc<dyn Clock>,
    patience: Patience,
    wake: Arc<Notify>,
}

impl Operations {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        providers: Providers,
        clock: Arc<dyn Clock>,
        patience: Patience,
    ) -> Self {
        Self { store, providers, clock, patience, wake: Arc::default() }
    }

    /// Until when an operation belongs to whoever has just begun or taken it.
    pub(super) fn lease(&self) -> DateTime<Utc> {
        self.clock.now() + self.patience.provider + GRACE
    }

    /// Something is due at once.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Asks the provider, unless it has answered already, and finishes the operation.
    pub(super) async fn execute(
        &self,
        operation: &Operation,
        cause: Cause<'_>,
    ) -> Result<Completed, PaymentError> {
        if !operation.is_pending() {
            return self.finish(operation, None, cause).await;
        }
        match self.ask(operation).await {
            Ok(outcome) => self.finish(operation, Some(&outcome), cause).await,
            Err(error) => {
                tracing::warn!(
                    error = %chain(&error), operation.id = %operation.id, payment.id = %operation.payment_id,
                    kind = operation.kind.as_str(), "the provider gave no answer; it will be asked again",
                );
                self.finish(operation, None, cause).await
            }
        }
    }

    async fn ask(&self, operation: &Operation) -> Result<Outcome, ProviderError> {
        let Operation { key, charge_key, amount, .. } = *operation;
        let provider = self.providers.get(operation.provider)?;
        let done = |()| Outcome::Done(None);
        Ok(match operation.kind {
            // Nobody is there to be charged any more: what has not happened must not happen later.
            OperationKind::Charge => Outcome::Charge(self.within(provider.conclude(charge_key)).await?),
            OperationKind::Capture => {
                let answer = self.within(provider.capture(key, charge_key, amount)).await?;
                answer.map_or_else(Outcome::Refused, Outcome::Done)
            }
            OperationKind::Void => {
                let answer = self.within(provider.void(key, charge_key)).await?;
                answer.map_or_else(Outcome::Refused, done)
            }
            OperationKind::Refund => {
                let answer = self.within(provider.refund(key, charge_key, amount)).await?;
                answer.map_or_else(Outcome::Refused, done)
            }
        })
    }

    /// An answer that takes too long is not known.
    pub(super) async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        let late = |_| Err(ProviderError::Unknown("no answer in time".into()));
        tokio::time::timeout(self.patience.provider, call).await.unwrap_or_else(late)
    }

    /// Commits what the provider said, once; `None` when it said nothing, so that it is asked again later.
    pub(super) async fn finish(
        &self,
        operation: &Operation,
        outcome: Option<&Outcome>,
        cause: Cause<'_>,
    ) -> Result<Completed, PaymentError> {
        let (completed, effect) = retrying(|| async {
            let now = self.clock.now();
            let pause = (1_i64 << operation.attempts.min(6)).min(LONGEST_PAUSE);
            let finish = Finish {
                now,
                customer_until: now + self.patience.customer,
                again_at: now + TimeDelta::seconds(pause),
            };
            finish.run(self.store.begin().await?, operation, outcome, cause).await
        })
        .await?;
        if effect == Effect::FollowUp {
            self.wake();
        }
        if effect != Effect::None {
            report(&completed);
        }
        Ok(completed)
    }
}

fn report(Completed { payment, operation }: &Completed) {
    let (kind, state) = (operation.kind.as_str(), operation.state.as_str());
    metrics::counter!("payment_operations_total", "kind" => kind, "state" => state).increment(1);
    let currency = operation.amount.currency().code();
    metrics::counter!("payment_minor_units_total", "kind" => kind, "state" => state, "currency" => currency)
        .increment(operation.amount.minor().unsigned_abs());
    tracing::info!(
        payment.id = %payment.id, order.id = %payment.order_id, status = payment.status.as_str(), kind, state,
        "payment {} of order {} is {}", payment.id, payment.order_id, payment.status,
    );
}
