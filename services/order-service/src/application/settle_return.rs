//! The money of a return.

use chrono::{DateTime, Utc};
use config::database::StoreError;
use config::kafka::Envelope;
use config::money::Money;
use config::problem::InvalidFields;

use super::step::{keep_step, remark};
use super::{OrderError, ReturnData, ReturnRefunded, Store};
use crate::domain::{Actor, IllegalReturnMove, Order, Return, ReturnId, ReturnRefusal, ReturnStatus, Status};

/// Notes that a payment gave money back for a return of this order, which is locked.
pub(super) async fn follow_refund(
    tx: &mut dyn Store,
    order: &mut Order,
    id: ReturnId,
    amount: Money,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    let Some(mut back) = known(tx, order, id).await? else { return Ok(()) };
    back.given_back(amount, now).map_err(ReturnRefusal::from)?;
    settle(tx, order, &mut back, Actor::Payment, now).await
}

/// Notes that somebody gave money back by other means for a return of this order, which is locked.
pub(super) async fn refunded_by_hand(
    tx: &mut dyn Store,
    order: &mut Order,
    id: ReturnId,
    amount: Money,
    by: Actor,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    let unknown = || InvalidFields::one("return_id", "unknown", "must be a return of this order");
    let mut back = tx.return_of(order.id, id).await?.ok_or_else(unknown)?;
    // What it is owed is not decided before, and nothing afterwards.
    if back.status != ReturnStatus::Refunding {
        return Err(IllegalReturnMove { from: back.status, to: ReturnStatus::Refunded }.into());
    }
    back.given_by_hand(amount, now).map_err(ReturnRefusal::from)?;
    settle(tx, order, &mut back, by, now).await
}

async fn settle(
    tx: &mut dyn Store,
    order: &mut Order,
    back: &mut Return,
    by: Actor,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    match back.status == ReturnStatus::Refunding && back.is_settled().map_err(ReturnRefusal::from)? {
        true => complete(tx, order, back, by, now).await,
        false => Ok(tx.save_return(back).await?),
    }
}

/// Notes that money for a return of this order, which is locked, came back to us: it can be asked for again.
pub(super) async fn refund_came_back(
    tx: &mut dyn Store,
    order: &Order,
    id: ReturnId,
    amount: Money,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    let Some(mut back) = known(tx, order, id).await? else { return Ok(()) };
    back.came_back(amount, now).map_err(ReturnRefusal::from)?;
    Ok(tx.save_return(&back).await?)
}

async fn known(tx: &mut dyn Store, order: &Order, id: ReturnId) -> Result<Option<Return>, StoreError> {
    let back = tx.return_of(order.id, id).await?;
    if back.is_none() {
        let (order, back) = (order.id.get(), id.get());
        tracing::error!(order.id = order, r#return.id = back, "money of a return that isn't known");
    }
    Ok(back)
}

/// Ends a return whose money is back; the order too, when nothing of it is left.
pub(super) async fn complete(
    tx: &mut dyn Store,
    order: &mut Order,
    back: &mut Return,
    by: Actor,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    back.move_to(ReturnStatus::Refunded, now)?;
    tx.save_return(back).await?;
    let data = ReturnData::new(order, back).map_err(ReturnRefusal::from)?;
    tx.publish(Envelope::new(&ReturnRefunded(data))).await?;
    let text = match back.refund().map_err(ReturnRefusal::from)?.is_zero() {
        true => format!("return {} refunded: nothing was left to give back", back.id),
        false => format!("return {} refunded", back.id),
    };
    if order.is_undone()
        && let Ok(step) = order.move_to(Status::Refunded, by, now)
    {
        return Ok(keep_step(tx, order, step, Some(text)).await?);
    }
    Ok(remark(tx, order, by, text, now).await?)
}
