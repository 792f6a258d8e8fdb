//! What every step of an order's life brings with it, in the transaction that takes it.

use chrono::{DateTime, Utc};
use config::database::StoreError;
use config::kafka::Envelope;
use config::money::Money;
use metrics::counter;

use super::{
    Entry, Figures, OrderCancelled, OrderData, OrderError, OrderPaymentRefused, OrderStatusUpdated, Store,
};
use crate::domain::{Actor, Move, Order, OrderId, Status};

/// Why something wasn't kept, and whether that is certain.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotKept {
    #[error(transparent)]
    RolledBack(#[from] OrderError),
    /// The connection broke during the commit: it may well be there.
    #[error(transparent)]
    InDoubt(StoreError),
}

impl From<StoreError> for NotKept {
    fn from(error: StoreError) -> Self {
        Self::RolledBack(error.into())
    }
}

/// Commits what others hold something for, so that they can be told to let it go, but only if it certainly failed.
pub(super) async fn commit(tx: Box<dyn Store>) -> Result<(), NotKept> {
    tx.commit().await.map_err(|error| match error {
        StoreError::Unavailable(_) => NotKept::InDoubt(error),
        refused => NotKept::RolledBack(refused.into()),
    })
}

/// Nobody can pay nothing: an order that costs nothing is paid at once.
pub(super) async fn settle_free(
    tx: &mut dyn Store,
    order: &mut Order,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if order.totals.total().is_positive() {
        return Ok(());
    }
    let step = order.move_to(Status::Paid, Actor::Payment, now).map_err(StoreError::corrupt)?;
    keep_step(tx, order, step, Some("nothing is due".to_owned())).await
}

/// Saves an order that was moved, and says so: in its history, to the others, in the sales.
pub(super) async fn keep_step(
    tx: &mut dyn Store,
    order: &Order,
    step: Move,
    reason: Option<String>,
) -> Result<(), StoreError> {
    let Move { from, to, by } = step;
    tx.save_order(order).await?;
    tx.record(&Entry { order: order.id, from, to, by, reason, at: order.updated_at }).await?;
    let (data, previous_status) = (OrderData::from(order), from.as_str());
    if to == Status::Cancelled {
        let (reason, refund_due) = (by.cancel_reason(), order.kept().is_positive());
        tx.publish(Envelope::new(&OrderCancelled { order: data, previous_status, reason, refund_due }))
            .await?;
        tx.tally(counter!("orders_cancelled_total", "reason" => reason), 1);
    } else {
        let sold = from.awaits_payment() && (to == Status::Paid || to.is_under_way());
        let wanted = to == Status::Refunded && matches!(by, Actor::Admin(_));
        let refund_due = wanted && order.kept().is_positive();
        let moved = OrderStatusUpdated { order: data, previous_status, sold, refund_due };
        tx.publish(Envelope::new(&moved)).await?;
    }
    if to == Status::Paid {
        book_payment(tx, order).await?;
    }
    tracing::info!(
        order.id = order.id.get(),
        from = from.as_str(),
        to = to.as_str(),
        by = by.as_str(),
        "order moved"
    );
    Ok(())
}

/// Why a payment is refused: the order costs something else.
pub(super) const WRONG_AMOUNT: &str = "wrong_amount";
/// Why a payment is refused: the shop has the order's money from elsewhere, or nothing was due.
pub(super) const PAID_OTHERWISE: &str = "paid_otherwise";

/// Has a payment of this amount, taken or promised, given back.
pub(super) async fn refuse(
    tx: &mut dyn Store,
    order: &Order,
    payment: u64,
    amount: Money,
    reason: &'static str,
) -> Result<(), StoreError> {
    let (order, amount) = (OrderData::from(order), amount.into());
    tx.publish(Envelope::new(&OrderPaymentRefused { order, payment_id: payment, amount, reason })).await
}

/// Notes the money that was taken for an order in the sales.
pub(super) async fn book_payment(tx: &mut dyn Store, order: &Order) -> Result<(), StoreError> {
    let paid = order.paid.minor();
    tx.book_products(order).await?;
    tx.book(order, Figures { paid_orders: 1, paid, ..Figures::default() }).await?;
    tx.tally(counter!("orders_paid_total"), 1);
    let currency = order.paid.currency().code();
    tx.tally(counter!("orders_paid_minor_units_total", "currency" => currency), paid.unsigned_abs());
    Ok(())
}

/// The order that a message is about, when there is something to do: it hasn't been handled before, and the order
/// exists. The transaction is to be committed in any case.
pub(super) async fn heard(
    tx: &mut dyn Store,
    message: &Envelope,
    id: OrderId,
) -> Result<Option<Order>, StoreError> {
    if !tx.claim(message).await? {
        return Ok(None);
    }
    let order = tx.order_for_update(id).await?;
    if order.is_none() {
        tracing::warn!(order.id = id.get(), message.kind, message.id = %message.id, "news of an order that isn't known");
    }
    Ok(order)
}

/// Remarks something that doesn't move the order.
pub(super) async fn remark(
    tx: &mut dyn Store,
    order: &Order,
    by: Actor,
    remark: String,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    tracing::info!(order.id = order.id.get(), status = order.status.as_str(), remark, "order remarked");
    let (from, to) = (order.status, order.status);
    tx.record(&Entry { order: order.id, from, to, by, reason: Some(remark), at }).await
}
