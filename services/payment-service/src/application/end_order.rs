//! An order that is over keeps no money.

use config::database::retrying;
use config::id::UserId;
use config::kafka::Envelope;

use super::finish::unwind;
use super::{Operations, PaymentError, RefundByHandDue};
use crate::domain::{OrderId, OrderMoney};

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

/// An order that is over, as order-service tells of it.
#[derive(Debug, Clone, Copy)]
pub struct EndedOrder {
    pub order: OrderId,
    pub user: UserId,
    pub ending: Ending,
    /// `None` where it isn't told.
    pub money: Option<OrderMoney>,
}

/// Undoes the payments of orders that are over.
#[derive(Clone)]
pub struct EndOrder(Operations);

impl EndOrder {
    pub fn new(operations: Operations) -> Self {
        Self(operations)
    }

    /// Whatever was taken or authorized goes back; what the provider still owes an answer on goes back when it comes.
    /// What no payment took is for people to give back: they are told.
    pub async fn run(&self, message: &Envelope, ended: EndedOrder) -> Result<(), PaymentError> {
        let undone = retrying(|| self.attempt(message, ended)).await?;
        if undone > 0 {
            let EndedOrder { order, ending, .. } = ended;
            let reason = ending.reason();
            tracing::info!(order.id = %order, undone, reason, "order {order} is over: its payments are undone");
            self.0.wake();
        }
        Ok(())
    }

    async fn attempt(&self, message: &Envelope, ended: EndedOrder) -> Result<u32, PaymentError> {
        let EndedOrder { order, user, ending, money } = ended;
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin().await?;
        if !tx.claim(message).await? {
            return Ok(0);
        }
        let mut account = tx.open_account(order, user).await?;
        match ending {
            Ending::Cancelled => account.cancelled = true,
            Ending::Refunded => account.refunded = true,
        }
        let payments = tx.payments_of(order).await?;
        if let Some(amount) = money.and_then(|money| account.owe_by_hand(money, &payments)) {
            tracing::warn!(order.id = %order, %amount, "no payment gives this money of an order back");
            tx.publish(Envelope::new(&RefundByHandDue::new(&account, amount))).await?;
        }
        tx.save_account(&account, now).await?;
        let mut undone = 0;
        for mut payment in payments {
            if unwind(tx.as_mut(), &mut payment, ending.reason(), now).await? {
                tx.save_payment(&payment, now).await?;
                undone += 1;
            }
        }
        tx.commit().await?;
        Ok(undone)
    }
}
