//! Money that the shop gives back by other means than a payment, such as a bank transfer.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;
use config::kafka::Envelope;
use config::money::{Amount, MoneyError};
use config::problem::InvalidFields;

use super::settle_return::refunded_by_hand;
use super::step::{keep_step, remark};
use super::{Figures, OrderData, OrderError, OrderRefundedByHand, Reply, Store};
use crate::domain::{Actor, Order, OrderId, Reference, ReturnId, Status};

/// What was given back.
#[derive(Debug, Clone)]
pub struct HandRefund {
    /// In the order's currency.
    pub amount: Amount,
    /// The return that it is for.
    pub back: Option<ReturnId>,
    pub reference: Reference,
}

/// Notes what administrators have given back by hand.
#[derive(Clone)]
pub struct RefundByHand {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl RefundByHand {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// No more than was paid for the order and not given back. What it is for, the order or a return, is then as if a
    /// payment had given it back.
    pub async fn run(
        &self,
        id: OrderId,
        administrator: UserId,
        refund: &HandRefund,
        reply: Option<Reply>,
    ) -> Result<Order, OrderError> {
        retrying(|| self.attempt(id, Actor::Admin(administrator), refund, reply.as_ref())).await
    }

    async fn attempt(
        &self,
        id: OrderId,
        by: Actor,
        refund: &HandRefund,
        reply: Option<&Reply>,
    ) -> Result<Order, OrderError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let mut order = tx.order_for_update(id).await?.ok_or(OrderError::NotFound(id))?;
        let HandRefund { amount, back, reference } = refund;
        let wrong = |error: MoneyError| InvalidFields::one("amount", "invalid", error.to_string());
        let amount = amount.in_currency(order.totals.currency()).map_err(wrong)?;
        order.refund_by_hand(amount, now)?;
        tx.save_order(&order).await?;
        if let Some(back) = back {
            refunded_by_hand(tx.as_mut(), &mut order, *back, amount, by, now).await?;
        }
        let event = OrderRefundedByHand {
            order: OrderData::from(&order),
            refund_amount: amount.into(),
            return_id: back.map(ReturnId::get),
            reference: reference.to_string(),
        };
        tx.publish(Envelope::new(&event)).await?;
        let text = format!("{amount} were given back by hand: {reference}");
        let step = match order.kept().is_zero() {
            true => order.move_to(Status::Refunded, by, now).ok(),
            false => None,
        };
        match step {
            Some(step) => keep_step(tx.as_mut(), &order, step, Some(text)).await?,
            None => remark(tx.as_mut(), &order, by, text, now).await?,
        }
        tx.book(&order, Figures { refunded: amount.minor(), ..Figures::default() }).await?;
        if let Some(Reply { claim, render }) = reply {
            tx.answer(claim, render(&order)).await?;
        }
        tx.commit().await?;
        Ok(order)
    }
}
