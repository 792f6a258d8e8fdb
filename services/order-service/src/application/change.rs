//! Changing an order by hand.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::clock::Clock;
use config::database::{Begin, retrying};
use config::jwt_auth::{AuthError, Caller};
use config::kafka::Envelope;
use config::response::IfMatch;

use super::step::{PAID_OTHERWISE, keep_step, refuse, remark};
use super::{OrderData, OrderError, OrderReaddressed, Store};
use crate::domain::{Actor, Address, Order, OrderId, Reason, Status};

/// What is to become of an order.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub address: Option<Address>,
    pub status: Option<Status>,
    pub reason: Option<Reason>,
}

/// Changes orders for their owners and for administrators.
#[derive(Clone)]
pub struct ChangeOrder {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl ChangeOrder {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Cancels it: its stock is given back, and its money if there is any.
    pub async fn cancel(
        &self,
        id: OrderId,
        caller: &Caller,
        reason: Option<Reason>,
        if_match: &IfMatch,
    ) -> Result<Order, OrderError> {
        let wanted = Wanted { status: Some(Status::Cancelled), reason, address: None };
        retrying(|| self.attempt(id, caller, &wanted, if_match)).await
    }

    /// Gives it another address, moves it along, or both. Only administrators move it elsewhere than to its end.
    pub async fn run(
        &self,
        id: OrderId,
        caller: &Caller,
        wanted: &Wanted,
        if_match: &IfMatch,
    ) -> Result<Order, OrderError> {
        let moved = wanted.status.is_some_and(|status| status != Status::Cancelled);
        if moved && !caller.is_admin() {
            return Err(AuthError::NotAdmin.into());
        }
        retrying(|| self.attempt(id, caller, wanted, if_match)).await
    }

    async fn attempt(
        &self,
        id: OrderId,
        caller: &Caller,
        wanted: &Wanted,
        if_match: &IfMatch,
    ) -> Result<Order, OrderError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let mut order = tx.order_for_update(id).await?.ok_or(OrderError::NotFound(id))?;
        caller.must_own(order.user_id)?;
        if_match.check(order.version)?;
        let by = Actor::of(caller);
        if let Some(address) = &wanted.address {
            readdress(tx.as_mut(), &mut order, address, by, now).await?;
        }
        if let Some(status) = wanted.status {
            let step = order.move_to(status, by, now)?;
            let promised = order.payment.take_if(|_| step.to == Status::Paid);
            keep_step(tx.as_mut(), &order, step, wanted.reason.as_ref().map(ToString::to_string)).await?;
            if let Some(payment) = promised {
                refuse(tx.as_mut(), &order, payment, order.totals.total(), PAID_OTHERWISE).await?;
            }
        }
        tx.commit().await?;
        Ok(order)
    }
}

async fn readdress(
    tx: &mut dyn Store,
    order: &mut Order,
    address: &Address,
    by: Actor,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    let here = order.delivery.address.place().cloned();
    order.readdress(address.clone(), now)?;
    // Its tax and its shipping were asked for another place.
    if here.as_ref() != address.place() {
        return Err(OrderError::OtherPlace);
    }
    tx.save_order(order).await?;
    // Of a pending one nobody makes a parcel yet.
    if order.status != Status::Pending {
        tx.publish(Envelope::new(&OrderReaddressed { order: OrderData::from(&*order) })).await?;
        remark(tx, order, by, "the address was changed".to_owned(), now).await?;
    }
    Ok(())
}
