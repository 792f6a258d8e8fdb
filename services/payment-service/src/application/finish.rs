//! The transaction after the provider's answer.

use chrono::{DateTime, Utc};
use config::database::StoreError;
use config::kafka::Envelope;
use uuid::Uuid;

use super::operations::{Cause, Outcome};
use super::{
    Completed, NewOperation, PaymentError, PaymentFailed, PaymentProcessed, PaymentRefunded,
    ReturnRefundShort, Store,
};
use crate::domain::{
    Account, ChargeOutcome, Decline, Operation, OperationKind, OperationState, Payment, Status, Unwind,
};

/// The times that count in it.
pub(super) struct Finish {
    pub now: DateTime<Utc>,
    /// Until when the customer may confirm.
    pub customer_until: DateTime<Utc>,
    /// When a provider that gave no answer is asked again.
    pub again_at: DateTime<Utc>,
}

/// What a transaction has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    None,
    Changed,
    /// There is something for the recovery job to do at once.
    FollowUp,
}

impl Finish {
    pub async fn run(
        &self,
        mut tx: Box<dyn Store>,
        operation: &Operation,
        outcome: Option<&Outcome>,
        cause: Cause<'_>,
    ) -> Result<(Completed, Effect), PaymentError> {
        let gone = || StoreError::corrupt("an operation without its payment");
        let mut account = tx.account(operation.order_id).await?.ok_or_else(gone)?;
        let mut payment = tx.payment(operation.payment_id).await?.ok_or_else(gone)?;
        let mut operation = tx.operation(operation.id).await?.ok_or_else(gone)?;
        let is_news = match cause {
            Cause::Notice { provider, event } => tx.claim_notice(provider, event, self.now).await?,
            Cause::Request(_) | Cause::Recovery => true,
        };
        let effect = match outcome {
            Some(outcome) if is_news && ended(&mut payment, &operation, outcome) => {
                self.follow(tx.as_mut(), &mut account, &mut payment, &mut operation, outcome).await?
            }
            None if operation.is_pending() => {
                tx.postpone(operation.id, self.again_at).await?;
                Effect::None
            }
            _ => Effect::None,
        };
        let completed = Completed { payment, operation };
        // The request may be repeated when nothing came of it.
        if let (Cause::Request(reply), false) = (cause, matches!(outcome, Some(Outcome::NotCharged)))
            && let Some((claim, answer)) = reply.answer(&completed)
        {
            tx.answer(claim, answer).await?;
        }
        tx.commit().await?;
        Ok((completed, effect))
    }

    async fn follow(
        &self,
        tx: &mut dyn Store,
        account: &mut Account,
        payment: &mut Payment,
        operation: &mut Operation,
        outcome: &Outcome,
    ) -> Result<Effect, PaymentError> {
        operation.state = match outcome {
            Outcome::Charge(ChargeOutcome::ActionRequired { .. }) => OperationState::Pending,
            Outcome::Done
            | Outcome::Charge(ChargeOutcome::Captured { .. } | ChargeOutcome::Authorized { .. }) => {
                OperationState::Succeeded
            }
            Outcome::Refused(_) | Outcome::NotCharged | Outcome::Charge(ChargeOutcome::Declined(_)) => {
                OperationState::Failed
            }
        };
        match operation.is_pending() {
            true => tx.postpone(operation.id, self.customer_until).await?,
            false => tx.end_operation(operation.id, operation.state).await?,
        }
        match outcome {
            Outcome::NotCharged => tx.forget_request(operation.id).await?,
            Outcome::Refused(decline) => {
                tracing::error!(
                    operation.id = %operation.id, payment.id = %payment.id, code = decline.code,
                    "the provider refused to {}", operation.kind.as_str(),
                );
                if let Some(back) = operation.return_id {
                    tx.publish(Envelope::new(&ReturnRefundShort::new(account, back, operation.amount)))
                        .await?;
                }
            }
            _ => tell(tx, payment, operation).await?,
        }
        let before = account.clone();
        account.follow(payment);
        let follow_up = match (account.rejects(payment), outcome) {
            // The same again would be refused again; this is for an operator.
            (_, Outcome::Refused(_)) | (None, _) => false,
            (Some(reason), _) => unwind(tx, payment, reason, self.now).await?,
        };
        tx.save_payment(payment, self.now).await?;
        if *account != before {
            tx.save_account(account, self.now).await?;
        }
        Ok(if follow_up { Effect::FollowUp } else { Effect::Changed })
    }
}

/// Whether the payment has changed by it.
fn ended(payment: &mut Payment, operation: &Operation, outcome: &Outcome) -> bool {
    let done = matches!(outcome, Outcome::Done);
    match (operation.kind, outcome) {
        (OperationKind::Charge, Outcome::Charge(outcome)) => return payment.charge_ended(outcome),
        (OperationKind::Charge, Outcome::NotCharged) => {
            let (code, message) = ("provider_unavailable", "The payment provider could not be reached.");
            let decline = Decline { code: code.to_owned(), message: message.to_owned() };
            return payment.charge_ended(&ChargeOutcome::Declined(decline));
        }
        _ if !operation.is_pending() => return false,
        (OperationKind::Capture, _) => payment.capture_ended(operation.amount, done),
        (OperationKind::Void, _) => payment.void_ended(done),
        (OperationKind::Refund, _) => payment.refund_ended(operation.amount, done),
        (OperationKind::Charge, _) => return false,
    }
    true
}

async fn tell(tx: &mut dyn Store, payment: &Payment, operation: &Operation) -> Result<(), StoreError> {
    let event = match (operation.kind, payment.status) {
        (OperationKind::Charge | OperationKind::Capture, Status::Succeeded) => {
            Envelope::new(&PaymentProcessed::new(payment))
        }
        (OperationKind::Charge, Status::Failed) => Envelope::new(&PaymentFailed::new(payment)),
        (OperationKind::Refund, _) => Envelope::new(&PaymentRefunded::new(payment, operation)),
        _ => return Ok(()),
    };
    tx.publish(event).await
}

/// Has the payment's money sent back, or its authorization given up, by the recovery job. The payment is to be
/// saved after this; `false` when there is nothing to undo.
pub(super) async fn unwind(
    tx: &mut dyn Store,
    payment: &mut Payment,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, PaymentError> {
    let (kind, amount) = match payment.unwind() {
        Some(Unwind::Refund(amount)) => (OperationKind::Refund, payment.begin_refund(Some(amount))?),
        Some(Unwind::Void) => {
            payment.begin_void()?;
            (OperationKind::Void, payment.amount)
        }
        Some(Unwind::Abandon) => {
            tx.hasten_charge(payment.id, now).await?;
            return Ok(true);
        }
        None => return Ok(false),
    };
    let undoing = NewOperation {
        payment_id: payment.id,
        order_id: payment.order_id,
        kind,
        amount,
        reason: Some(reason),
        return_id: None,
        key: Uuid::now_v7(),
        charge_key: payment.charge_key,
        request: None,
        due_at: now,
    };
    tx.add_operation(&undoing, now).await?;
    Ok(true)
}
