//! Giving a pending order another promotion.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;
use config::jwt_auth::AuthError;
use config::kafka::Envelope;
use uuid::Uuid;

use super::step::{NotKept, commit, remark, settle_free};
use super::{OrderData, OrderError, OrderReader, OrderRepriced, Pricing, Store};
use crate::domain::{Actor, Order, OrderId, Priced, PromotionCode};

/// Reprices orders. Others are asked before the transaction, which counts only if the order is still the one that
/// was priced.
#[derive(Clone)]
pub struct RepriceOrder {
    store: Arc<dyn Begin<dyn Store>>,
    orders: Arc<dyn OrderReader>,
    pricing: Pricing,
    clock: Arc<dyn Clock>,
}

impl RepriceOrder {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        orders: Arc<dyn OrderReader>,
        pricing: Pricing,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, orders, pricing, clock }
    }

    /// The code takes the place of the one that the order has. The same code again changes nothing.
    pub async fn run(
        &self,
        id: OrderId,
        user: UserId,
        is_admin: bool,
        code: &PromotionCode,
    ) -> Result<Order, OrderError> {
        let order = self.orders.order(id).await?.ok_or(OrderError::NotFound(id))?;
        if !is_admin && order.user_id != user {
            return Err(AuthError::NotYours.into());
        }
        order.expect_pending()?;
        if order.has_promotion(code) {
            return Ok(order);
        }
        let offer = self.pricing.offer_again(&order, code, Uuid::now_v7()).await?;
        let promoted = offer.promoted.clone();
        let by = if is_admin { Actor::Admin(user) } else { Actor::Customer(user) };
        let kept = match self.pricing.tax(offer).await {
            Ok(priced) => retrying(|| self.keep(&order, &priced, code, by)).await,
            Err(error) => Err(NotKept::RolledBack(error)),
        };
        match kept {
            Ok(order) => Ok(order),
            Err(NotKept::RolledBack(error)) => {
                self.pricing.give_back(&promoted).await;
                Err(error)
            }
            // If the order has its new price after all, it needs its uses; if not, they expire.
            Err(NotKept::InDoubt(error)) => Err(error.into()),
        }
    }

    async fn keep(
        &self,
        read: &Order,
        priced: &Priced,
        code: &PromotionCode,
        by: Actor,
    ) -> Result<Order, NotKept> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let mut order = tx.order_for_update(read.id).await?.ok_or(OrderError::NotFound(read.id))?;
        if order.version != read.version {
            order.expect_pending().map_err(OrderError::from)?;
            return Err(OrderError::Changed.into());
        }
        let (total, reservation) = (order.totals.total(), order.promoted.reservation_id);
        order.reprice(priced.clone(), Some(code.clone()), now).map_err(OrderError::from)?;
        tx.save_price(&order).await?;
        let text = format!("promotion {code}: {} instead of {total}", order.totals.total());
        remark(tx.as_mut(), &order, by, text, now).await?;
        let event = OrderRepriced {
            order: OrderData::from(&order),
            previous_total_amount: total.into(),
            previous_promotion_reservation_id: reservation,
        };
        tx.publish(Envelope::new(&event)).await?;
        settle_free(tx.as_mut(), &mut order, now).await?;
        commit(tx).await?;
        Ok(order)
    }
}
