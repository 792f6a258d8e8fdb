//! Placing an order.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::clock::Clock;
use config::database::{Begin, GroupCommit, StoreError, Submitted, WriteGroup};
use config::id::UserId;
use config::idempotency::{Answer, Claim};
use config::kafka::Envelope;
use config::problem::{Fault as _, Kind, chain};
use uuid::Uuid;

use super::step::{NotKept, settle_free};
use super::{OrderCreated, OrderData, OrderError, Pricing, Stock, StockError, Store, Wish};
use crate::domain::{
    Address, Basket, Delivery, NewOrder, Notes, Order, OrderLine, PromotionCode, ShippingMethod,
};

/// What is ordered.
#[derive(Debug, Clone)]
pub struct OrderRequest {
    pub basket: Basket,
    pub address: Address,
    pub method: ShippingMethod,
    pub promotion_code: Option<PromotionCode>,
    pub notes: Option<Notes>,
}

/// What a repetition of the request is to be answered; kept with what the request made.
#[derive(Debug, Clone)]
pub struct Reply<T = Order> {
    pub claim: Claim,
    pub render: fn(&T) -> Answer,
}

/// Places orders: prices them, sets their stock aside, keeps them.
#[derive(Clone)]
pub struct PlaceOrder {
    book: GroupCommit<OrderBook>,
    pricing: Pricing,
    stock: Arc<dyn Stock>,
    clock: Arc<dyn Clock>,
    expiry: Duration,
}

impl PlaceOrder {
    /// An order that isn't paid for `expiry` is cancelled.
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        pricing: Pricing,
        stock: Arc<dyn Stock>,
        clock: Arc<dyn Clock>,
        expiry: Duration,
    ) -> Self {
        let book = GroupCommit::new(OrderBook { store, clock: clock.clone() });
        Self { book, pricing, stock, clock, expiry }
    }

    pub async fn run(
        &self,
        user: UserId,
        request: OrderRequest,
        reply: Option<Reply>,
    ) -> Result<Order, OrderError> {
        let OrderRequest { basket, address, method, promotion_code, notes } = request;
        let wish = Wish { basket, address: Some(address.clone()), method: method.clone(), promotion_code };
        let offer = self.pricing.offer(&wish, Some(user), Some(Uuid::now_v7())).await?;
        // In the order of time, so that the index it stands in grows at one end.
        let reservation_id = Uuid::now_v7();
        let (lines, promoted) = (offer.lines.clone(), offer.promoted.clone());
        let (priced, reserved) = tokio::join!(self.pricing.tax(offer), self.reserve(reservation_id, &lines));
        let priced = match (priced, reserved) {
            (Ok(priced), Ok(())) => priced,
            (_, Err(error)) => {
                self.pricing.give_back(&promoted).await;
                return Err(error);
            }
            (Err(error), Ok(())) => {
                tokio::join!(self.give_back(reservation_id), self.pricing.give_back(&promoted));
                return Err(error);
            }
        };
        let order = NewOrder {
            user_id: user,
            priced,
            delivery: Delivery { address, method },
            promotion_code: wish.promotion_code,
            notes,
            reservation_id,
            expires_at: self.clock.now() + self.expiry,
        };
        match self.book.run(Placed { order, reply }).await.map_err(NotKept::from).flatten() {
            Ok(order) => {
                tracing::info!(order.id = order.id.get(), user.id = user.get(), total = %order.totals.total(), "order placed");
                Ok(order)
            }
            Err(NotKept::RolledBack(error)) => {
                tokio::join!(self.give_back(reservation_id), self.pricing.give_back(&promoted));
                Err(error)
            }
            // Its stock must not be sold again; if there is no order after all, the reservations expire.
            Err(NotKept::InDoubt(error)) => Err(error.into()),
        }
    }

    async fn reserve(&self, id: Uuid, lines: &[OrderLine]) -> Result<(), OrderError> {
        let reserved = self.stock.reserve(id, lines).await;
        if let Err(StockError::Call(error)) = &reserved
            && error.kind() == Kind::Unavailable
        {
            // The answer was lost, perhaps, and not the request.
            self.give_back(id).await;
        }
        Ok(reserved?)
    }

    /// Best effort: a reservation that isn't given back expires.
    async fn give_back(&self, reservation: Uuid) {
        if let Err(error) = self.stock.release(reservation).await {
            tracing::warn!(reservation.id = %reservation, error = %chain(&error), "a reservation is left to expire");
        }
    }
}

/// An order on its way into the store.
struct Placed {
    order: NewOrder,
    reply: Option<Reply>,
}

/// Keeps orders that are placed at once, together.
struct OrderBook {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl OrderBook {
    /// What belongs to an order that was added.
    async fn complete(
        tx: &mut dyn Store,
        order: &mut Order,
        reply: Option<&Reply>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let data = OrderData::from(&*order);
        tx.publish(Envelope::new(&OrderCreated { order: data, expires_at: order.expires_at })).await?;
        settle_free(tx, order, now).await?;
        if let Some(Reply { claim, render }) = reply {
            tx.answer(claim, render(order)).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl WriteGroup for OrderBook {
    type Job = Placed;
    type Done = Result<Order, NotKept>;

    async fn write(&self, group: &[Submitted<Placed>]) -> Result<Vec<Self::Done>, StoreError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let new: Vec<_> = group.iter().map(|it| &it.job.order).collect();
        let mut orders = tx.add_orders(&new, now).await?;
        for (submitted, order) in group.iter().zip(&mut orders) {
            let reply = submitted.job.reply.as_ref();
            submitted.scope(Self::complete(tx.as_mut(), order, reply, now)).await?;
        }
        tx.tally(metrics::counter!("orders_created_total"), orders.len() as u64);
        // Last, because others may wait for this row.
        tx.book_placed(&orders).await?;
        match tx.commit().await {
            Ok(()) => Ok(orders.into_iter().map(Ok).collect()),
            Err(StoreError::Unavailable(error)) => {
                let in_doubt = || NotKept::InDoubt(StoreError::Unavailable(error.to_string().into()));
                Ok(group.iter().map(|_| Err(in_doubt())).collect())
            }
            Err(refused) => Err(refused),
        }
    }
}

#[cfg(test)]
mod tests;
