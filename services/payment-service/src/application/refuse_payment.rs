//! A payment that isn't wanted goes back: it is of the wrong amount, or its order was paid otherwise.

use config::database::retrying;
use config::id::UserId;
use config::kafka::Envelope;

use super::finish::unwind;
use super::{Operations, PaymentError, RefundByHandDue};
use crate::domain::{OrderId, OrderMoney, PaymentId, Unwanted};

/// A payment that its order doesn't want.
#[derive(Debug, Clone, Copy)]
pub struct RefusedPayment {
    pub order: OrderId,
    pub user: UserId,
    pub payment: PaymentId,
    pub why: Unwanted,
    /// The order's; `None` where it isn't told.
    pub money: Option<OrderMoney>,
}

/// Follows the refusal of payments.
#[derive(Clone)]
pub struct RefusePayment(Operations);

impl RefusePayment {
    pub fn new(operations: Operations) -> Self {
        Self(operations)
    }

    /// All that the payment took or promised goes back, once; the order can be paid by another at once.
    pub async fn run(&self, message: &Envelope, refused: RefusedPayment) -> Result<(), PaymentError> {
        if retrying(|| self.attempt(message, refused)).await? {
            let RefusedPayment { order, payment, why, .. } = refused;
            tracing::info!(
                order.id = %order, payment.id = %payment, reason = why.as_str(),
                "payment {payment} isn't wanted: it goes back",
            );
            self.0.wake();
        }
        Ok(())
    }

    async fn attempt(&self, message: &Envelope, refused: RefusedPayment) -> Result<bool, PaymentError> {
        let RefusedPayment { order, user, payment, why, money } = refused;
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin().await?;
        if !tx.claim(message).await? {
            return Ok(false);
        }
        let mut account = tx.open_account(order, user).await?;
        let found = tx.payment(payment).await?.filter(|payment| payment.order_id == order);
        let Some(mut payment) = found.filter(|payment| payment.refused.is_none()) else {
            tx.commit().await?;
            return Ok(false);
        };
        payment.refused = Some(why);
        account.follow(&payment);
        unwind(tx.as_mut(), &mut payment, why.as_str(), now).await?;
        tx.save_payment(&payment, now).await?;
        if account.is_over()
            && let Some(money) = money
            // When the order ended this payment still counted as what it was paid with.
            && let Some(amount) = account.owe_by_hand(money, &tx.payments_of(order).await?)
        {
            tracing::warn!(order.id = %order, %amount, "no payment gives this money of an order back");
            tx.publish(Envelope::new(&RefundByHandDue::new(&account, amount))).await?;
        }
        tx.save_account(&account, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}
