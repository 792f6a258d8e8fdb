//! The transaction after the provider's answer.

use chrono::{DateTime, Utc};
use config::database::StoreError;
use config::kafka::Envelope;
use config::money::Money;
use uuid::Uuid;

use super::dispute::undecided;
use super::operations::{Cause, Outcome};
use super::{
    Completed, NewOperation, PaymentAuthorized, PaymentError, PaymentFailed, PaymentProcessed,
    PaymentRefunded, PaymentVoided, RefundFailed, ReturnRefundShort, Store,
};
use crate::domain::{
    Account, ChargeOutcome, DUPLICATE, Decline, Movement, Operation, OperationKind, OperationState, Payment,
    Posting, Status, Unwind,
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
        if let Some(fee) = outcome.and_then(fee) {
            post_fee(tx.as_mut(), &operation, fee, self.now).await?;
        }
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
        let before = operation.state;
        operation.state = match outcome {
            Outcome::Charge(ChargeOutcome::ActionRequired { .. }) => OperationState::Pending,
            Outcome::Done(_)
            | Outcome::Charge(ChargeOutcome::Captured { .. } | ChargeOutcome::Authorized { .. }) => {
                OperationState::Succeeded
            }
            Outcome::Refused(_)
            | Outcome::CameBack
            | Outcome::NotCharged
            | Outcome::Charge(ChargeOutcome::Declined(_)) => OperationState::Failed,
            // What had been set aside was set aside.
            Outcome::Charge(ChargeOutcome::Lapsed) if before == OperationState::Succeeded => before,
            Outcome::Charge(ChargeOutcome::Lapsed) => OperationState::Failed,
        };
        let account_before = account.clone();
        account.follow(payment);
        let rejected = account.rejects(payment);
        match operation.is_pending() {
            true => tx.postpone(operation.id, self.customer_until).await?,
            false => tx.end_operation(operation.id, operation.state).await?,
        }
        match outcome {
            Outcome::NotCharged => tx.forget_request(operation.id).await?,
            Outcome::Refused(decline) => {
                tracing::error!(
                    operation.id = %operation.id, payment.id = %payment.id, code = decline.code,
                    "the provider refused to {}", operation.kind,
                );
                tell_failure(tx, account, payment, operation, before).await?;
            }
            Outcome::CameBack => {
                tracing::error!(
                    operation.id = %operation.id, payment.id = %payment.id,
                    "a refund did not reach the customer: the provider has the money again",
                );
                tell_failure(tx, account, payment, operation, before).await?;
            }
            // Else the order would take this payment for its own.
            _ if rejected == Some(DUPLICATE) && is_payment(operation) => {}
            _ => tell(tx, account, payment, operation).await?,
        }
        tx.post(payment.id, &postings(payment, operation, before, outcome), self.now).await?;
        let follow_up = match (rejected, outcome) {
            // The same again would end in the same way; this is for an operator.
            (_, Outcome::Refused(_) | Outcome::CameBack) | (None, _) => false,
            (Some(reason), _) => unwind(tx, payment, reason, self.now).await?,
        };
        tx.save_payment(payment, self.now).await?;
        if *account != account_before {
            tx.save_account(account, self.now).await?;
        }
        Ok(if follow_up { Effect::FollowUp } else { Effect::Changed })
    }
}

/// Whether the payment has changed by it.
fn ended(payment: &mut Payment, operation: &Operation, outcome: &Outcome) -> bool {
    let done = matches!(outcome, Outcome::Done(_));
    match (operation.kind, outcome) {
        (OperationKind::Charge, Outcome::Charge(outcome)) => return payment.charge_ended(outcome),
        (OperationKind::Charge, Outcome::NotCharged) => {
            let decline = Decline::coded("provider_unavailable");
            return payment.charge_ended(&ChargeOutcome::Declined(decline));
        }
        (OperationKind::Refund, Outcome::CameBack) if operation.state == OperationState::Succeeded => {
            payment.refund_came_back(operation.amount);
        }
        _ if !operation.is_pending() => return false,
        (OperationKind::Capture, _) => payment.capture_ended(operation.amount, done),
        (OperationKind::Void, _) => payment.void_ended(done),
        (OperationKind::Refund, _) => payment.refund_ended(operation.amount, done),
        (OperationKind::Charge, _) => return false,
    }
    true
}

