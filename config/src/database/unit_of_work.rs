//! The port behind which a use case changes state.

use async_trait::async_trait;
use metrics::Counter;

use super::StoreError;
use crate::idempotency::{Answer, Claim};
use crate::kafka::Envelope;

/// One transaction: state, outbox, inbox and idempotent answer. Dropping it rolls everything back.
#[async_trait]
pub trait UnitOfWork: Send {
    /// Marks the message as handled here; `false` when it was before, and then there is nothing to do.
    async fn claim(&mut self, message: &Envelope) -> Result<bool, StoreError> {
        self.claim_all(&[message]).await
    }

    /// The same for several; `false` when one of them was handled before, and then this must not be committed.
    async fn claim_all(&mut self, messages: &[&Envelope]) -> Result<bool, StoreError>;

    /// Sends the event once this commits.
    async fn publish(&mut self, event: Envelope) -> Result<(), StoreError>;

    /// Makes `answer` what any repetition of the claimed request gets.
    async fn answer(&mut self, claim: &Claim, answer: Answer) -> Result<(), StoreError>;

    /// Counts what this unit of work did, once it has committed: what was rolled back hasn't happened.
    /// A fake counts nothing.
    fn tally(&mut self, _counter: Counter, _by: u64) {}

    /// Makes it all so.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// Where units of work come from; `U` is a service's `dyn Store`.
#[async_trait]
pub trait Begin<U: ?Sized>: Send + Sync {
    async fn begin(&self) -> Result<Box<U>, StoreError>;
}
