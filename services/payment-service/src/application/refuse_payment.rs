//! A payment that isn't wanted goes back: it is of the wrong amount, or its order was paid otherwise.

use config::database::retrying;
use config::id::UserId;
use config::kafka::Envelope;

use super::finish::unwind;
use super::{Operations, PaymentError};
use crate::domain::{OrderId, PaymentId};

/// Follows the refusal of payments.
#[derive(Clone)]
pub struct RefusePayment(Operations);

impl RefusePayment {
    pub fn new(operations: Operations) -> Self {
        Self(operations)
    }

    /// All that the payment took or promised goes back, once; the order can be paid by another at once.
    pub async fn run(
        &self,
        message: &Envelope,
        order: OrderId,
        user: UserId,
        payment: PaymentId,
    ) -> Result<(), PaymentError> {
        if retrying(|| self.attempt(message, order, user, payment)).await? {
            tracing::info!(order.id = %order, payment.id = %payment, "payment {payment} isn't wanted: it goes back");
            self.0.wake();
        }
        Ok(())
    }

    async fn attempt(
        &self,
        message: &Envelope,
        order: OrderId,
        user: UserId,
        payment: PaymentId,
    ) -> Result<bool, PaymentError> {
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin().await?;
        if !tx.claim(message).await? {
            return Ok(false);
        }
        let mut account = tx.open_account(order, user).await?;
        let found = tx.payment(payment).await?.filter(|payment| payment.order_id == order);
        let Some(mut payment) = found.filter(|payment| !payment.refused) else {
            tx.commit().await?;
            return Ok(false);
        };
        payment.refused = true;
        account.follow(&payment);
        unwind(tx.as_mut(), &mut payment, "wrong_amount", now).await?;
        tx.save_payment(&payment, now).await?;
        tx.save_account(&account, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}
