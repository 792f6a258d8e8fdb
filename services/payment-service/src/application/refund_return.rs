//! The money for goods that came back.

use config::database::retrying;
use config::id::UserId;
use config::kafka::Envelope;
use config::money::Money;
use uuid::Uuid;

use super::dispute::undecided;
use super::{NewOperation, Operations, PaymentError, ReturnRefundShort};
use crate::domain::{OperationKind, OrderId, Payment, ReturnId, Status};

/// What is to be given back.
#[derive(Debug, Clone, Copy)]
pub struct ReturnDue {
    pub order: OrderId,
    pub user: UserId,
    pub return_id: ReturnId,
    /// In all, however often it is asked for.
    pub amount: Money,
}

/// Follows returns.
#[derive(Clone)]
pub struct RefundReturn(Operations);

impl RefundReturn {
    pub fn new(operations: Operations) -> Self {
        Self(operations)
    }

    /// Begins the refunds that are still missing, from as many of the order's payments as it takes. What no payment
    /// can give back is told.
    pub async fn run(&self, message: &Envelope, due: ReturnDue) -> Result<(), PaymentError> {
        if retrying(|| self.attempt(message, due)).await? > 0 {
            self.0.wake();
        }
        Ok(())
    }

    async fn attempt(&self, message: &Envelope, due: ReturnDue) -> Result<u32, PaymentError> {
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin().await?;
        if !tx.claim(message).await? {
            return Ok(0);
        }
        let currency = due.amount.currency();
        let account = tx.open_account(due.order, due.user).await?;
        let refunds = tx.refunds_of_return(due.order, due.return_id).await?;
        let good = refunds.iter().filter(|refund| refund.is_good()).map(|refund| refund.amount.minor());
        let mut missing = due.amount.minor() - good.sum::<i64>();
        let mut begun = 0;
        let mut payments = tx.payments_of(due.order).await?;
        // What goes back for another reason isn't the order's.
        payments.retain(|payment| payment.refused.is_none() && payment.amount.currency() == currency);
        for payment in &mut payments {
            let part = missing.min(left(payment));
            if part <= 0 {
                continue;
            }
            let amount = payment.begin_refund(Some(Money::from_minor(part, currency)))?;
            let refund = NewOperation {
                payment_id: payment.id,
                order_id: due.order,
                provider: payment.provider,
                kind: OperationKind::Refund,
                amount,
                reason: Some("return"),
                return_id: Some(due.return_id),
                key: Uuid::now_v7(),
                charge_key: payment.charge_key,
                request: None,
                due_at: now,
            };
            tx.add_operation(&refund, now).await?;
            tx.save_payment(payment, now).await?;
            missing -= part;
            begun += 1;
        }
        if missing > 0 {
            let mut disputed = 0;
            for payment in &payments {
                disputed += undecided(tx.as_mut(), payment).await?;
            }
            let [missing, disputed] =
                [missing, disputed.min(missing)].map(|minor| Money::from_minor(minor, currency));
            tracing::error!(
                order.id = %due.order, return_id = %due.return_id, %missing, %disputed,
                "no payment can give back a return's money",
            );
            let short = ReturnRefundShort::new(&account, due.return_id, missing, disputed);
            tx.publish(Envelope::new(&short)).await?;
        }
        tx.commit().await?;
        Ok(begun)
    }
}

/// What one of the order's payments can give back, in minor units.
fn left(payment: &Payment) -> i64 {
    let paid = matches!(payment.status, Status::Succeeded | Status::PartiallyRefunded);
    // A capture or a void that is on its way comes first.
    if paid && payment.pending.is_none() { payment.refundable().minor() } else { 0 }
}
