//! Keeping uses of promotions for an order.

use std::sync::Arc;
use std::time::Duration;

use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::id::UserId;

use super::price::{Candidates, Price, Priced};
use super::{Held, PromotionError, PromotionReader, Reservation, Store, Taken};
use crate::domain::{Basket, OrderId, Promotion, PromotionId, Reason, ReservationId, ReservationState};

/// Others may take what was seen to be left before we do, or change the terms; this often we look again.
const LOOKS: u32 = 8;

/// What a basket gets, and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// `None`: no promotion is applied, and nothing is kept.
    pub id: Option<ReservationId>,
    pub priced: Priced,
}

/// Reserves one use of each promotion that is applied.
#[derive(Clone)]
pub struct Reserve {
    store: Arc<dyn Begin<dyn Store>>,
    reader: Arc<dyn PromotionReader>,
    price: Price,
    clock: Arc<dyn Clock>,
    lifetime: Duration,
}

/// What came of trying to keep a deal.
enum Outcome {
    Kept,
    Refused(PromotionId, Reason),
    Changed,
}

impl Reserve {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        reader: Arc<dyn PromotionReader>,
        price: Price,
        clock: Arc<dyn Clock>,
        lifetime: Duration,
    ) -> Self {
        Self { store, reader, price, clock, lifetime }
    }

    /// Reserves under an id that the caller chose: the same again gives the same answer.
    pub async fn run(
        &self,
        id: ReservationId,
        user: UserId,
        basket: &Basket,
    ) -> Result<Reserved, PromotionError> {
        if let Some((order, of_order)) = basket.order_id.zip(basket.of_order) {
            self.hear_of(of_order, order).await?;
        }
        let mut refused = Vec::new();
        for _ in 0..LOOKS {
            let mut candidates = self.price.candidates(basket).await?;
            candidates.refuse(basket, &refused);
            let priced = candidates.priced(basket);
            if priced.deal.applied.is_empty() {
                return Ok(Reserved { id: None, priced });
            }
            match retrying(|| self.attempt(id, user, basket, &candidates, &priced)).await {
                Ok(Outcome::Kept) => return Ok(Reserved { id: Some(id), priced }),
                Ok(Outcome::Refused(promotion, reason)) => {
                    // One look at all of them is cheaper than a try for each.
                    refused.extend(self.price.exhausted(basket, &candidates).await?);
                    refused.push((promotion, reason));
                }
                Ok(Outcome::Changed) => self.price.look_again(),
                Err(PromotionError::Store(error)) if error.violates("PRIMARY") => {
                    return self.existing(id).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Contended("too many orders for the same promotions at once".into()).into())
    }

    /// An order that is priced again is there, even if its `order_created` is still on its way: what it has is its
    /// own from now on, and doesn't stand in its way.
    async fn hear_of(&self, of_order: ReservationId, order: OrderId) -> Result<(), PromotionError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            self.hold(tx.as_mut(), of_order, order).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    async fn attempt(
        &self,
        id: ReservationId,
        user: UserId,
        basket: &Basket,
        candidates: &Candidates,
        priced: &Priced,
    ) -> Result<Outcome, PromotionError> {
        let applied = priced.deal.applied.iter();
        let mut chosen: Vec<&Promotion> =
            applied.filter_map(|applied| candidates.promotion(applied.promotion_id)).collect();
        // Rows are locked in one order.
        chosen.sort_by_key(|promotion| promotion.id);
        let first_order = chosen.iter().find(|promotion| promotion.terms.conditions.first_order_only);
        let now = self.clock.now();
        let reservation = Reservation {
            id,
            state: ReservationState::Active,
            user_id: user,
            order_id: basket.order_id,
            promotions: chosen.iter().map(|promotion| promotion.id).collect(),
            first_order: first_order.is_some(),
            priced: priced.clone(),
            expires_at: now + self.lifetime,
        };
        let mut tx = self.store.begin().await?;
        if let Some(promotion) = first_order
            && !tx.is_first_order(user, basket.order_id, id).await?
        {
            return Ok(Outcome::Refused(promotion.id, Reason::FirstOrderOnly));
        }
        tx.add_reservation(&reservation, now).await?;
        let order_has = match basket.order_id {
            Some(order) => tx.promotions_of(order).await?,
            None => Vec::new(),
        };
        for promotion in chosen {
            // This reservation is one of them.
            let already = order_has.iter().filter(|id| **id == promotion.id).count().saturating_sub(1);
            match tx.take_use(promotion, user, u32::try_from(already).unwrap_or_default()).await? {
                Taken::Yes => {}
                Taken::No(reason) => return Ok(Outcome::Refused(promotion.id, reason)),
                Taken::Changed => return Ok(Outcome::Changed),
            }
        }
        tx.tally(metrics::counter!("promotion_reservations_total", "state" => "active"), 1);
        tx.commit().await?;
        Ok(Outcome::Kept)
    }

    async fn existing(&self, id: ReservationId) -> Result<Reserved, PromotionError> {
        match self.reader.reservation(id).await? {
            Some((state, Some(priced))) if state.counts() => Ok(Reserved { id: Some(id), priced }),
            Some((state, _)) => Err(PromotionError::Settled { id, state }),
            None => Err(StoreError::Contended("the reservation was given up meanwhile".into()).into()),
        }
    }

    /// The order has come to be: its reservation no longer expires. If it has expired already, its uses are taken
    /// anew even over a limit, for the order has its price.
    pub(super) async fn hold(
        &self,
        tx: &mut dyn Store,
        id: ReservationId,
        order: OrderId,
    ) -> Result<(), PromotionError> {
        let Some(held) = tx.held_for_update(id).await? else {
            tracing::error!(order.id = order.get(), reservation.id = %id, "an order without its reservation");
            return Ok(());
        };
        match held.state {
            ReservationState::Active => tx.set_state(id, ReservationState::Held, Some(order)).await?,
            ReservationState::Expired => {
                insist(tx, &held).await?;
                tracing::warn!(
                    order.id = order.get(),
                    "an order came after its promotions' uses were given back"
                );
                tx.set_state(id, ReservationState::Held, Some(order)).await?;
            }
            // Paid or cancelled before this message came.
            ReservationState::Held | ReservationState::Consumed | ReservationState::Released => {}
        }
        Ok(())
    }
}

/// Takes the uses of a reservation that has lost them, whatever the limits say.
pub(super) async fn insist(tx: &mut dyn Store, held: &Held) -> Result<(), StoreError> {
    let Some(user) = held.user_id else { return Ok(()) };
    for promotion in &held.promotions {
        tx.insist_on_use(*promotion, user).await?;
    }
    Ok(())
}
