//! Goods that come back: asked for by their owner, decided upon by the shop.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::ProductId;
use config::jwt_auth::{AuthError, Caller};
use config::kafka::Envelope;
use config::problem::{Fields, InvalidFields};
use config::response::IfMatch;

use super::settle_return::complete;
use super::step::remark;
use super::{
    OrderError, Reply, ReturnApproved, ReturnCancelled, ReturnData, ReturnReceived, ReturnRefundDue,
    ReturnRejected, ReturnRequested, Store,
};
use crate::domain::{
    Actor, Comeback, NewReturn, Notes, Order, OrderId, Reason, Return, ReturnId, ReturnStatus, Wanting,
};

/// What is to become of a return.
#[derive(Debug, Clone)]
pub enum Decision {
    Approve {
        note: Option<Reason>,
    },
    Reject {
        note: Reason,
    },
    /// The goods are here; those that aren't named are as good as new.
    Receive {
        inspected: Vec<(ProductId, bool)>,
    },
    /// The money goes back.
    Refund {
        shipping: bool,
    },
    /// By the shopper.
    Cancel,
}

/// Takes goods back.
#[derive(Clone)]
pub struct Returns {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
    within: Comeback,
}

impl Returns {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>, within: Comeback) -> Self {
        Self { store, clock, within }
    }

    /// Asks to send something back.
    pub async fn request(
        &self,
        id: OrderId,
        caller: &Caller,
        wanted: &[Wanting],
        comment: Option<Notes>,
        reply: Option<Reply<Return>>,
    ) -> Result<Return, OrderError> {
        retrying(|| async {
            let now = self.clock.now();
            let mut tx = self.store.begin().await?;
            let mut order = tx.order_for_update(id).await?.ok_or(OrderError::NotFound(id))?;
            caller.must_own(order.user_id)?;
            let products = order.lines.iter().map(|line| &line.product_id).collect::<Vec<_>>();
            all_among(&products, wanted.iter().map(|wanting| &wanting.product_id))?;
            let items = order.take_back(wanted, self.within, now)?;
            tx.save_order(&order).await?;
            tx.save_lines(&order).await?;
            let new = NewReturn { order_id: id, user_id: order.user_id, items, comment: comment.clone() };
            let back = tx.add_return(&order, new, now).await?;
            let data = ReturnData::new(&order, &back).map_err(refused)?;
            remark(tx.as_mut(), &order, Actor::of(caller), text(&back, None), now).await?;
            tx.publish(Envelope::new(&ReturnRequested(data))).await?;
            if let Some(Reply { claim, render }) = &reply {
                tx.answer(claim, render(&back)).await?;
            }
            tx.commit().await?;
            Ok(back)
        })
        .await
    }

    /// Moves a return along. Only administrators do more than cancel their own.
    pub async fn decide(
        &self,
        order: OrderId,
        id: ReturnId,
        caller: &Caller,
        decision: &Decision,
        if_match: &IfMatch,
    ) -> Result<Return, OrderError> {
        if !matches!(decision, Decision::Cancel) && !caller.is_admin() {
            return Err(AuthError::NotAdmin.into());
        }
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let mut order = tx.order_for_update(order).await?.ok_or(OrderError::NotFound(order))?;
            caller.must_own(order.user_id)?;
            let mut back = tx.return_of(order.id, id).await?.ok_or(OrderError::NoReturn(id))?;
            if_match.check(back.version)?;
            self.apply(tx.as_mut(), &mut order, &mut back, decision, Actor::of(caller)).await?;
            tx.commit().await?;
            Ok(back)
        })
        .await
    }

    async fn apply(
        &self,
        tx: &mut dyn Store,
        order: &mut Order,
        back: &mut Return,
        decision: &Decision,
        by: Actor,
    ) -> Result<(), OrderError> {
        let now = self.clock.now();
        let mut told = None;
        match decision {
            Decision::Approve { note } => {
                back.move_to(ReturnStatus::Approved, now)?;
                (back.note, told) = (note.clone(), note.as_ref());
            }
            Decision::Reject { note } => {
                back.move_to(ReturnStatus::Rejected, now)?;
                (back.note, told) = (Some(note.clone()), Some(note));
                self.leave(tx, order, back).await?;
            }
            Decision::Cancel => {
                back.move_to(ReturnStatus::Cancelled, now)?;
                self.leave(tx, order, back).await?;
            }
            Decision::Receive { inspected } => {
                back.move_to(ReturnStatus::Received, now)?;
                let products = back.items.iter().map(|item| &item.product_id).collect::<Vec<_>>();
                all_among(&products, inspected.iter().map(|(product, _)| product))?;
                for item in &mut back.items {
                    let named = inspected.iter().find(|(product, _)| *product == item.product_id);
                    item.restock = Some(named.is_none_or(|(_, good)| *good));
                }
            }
            Decision::Refund { shipping } => {
                // Asked again, it is told again: payment-service gives back what is still missing.
                if back.status != ReturnStatus::Refunding {
                    back.move_to(ReturnStatus::Refunding, now)?;
                }
                if *shipping && back.shipping.is_zero() {
                    back.shipping = order.give_shipping_back(now)?;
                    tx.save_order(order).await?;
                }
                limit(tx, order, back).await?;
            }
        }
        tx.save_return(back).await?;
        remark(tx, order, by, text(back, told), now).await?;
        let is_refund = matches!(decision, Decision::Refund { .. });
        if is_refund && back.is_settled().map_err(refused)? {
            // Nothing to wait for.
            return complete(tx, order, back, by, now).await;
        }
        let data = ReturnData::new(order, back).map_err(refused)?;
        let event = match decision {
            Decision::Approve { .. } => Envelope::new(&ReturnApproved(data)),
            Decision::Reject { .. } => Envelope::new(&ReturnRejected(data)),
            Decision::Cancel => Envelope::new(&ReturnCancelled(data)),
            Decision::Receive { .. } => Envelope::new(&ReturnReceived::new(back, data)),
            Decision::Refund { .. } => Envelope::new(&ReturnRefundDue::new(order, back).map_err(refused)?),
        };
        Ok(tx.publish(event).await?)
    }

    async fn leave(&self, tx: &mut dyn Store, order: &mut Order, back: &Return) -> Result<(), OrderError> {
        order.leave(&back.items, self.clock.now())?;
        tx.save_order(order).await?;
        Ok(tx.save_lines(order).await?)
    }
}

