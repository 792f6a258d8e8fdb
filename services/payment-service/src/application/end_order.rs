//! An order that is over keeps no money.

use config::database::retrying;
use config::id::UserId;
use config::kafka::Envelope;

use super::finish::unwind;
use super::{Operations, PaymentError};
use crate::domain::OrderId;

/// How an order ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nobody may pay it any more.
    Cancelled,
    /// An administrator wants its money back with the customer.
    Refunded,
}

impl Ending {
    fn reason(self) -> &'static str {
        match self {
            Self::Cancelled => "order_cancelled",
            Self::Refunded => "order_refunded",
        }
    }
}

/// Undoes the payments of orders that are over.
#[derive(Clone)]
pub struct EndOrder(Operations);

impl EndOrder {
    pub fn new(operations: Operations) -> Self {
        Self(operations)
    }

    /// Whatever was taken or authorized goes back; what the provider still owes an answer on goes back when it comes.
    pub async fn run(
        &self,
        message: &Envelope,
        order: OrderId,
        user: UserId,
        ending: Ending,
    ) -> Result<(), PaymentError> {
        let undone = retrying(|| self.attempt(message, order, user, ending)).await?;
        if undone > 0 {
            let reason = ending.reason();
            tracing::info!(order.id = %order, undone, reason, "order {order} is over: its payments are undone");
            self.0.wake();
        }
        Ok(())
    }

    async fn attempt(
        &self,
        message: &Envelope,
        order: OrderId,
        user: UserId,
        ending: Ending,
    ) -> Result<u32, PaymentError> {
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin().await?;
        if !tx.claim(message).await? {
            return Ok(0);
        }
        let mut account = tx.open_account(order, user).await?;
        if ending == Ending::Cancelled {
            account.cancelled = true;
            tx.save_account(&account, now).await?;
        }
        let mut undone = 0;
        for mut payment in tx.payments_of(order).await? {
            if unwind(tx.as_mut(), &mut payment, ending.reason(), now).await? {
                tx.save_payment(&payment, now).await?;
                undone += 1;
            }
        }
        tx.commit().await?;
        Ok(undone)
    }
}
