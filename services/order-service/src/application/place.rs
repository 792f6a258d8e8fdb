//! Placing an order.

use std::sync::Arc;
use std::time::Duration;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;
use config::idempotency::{Answer, Claim};
use config::kafka::Envelope;
use config::problem::{Fault as _, Kind, chain};
use uuid::Uuid;

use super::step::{NotKept, commit, settle_free};
use super::{Figures, OrderCreated, OrderData, OrderError, Pricing, Stock, StockError, Store, Wish};
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
    store: Arc<dyn Begin<dyn Store>>,
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
        match retrying(|| self.keep(&order, reply.as_ref())).await {
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

    async fn keep(&self, order: &NewOrder, reply: Option<&Reply>) -> Result<Order, NotKept> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let mut order = tx.add_order(order.clone(), now).await?;
        let data = OrderData::from(&order);
        tx.publish(Envelope::new(&OrderCreated { order: data, expires_at: order.expires_at })).await?;
        settle_free(tx.as_mut(), &mut order, now).await?;
        if let Some(Reply { claim, render }) = reply {
            tx.answer(claim, render(&order)).await?;
        }
        tx.tally(metrics::counter!("orders_created_total"), 1);
        // Last, because others may wait for this row.
        tx.book(&order, Figures { orders: 1, ..Figures::default() }).await?;
        commit(tx).await?;
        Ok(order)
    }
}

#[cfg(test)]
mod tests;
