//! Finishing what nobody waits for: operations whose process died, whose provider gave no answer, or that undo the
//! payments of a cancelled order.

use std::time::Duration;

use config::BoxError;
use config::database::retrying;
use config::problem::chain;
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::operations::Cause;
use super::{Operations, PaymentError};
use crate::domain::Operation;

const BATCH: u32 = 20;
/// When nobody calls sooner.
const PAUSE: Duration = Duration::from_millis(500);

/// Carries out what is due, on every instance at once.
pub struct Recover(Operations);

impl Recover {
    pub fn new(operations: Operations) -> Self {
        Self(operations)
    }

    pub async fn run(self, shutdown: CancellationToken) -> Result<(), BoxError> {
        while !shutdown.is_cancelled() {
            match self.round().await {
                Ok(full) if full => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(error = %chain(&error), "due operations could not be looked up"),
            }
            tokio::select! {
                () = self.0.woken() => {}
                () = tokio::time::sleep(PAUSE) => {}
                () = shutdown.cancelled() => {}
            }
        }
        Ok(())
    }

    /// Carries out what is due now; whether there may be more.
    pub async fn round(&self) -> Result<bool, PaymentError> {
        let due = retrying(|| self.take()).await?;
        join_all(due.iter().map(|operation| self.carry_out(operation))).await;
        Ok(due.len() == BATCH as usize)
    }

    async fn take(&self) -> Result<Vec<Operation>, PaymentError> {
        let mut tx = self.0.store.begin().await?;
        let due = tx.take_due(self.0.clock.now(), self.0.lease(), BATCH).await?;
        tx.commit().await?;
        Ok(due)
    }

    async fn carry_out(&self, operation: &Operation) {
        if let Err(error) = self.0.execute(operation, Cause::Recovery).await {
            tracing::warn!(
                error = %chain(&error), operation.id = %operation.id, payment.id = %operation.payment_id,
                "an operation could not be finished; it will be tried again",
            );
        }
    }
}
