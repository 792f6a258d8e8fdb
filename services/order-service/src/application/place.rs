//! Placing an order.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::clock::Clock;
use config::database::{Begin, GroupCommit, StoreError, Submitted, WriteGroup};
use config::id::UserId;
use config::idempotency::{Answer, Claim};
use config::kafka::Envelope;
use config::money::Amount;
use config::problem::{Fault as _, InvalidFields, Kind, chain};
use uuid::Uuid;

use super::step::{NotKept, settle_free};
use super::{OrderCreated, OrderData, OrderError, Pricing, Stock, StockError, Store, Wish};
use crate::domain::{
    Actor, Address, Basket, Delivery, NewOrder, Notes, Order, OrderLine, Priced, PromotionCode,
    ShippingMethod,
};

/// What is ordered.
#[derive(Debug, Clone)]
pub struct OrderRequest {
    pub basket: Basket,
    pub address: Address,
    pub method: ShippingMethod,
    pub promotion_code: Option<PromotionCode>,
    pub notes: Option<Notes>,
    /// What whoever orders was shown, if they say so.
    pub expected_total: Option<Amount>,
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
    /// An order that isn't paid for `expiry` is cancelled, and nobody has more than `most_open` that aren't paid; 0:
    /// as many as they like.
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        pricing: Pricing,
        stock: Arc<dyn Stock>,
        clock: Arc<dyn Clock>,
        expiry: Duration,
        most_open: u64,
    ) -> Self {
        let book = GroupCommit::new(OrderBook { store, clock: clock.clone(), most_open });
        Self { book, pricing, stock, clock, expiry }
    }

    pub async fn run(
        &self,
        user: UserId,
        by: Actor,
        request: OrderRequest,
        reply: Option<Reply>,
    ) -> Result<Order, OrderError> {
        let OrderRequest { basket, address, method, promotion_code, notes, expected_total } = request;
        let wish = Wish { basket, address: Some(address.clone()), method: method.clone(), promotion_code };
        let offer = self.pricing.offer(&wish, Some(user), Some(Uuid::now_v7())).await?;
        // In the order of time, so that the index it stands in grows at one end.
        let reservation_id = Uuid::now_v7();
        let (lines, promoted) = (offer.lines.clone(), offer.promoted.clone());
        let (priced, reserved) = tokio::join!(self.pricing.tax(offer), self.reserve(reservation_id, &lines));
        let priced = match (priced.and_then(|priced| expect(priced, expected_total)), reserved) {
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
        let capped = matches!(by, Actor::Customer(_));
        match self.book.run(Placed { order, capped, reply }).await.map_err(NotKept::from).flatten() {
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

/// Nobody orders at another price than the one that they were shown.
fn expect(priced: Priced, expected: Option<Amount>) -> Result<Priced, OrderError> {
    let Some(expected) = expected else { return Ok(priced) };
    let total = priced.totals.total();
    match expected.in_currency(total.currency()) {
        Ok(expected) if expected == total => Ok(priced),
        Ok(_) => Err(OrderError::TotalChanged { total }),
        Err(error) => Err(InvalidFields::one("expected_total", "invalid", error.to_string()).into()),
    }
}

/// An order on its way into the store.
struct Placed {
    order: NewOrder,
    /// Whether it is refused to who has too many already: what the shop orders for somebody isn't.
    capped: bool,
    reply: Option<Reply>,
}

/// Keeps orders that are placed at once, together.
struct OrderBook {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
    most_open: u64,
}

impl OrderBook {
    /// Which of the group are refused, because whoever wants them has too many orders already that aren't paid: one
    /// account could set all the stock aside else. A guard, and not a promise: groups that are written at the same
    /// time don't see one another, so that somebody who asks for many at once may get a few more.
    async fn refused(
        &self,
        tx: &mut dyn Store,
        group: &[Submitted<Placed>],
    ) -> Result<Vec<bool>, StoreError> {
        let capped =
            |it: &Submitted<Placed>| (it.job.capped && self.most_open > 0).then_some(it.job.order.user_id);
        let mut users: Vec<UserId> = group.iter().filter_map(capped).collect();
        users.sort_unstable();
        users.dedup();
        if users.is_empty() {
            return Ok(vec![false; group.len()]);
        }
        let mut open: HashMap<UserId, u64> = tx.open_orders(&users).await?.into_iter().collect();
        let mut is_refused = |it: &Submitted<Placed>| {
            let Some(user) = capped(it) else { return false };
            let open = open.entry(user).or_default();
            let refused = *open >= self.most_open;
            *open += u64::from(!refused);
            refused
        };
        Ok(group.iter().map(&mut is_refused).collect())
    }

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
        let refused = self.refused(tx.as_mut(), group).await?;
        let too_many = || NotKept::from(OrderError::TooManyOpenOrders { most: self.most_open });
        let kept: Vec<_> = group.iter().zip(&refused).filter(|(_, no)| !**no).map(|(it, _)| it).collect();
        if kept.is_empty() {
            return Ok(group.iter().map(|_| Err(too_many())).collect());
        }
        let new: Vec<_> = kept.iter().map(|it| &it.job.order).collect();
        let mut orders = tx.add_orders(&new, now).await?;
        for (submitted, order) in kept.iter().zip(&mut orders) {
            let reply = submitted.job.reply.as_ref();
            submitted.scope(Self::complete(tx.as_mut(), order, reply, now)).await?;
        }
        tx.tally(metrics::counter!("orders_created_total"), orders.len() as u64);
        // Last, because others may wait for this row.
        tx.book_placed(&orders).await?;
        let in_doubt = match tx.commit().await {
            Ok(()) => None,
            Err(StoreError::Unavailable(error)) => Some(error.to_string()),
            Err(refused) => return Err(refused),
        };
        let mut written = orders.into_iter().map(|order| match &in_doubt {
            None => Ok(order),
            Some(error) => Err(NotKept::InDoubt(StoreError::Unavailable(error.clone().into()))),
        });
        let done = |no: &bool| if *no { Some(Err(too_many())) } else { written.next() };
        Ok(refused.iter().map_while(done).collect())
    }
}

#[cfg(test)]
mod tests;