/// What the ledger is told of it; `before` is where the operation was.
fn postings(
    payment: &Payment,
    operation: &Operation,
    before: OperationState,
    outcome: &Outcome,
) -> Vec<Posting> {
    let by = reference(operation);
    match (operation.kind, outcome) {
        (OperationKind::Charge, Outcome::Charge(ChargeOutcome::Authorized { .. })) => {
            vec![Posting::authorization(&by, payment.amount)]
        }
        (OperationKind::Charge, Outcome::Charge(ChargeOutcome::Captured { .. })) => {
            vec![Posting::authorization(&by, payment.amount), Posting::capture(&by, payment.amount)]
        }
        (OperationKind::Capture, Outcome::Done(_)) => {
            let rest = payment.amount.minor() - operation.amount.minor();
            let rest = Posting::release(&by, Money::from_minor(rest, payment.amount.currency()));
            vec![Posting::capture(&by, operation.amount), rest]
        }
        (OperationKind::Void, Outcome::Done(_)) => vec![Posting::release(&by, payment.amount)],
        (OperationKind::Charge, Outcome::Charge(ChargeOutcome::Lapsed))
            if payment.status == Status::Voided =>
        {
            vec![Posting::release(&by, payment.amount)]
        }
        (OperationKind::Refund, Outcome::Done(_)) => vec![Posting::refund(&by, operation.amount)],
        (OperationKind::Refund, Outcome::CameBack) if before == OperationState::Succeeded => {
            vec![Posting::refund_reversal(&by, operation.amount)]
        }
        _ => Vec::new(),
    }
}

/// Where a movement of this operation comes from.
fn reference(operation: &Operation) -> String {
    format!("operation {}", operation.id)
}

fn fee(outcome: &Outcome) -> Option<Money> {
    match outcome {
        Outcome::Charge(ChargeOutcome::Captured { fee, .. }) | Outcome::Done(fee) => *fee,
        _ => None,
    }
}

/// Notices don't tell the fee, so that an answer which is old news for the payment may bring it.
async fn post_fee(
    tx: &mut dyn Store,
    operation: &Operation,
    fee: Money,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let by = reference(operation);
    let is_due = fee.is_positive() && operation.state == OperationState::Succeeded;
    if is_due && !tx.is_posted(operation.payment_id, Movement::Fee, &by).await? {
        tx.post(operation.payment_id, &[Posting::fee(&by, fee)], now).await?;
    }
    Ok(())
}

/// Whether it brings money, or the promise of it.
fn is_payment(operation: &Operation) -> bool {
    matches!(operation.kind, OperationKind::Charge | OperationKind::Capture)
}

async fn tell(
    tx: &mut dyn Store,
    account: &Account,
    payment: &Payment,
    operation: &Operation,
) -> Result<(), StoreError> {
    let event = match (operation.kind, payment.status) {
        (OperationKind::Charge, Status::Authorized) => Envelope::new(&PaymentAuthorized::new(payment)),
        (OperationKind::Charge | OperationKind::Void, Status::Voided) => {
            Envelope::new(&PaymentVoided::new(payment))
        }
        (OperationKind::Charge | OperationKind::Capture, Status::Succeeded) => {
            Envelope::new(&PaymentProcessed::new(payment))
        }
        (OperationKind::Charge, Status::Failed) => Envelope::new(&PaymentFailed::new(account, payment)),
        (OperationKind::Refund, _) => Envelope::new(&PaymentRefunded::new(payment, operation)),
        _ => return Ok(()),
    };
    tx.publish(event).await
}

/// Says that a refund failed. Of one for a return that was never told to be done, only the return's money is missing.
async fn tell_failure(
    tx: &mut dyn Store,
    account: &Account,
    payment: &Payment,
    operation: &Operation,
    before: OperationState,
) -> Result<(), StoreError> {
    let was_done = before == OperationState::Succeeded;
    let event = match (operation.kind, operation.return_id) {
        (OperationKind::Refund, Some(back)) if !was_done => {
            let missing = operation.amount;
            // What is still there to give back is no bank's to decide on.
            let gone = (missing.minor() - payment.refundable().minor()).max(0);
            let disputed = undecided(tx, payment).await?.min(gone);
            let disputed = Money::from_minor(disputed, missing.currency());
            Envelope::new(&ReturnRefundShort::new(account, back, missing, disputed))
        }
        (OperationKind::Refund, _) => Envelope::new(&RefundFailed::new(payment, operation, was_done)),
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
        provider: payment.provider,
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
