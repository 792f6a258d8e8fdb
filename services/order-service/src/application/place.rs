//! Placing an order.

use std::sync::Arc;
use std::time::Duration;

use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::id::UserId;
use config::idempotency::{Answer, Claim};
use config::kafka::Envelope;
use config::problem::{Fault as _, Kind, chain};
use uuid::Uuid;

use super::{Entry, Figures, OrderCreated, OrderData, OrderError, Pricing, Stock, StockError, Store, Wish};
use crate::domain::{
    Actor, Address, Basket, Delivery, NewOrder, Notes, Order, PromotionCode, ShippingMethod, Status,
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

/// What a repetition of the request is to be answered; kept with the order.
#[derive(Debug, Clone)]
pub struct Reply {
    pub claim: Claim,
    pub render: fn(&Order) -> Answer,
}

/// Places orders: prices them, sets their stock aside, keeps them.
#[derive(Clone)]
pub struct PlaceOrder {
    store: Arc<dyn Begin<dyn Store>>,
    pricing: Pricing,
    stock: Arc<dyn Stock>,
    clock: Arc<dyn Clock>,
    expiry: Duration,
}

/// Whether an order that failed to be kept certainly isn't.
#[derive(Debug, thiserror::Error)]
enum NotKept {
    #[error(transparent)]
    RolledBack(#[from] StoreError),
    /// The connection broke during the commit: the order may well be there.
    #[error(transparent)]
    InDoubt(StoreError),
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
        Self { store, pricing, stock, clock, expiry }
    }

    pub async fn run(
        &self,
        user: UserId,
        request: OrderRequest,
        reply: Option<Reply>,
    ) -> Result<Order, OrderError> {
        let OrderRequest { basket, address, method, promotion_code, notes } = request;
        let wish = Wish { basket, address: Some(address.clone()), method: method.clone(), promotion_code };
        let quote = self.pricing.run(&wish).await?;
        let order = NewOrder {
            user_id: user,
            lines: quote.lines,
            totals: quote.totals,
            delivery: Delivery { address, method },
            promotion_code: wish.promotion_code,
            notes,
            // In the order of time, so that the index it stands in grows at one end.
            reservation_id: Uuid::now_v7(),
            expires_at: self.clock.now() + self.expiry,
        };
        self.reserve(&order).await?;
        match retrying(|| self.keep(&order, reply.as_ref())).await {
            Ok(order) => {
                metrics::counter!("orders_created_total").increment(1);
                tracing::info!(order.id = order.id.get(), user.id = user.get(), total = %order.totals.total(), "order placed");
                Ok(order)
            }
            Err(NotKept::RolledBack(error)) => {
                self.give_back(order.reservation_id).await;
                Err(error.into())
            }
            // Its stock must not be sold again; if there is no order after all, the reservation expires.
            Err(NotKept::InDoubt(error)) => Err(error.into()),
        }
    }

    async fn reserve(&self, order: &NewOrder) -> Result<(), OrderError> {
        let reserved = self.stock.reserve(order.reservation_id, &order.lines).await;
        if let Err(StockError::Call(error)) = &reserved
            && error.kind() == Kind::Unavailable
        {
            // The answer was lost, perhaps, and not the request.
            self.give_back(order.reservation_id).await;
        }
        Ok(reserved?)
    }

    /// Best effort: a reservation that isn't given back expires.
    async fn give_back(&self, reservation: Uuid) {
        if let Err(error) = self.stock.release(reservation).await {
            tracing::warn!(reservation.id = %reservation, error = %chain(&error), "a reservation is left to expire");
        }
    }

    async fn keep(&self, order: &NewOrder, reply: Option<&Reply>) -> Result<Order, NotKept> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let order = tx.add_order(order.clone(), now).await?;
        let (to, by) = (Status::Pending, Actor::Customer(order.user_id));
        tx.record(&Entry { order: order.id, from: None, to, by, reason: None, at: now }).await?;
        let data = OrderData::from(&order);
        tx.publish(Envelope::new(&OrderCreated { order: data, expires_at: order.expires_at })).await?;
        if let Some(Reply { claim, render }) = reply {
            tx.answer(claim, render(&order)).await?;
        }
        // Last, because others may wait for this row.
        tx.book(&order, Figures { orders: 1, ..Figures::default() }).await?;
        tx.commit().await.map_err(|error| match error {
            StoreError::Unavailable(_) => NotKept::InDoubt(error),
            refused => NotKept::RolledBack(refused),
        })?;
        Ok(order)
    }
}

#[cfg(test)]
mod tests;
