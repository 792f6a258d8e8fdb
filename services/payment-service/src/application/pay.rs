//! Paying an order.

use std::sync::Arc;

use config::database::retrying;
use config::id::UserId;
use config::jwt_auth::{AuthError, Caller};
use config::money::Money;
use uuid::Uuid;

use super::operations::{Cause, Outcome};
use super::{
    Charge, Completed, NewOperation, NewPayment, Operations, OrderSnapshot, Orders, PaymentError,
    PaymentReader, ProviderError, Reply,
};
use crate::domain::{
    COUNTED, Instrument, Method, Operation, OperationKind, OrderId, Payment, ProviderName, Status,
};

/// What a customer wants to pay, and with what.
#[derive(Debug)]
pub struct PaymentRequest {
    pub order_id: OrderId,
    /// Whom the caller says to pay for.
    pub user_id: Option<u64>,
    pub amount: Money,
    pub method: Method,
    pub instrument: Instrument,
    /// Whether to take the money at once, or only to set it aside.
    pub capture: bool,
}

/// Pays an order, at most once.
#[derive(Clone)]
pub struct Pay {
    operations: Operations,
    orders: Arc<dyn Orders>,
    payments: Arc<dyn PaymentReader>,
}

impl Pay {
    pub fn new(operations: Operations, orders: Arc<dyn Orders>, payments: Arc<dyn PaymentReader>) -> Self {
        Self { operations, orders, payments }
    }

    /// The payment in whatever state the provider put it, or why there is none.
    pub async fn run(
        &self,
        caller: &Caller,
        wanted: &PaymentRequest,
        reply: &Reply,
    ) -> Result<Payment, PaymentError> {
        if let Some(begun) = self.begun_before(reply).await? {
            return decided(self.operations.execute(&begun, Cause::Request(reply)).await?);
        }
        let provider = self.operations.providers.for_method(wanted.method)?;
        provider.admits(wanted.amount, wanted.method, &wanted.instrument)?;
        let order = self.orders.find(wanted.order_id).await?.ok_or(PaymentError::NoOrder(wanted.order_id))?;
        check(caller, wanted, &order)?;
        let operation = retrying(|| self.begin(wanted, provider.name(), order.user_id, reply)).await?;
        let charge = Charge {
            key: operation.charge_key,
            amount: wanted.amount,
            capture: wanted.capture,
            method: wanted.method,
            instrument: &wanted.instrument,
        };
        let (outcome, unreachable) = match self.operations.within(provider.charge(charge)).await {
            Ok(outcome) => (Some(Outcome::Charge(outcome)), None),
            Err(error @ ProviderError::Unavailable(_)) => (Some(Outcome::NotCharged), Some(error)),
            // It may have been charged. The answer tells that it is being looked into.
            Err(ProviderError::Unknown(_)) => (None, None),
        };
        let completed = self.operations.finish(&operation, outcome.as_ref(), Cause::Request(reply)).await?;
        unreachable.map_or_else(|| decided(completed), |error| Err(error.into()))
    }

    /// What an earlier run of this request began before its process died.
    async fn begun_before(&self, reply: &Reply) -> Result<Option<Operation>, PaymentError> {
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
        wanted: &PaymentRequest,
        provider: ProviderName,
        user_id: UserId,
        reply: &Reply,
    ) -> Result<Operation, PaymentError> {
        let now = self.operations.clock.now();
        let mut tx = self.operations.store.begin().await?;
        let mut account = tx.open_account(wanted.order_id, user_id).await?;
        let active = match account.active {
            Some(id) => tx.payment(id).await?,
            None => None,
        };
        let declined = tx.declined(user_id, now - COUNTED).await?;
        account.admit(active.as_ref(), &declined, now)?;
        if let Some(request) = reply.request() {
            tx.forget_old_request(request, Reply::since(now)).await?;
        }
        let charge_key = Uuid::now_v7();
        let card = wanted.instrument.card();
        let payment = NewPayment {
            order_id: wanted.order_id,
            user_id,
            provider,
            charge_key,
            method: wanted.method,
            amount: wanted.amount,
            card: card.as_ref(),
        };
        let payment_id = tx.add_payment(&payment, now).await?;
        account.active = Some(payment_id);
        tx.save_account(&account, now).await?;
        let operation = NewOperation {
            payment_id,
            order_id: wanted.order_id,
            provider,
            kind: OperationKind::Charge,
            amount: wanted.amount,
            reason: None,
            return_id: None,
            key: charge_key,
            charge_key,
            request: reply.request(),
            due_at: self.operations.lease(),
        };
        let operation = tx.add_operation(&operation, now).await?;
        tx.commit().await?;
        Ok(operation)
    }
}

/// Whether this caller may pay this for that order.
fn check(caller: &Caller, wanted: &PaymentRequest, order: &OrderSnapshot) -> Result<(), PaymentError> {
    caller.must_own(order.user_id)?;
    if wanted.user_id.is_some_and(|user| UserId::new(user) != order.user_id) {
        return Err(AuthError::NotYours.into());
    }
    if !order.payable {
        return Err(PaymentError::NotPayable(order.status.clone()));
    }
    if wanted.amount != order.total {
        return Err(PaymentError::WrongAmount(order.total));
    }
    Ok(())
}

/// A declined payment is a refusal to its customer.
fn decided(Completed { payment, .. }: Completed) -> Result<Payment, PaymentError> {
    match payment.status {
        Status::Failed => Err(PaymentError::declined(&payment)),
        _ => Ok(payment),
    }
}