/// Bounds what a return of this order, which is locked, is given back by what is left of what was paid: other refunds,
/// the customer's bank and other returns may have had some of it.
async fn limit(tx: &mut dyn Store, order: &Order, back: &mut Return) -> Result<(), OrderError> {
    let all = tx.returns_of(order.id).await?;
    let others = all.iter().filter(|other| other.id != back.id);
    let left = order.left_beside(others).map_err(refused)?;
    back.limit(left).map_err(refused)
}

/// Names every item whose product isn't one of these.
fn all_among<'a>(
    products: &[&ProductId],
    items: impl Iterator<Item = &'a ProductId>,
) -> Result<(), InvalidFields> {
    let mut fields = Fields::default();
    for (n, _) in items.enumerate().filter(|(_, product)| !products.contains(product)) {
        fields.reject(format!("items[{n}].product_id"), "not-among-them", "must be one of the goods");
    }
    fields.finish(|| Some(()))
}

/// For the order's history.
fn text(back: &Return, note: Option<&Reason>) -> String {
    let note = note.map(|note| format!(": {note}")).unwrap_or_default();
    let text = format!("return {} {}{note}", back.id, back.status);
    text.chars().take(500).collect()
}

fn refused(error: config::money::MoneyError) -> OrderError {
    crate::domain::ReturnRefusal::from(error).into()
}
