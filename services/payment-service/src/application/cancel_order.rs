//! A cancelled order keeps no money.

use config::database::retrying;
use config::id::UserId;
use config::kafka::Envelope;

use super::finish::unwind;
use super::{Operations, PaymentError};
use crate::domain::OrderId;

/// Follows the cancellation of orders.
#[derive(Clone)]
pub struct CancelOrder(Operations);

impl CancelOrder {
    pub fn new(operations: Operations) -> Self {
        Self(operations)
    }

    /// Whatever was taken or authorized goes back; what the provider still owes an answer on goes back when it comes.
    pub async fn run(&self, message: &Envelope, order: OrderId, user: UserId) -> Result<(), PaymentError> {
        let undone = retrying(|| self.attempt(message, order, user)).await?;
        if undone > 0 {
            tracing::info!(order.id = %order, undone, "order {order} was cancelled: its payments are undone");
            self.0.wake();
        }
        Ok(())
    }

    async fn attempt(&self, message: &Envelope, order: OrderId, user: UserId) -> Result<u32, PaymentError> {
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin().await?;
        if !tx.claim(message).await? {
            return Ok(0);
        }
        let mut account = tx.open_account(order, user).await?;
        account.cancelled = true;
        tx.save_account(&account, now).await?;
        let mut undone = 0;
        for mut payment in tx.payments_of(order).await? {
            if unwind(tx.as_mut(), &mut payment, "order_cancelled", now).await? {
                tx.save_payment(&payment, now).await?;
                undone += 1;
            }
        }
        tx.commit().await?;
        Ok(undone)
    }
}
