//! The money of a return.

use chrono::{DateTime, Utc};
use config::database::StoreError;
use config::kafka::Envelope;
use config::money::Money;

use super::step::{keep_step, remark};
use super::{OrderError, ReturnData, ReturnRefunded, Store};
use crate::domain::{Actor, Order, Return, ReturnId, ReturnRefusal, ReturnStatus, Status};

/// Notes that money went back for a return of this order, which is locked.
pub(super) async fn follow_refund(
    tx: &mut dyn Store,
    order: &mut Order,
    id: ReturnId,
    amount: Money,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    let Some(mut back) = known(tx, order, id).await? else { return Ok(()) };
    let all = back.given_back(amount, now).map_err(ReturnRefusal::from)?;
    match all && back.status == ReturnStatus::Refunding {
        true => complete(tx, order, &mut back, now).await,
        false => Ok(tx.save_return(&back).await?),
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
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    back.move_to(ReturnStatus::Refunded, now)?;
    tx.save_return(back).await?;
    let data = ReturnData::new(order, back).map_err(ReturnRefusal::from)?;
    tx.publish(Envelope::new(&ReturnRefunded(data))).await?;
    let text = format!("return {} refunded", back.id);
    if order.is_undone()
        && let Ok(step) = order.move_to(Status::Refunded, Actor::Payment, now)
    {
        return Ok(keep_step(tx, order, step, Some(text)).await?);
    }
    Ok(remark(tx, order, Actor::Payment, text, now).await?)
}
