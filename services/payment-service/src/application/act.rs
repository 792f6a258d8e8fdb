//! Capturing, voiding and refunding.

use std::sync::Arc;

use config::database::retrying;
use config::jwt_auth::{AuthError, Caller};
use config::money::{Amount, Currency, Money};
use config::problem::InvalidFields;
use config::text::Prose;
use uuid::Uuid;

use super::operations::Cause;
use super::{Completed, NewOperation, Operations, PaymentError, PaymentReader, Reply};
use crate::domain::{Operation, OperationKind, Payment, PaymentId, Status};

/// What is to be done with a payment.
#[derive(Debug, Clone)]
pub enum Action {
    /// Takes the authorized money, or a part of it.
    Capture { amount: Option<Amount> },
    /// Gives the authorization back, or stops waiting for the customer.
    Void,
    /// Gives money back: all that is left when no amount is named.
    Refund { amount: Option<Amount>, reason: Prose<200> },
}

/// Acts on a payment.
#[derive(Clone)]
pub struct Act {
    operations: Operations,
    payments: Arc<dyn PaymentReader>,
}

impl Act {
    pub fn new(operations: Operations, payments: Arc<dyn PaymentReader>) -> Self {
        Self { operations, payments }
    }

    /// The operation is still pending in the answer when the provider gave none; then it goes on by itself.
    pub async fn run(
        &self,
        caller: &Caller,
        id: PaymentId,
        action: &Action,
        reply: &Reply,
    ) -> Result<Completed, PaymentError> {
        let payment = self.payments.payment(id).await?.ok_or(PaymentError::NotFound(id))?.payment;
        self.may(caller, &payment, action)?;
        let operation = match self.begun_before(&payment, action, reply).await? {
            Some(operation) => operation,
            None => retrying(|| self.begin(&payment, action, reply)).await?,
        };
        self.operations.execute(&operation, Cause::Request(reply)).await
    }

    /// Money is moved by administrators; a customer may walk away from a confirmation.
    fn may(&self, caller: &Caller, payment: &Payment, action: &Action) -> Result<(), AuthError> {
        caller.must_own(payment.user_id)?;
        let walks_away = matches!(action, Action::Void) && payment.status == Status::RequiresAction;
        if caller.is_admin() || walks_away { Ok(()) } else { Err(AuthError::NotAdmin) }
    }

    async fn begun_before(
        &self,
        payment: &Payment,
        action: &Action,
        reply: &Reply,
    ) -> Result<Option<Operation>, PaymentError> {
        if matches!(action, Action::Void) && payment.status == Status::RequiresAction {
            return Ok(self.payments.charge_of(payment.id).await?);
        }
        match reply.request() {
            Some(request) => {
                let since = Reply::since(self.operations.clock.now());
                Ok(self.payments.operation_of_request(request, since).await?)
            }
            None => Ok(None),
        }
    }

    async fn begin(
        &self,
        payment: &Payment,
        action: &Action,
        reply: &Reply,
    ) -> Result<Operation, PaymentError> {
        let now = self.operations.clock.now();
        let mut tx = self.operations.store.begin().await?;
        let missing = || PaymentError::NotFound(payment.id);
        tx.account(payment.order_id).await?.ok_or_else(missing)?;
        let mut payment = tx.payment(payment.id).await?.ok_or_else(missing)?;
        let currency = payment.amount.currency();
        let (kind, amount, reason) = match action {
            Action::Capture { amount } => {
                let amount = money(*amount, currency)?;
                (OperationKind::Capture, payment.begin_capture(amount)?, None)
            }
            Action::Void => {
                payment.begin_void()?;
                payment.expect_own_end()?;
                (OperationKind::Void, payment.amount, None)
            }
            Action::Refund { amount, reason } => {
                let amount = money(*amount, currency)?;
                (OperationKind::Refund, payment.begin_refund(amount)?, Some(reason.as_str()))
            }
        };
        if let Some(request) = reply.request() {
            tx.forget_old_request(request, Reply::since(now)).await?;
        }
        let operation = NewOperation {
            payment_id: payment.id,
            order_id: payment.order_id,
            provider: payment.provider,
            kind,
            amount,
            reason,
            return_id: None,
            key: Uuid::now_v7(),
            charge_key: payment.charge_key,
            request: reply.request(),
            due_at: self.operations.lease(),
        };
        let operation = tx.add_operation(&operation, now).await?;
        tx.save_payment(&payment, now).await?;
        tx.commit().await?;
        Ok(operation)
    }
}

fn money(amount: Option<Amount>, currency: Currency) -> Result<Option<Money>, InvalidFields> {
    let parsed = amount.map(|amount| amount.in_currency(currency)).transpose();
    parsed.map_err(|error| InvalidFields::one("amount", "invalid", error.to_string()))
}
