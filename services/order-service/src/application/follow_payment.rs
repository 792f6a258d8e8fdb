//! What becomes of an order when its payment does something.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::clock::Clock;
use config::database::{Begin, retrying};
use config::kafka::Envelope;
use config::money::{Money, MoneyError};
use config::problem::InvalidFields;

use super::step::{heard, keep_step, remark};
use super::{Figures, OrderError, Store};
use crate::domain::{Actor, Order, OrderId, Status};

/// What happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentNews {
    /// Money was taken.
    Processed {
        amount: Money,
    },
    Failed {
        code: String,
    },
    /// Money was given back; `fully`: nothing of the payment is left.
    Refunded {
        amount: Money,
        fully: bool,
    },
}

/// Follows payments.
pub struct FollowPayment {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl FollowPayment {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    pub async fn run(
        &self,
        message: &Envelope,
        id: OrderId,
        payment: u64,
        news: &PaymentNews,
    ) -> Result<(), OrderError> {
        retrying(|| async {
            let now = self.clock.now();
            let mut tx = self.store.begin().await?;
            if let Some(mut order) = heard(tx.as_mut(), message, id).await? {
                let tx = tx.as_mut();
                match news {
                    PaymentNews::Processed { amount } => paid(tx, &mut order, payment, *amount, now).await?,
                    // The shopper may try again until the order expires.
                    PaymentNews::Failed { code } => {
                        let text = format!("payment {payment} failed: {code}");
                        remark(tx, &order, Actor::Payment, text, now).await?;
                    }
                    PaymentNews::Refunded { amount, fully } => {
                        refunded(tx, &mut order, payment, *amount, *fully, now).await?;
                    }
                }
            }
            Ok(tx.commit().await?)
        })
        .await
    }
}

async fn paid(
    tx: &mut dyn Store,
    order: &mut Order,
    payment: u64,
    amount: Money,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    let text = if amount != order.totals.total() {
        tracing::error!(order.id = order.id.get(), payment.id = payment, %amount, "a payment of the wrong amount");
        format!("payment {payment} took {amount}, which is not what is due")
    } else {
        match order.move_to(Status::Paid, Actor::Payment, now) {
            Ok(step) => return Ok(keep_step(tx, order, step, Some(format!("payment {payment}"))).await?),
            // payment-service heard of the cancellation, too, and gives the money back.
            Err(refused) => format!("payment {payment} came when the order was {} already", refused.from),
        }
    };
    Ok(remark(tx, order, Actor::Payment, text, now).await?)
}

async fn refunded(
    tx: &mut dyn Store,
    order: &mut Order,
    payment: u64,
    amount: Money,
    fully: bool,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    let given_back = order.refund(amount, now).map_err(unusable)?;
    let text = format!("{amount} of payment {payment} were refunded");
    let step = if fully { order.move_to(Status::Refunded, Actor::Payment, now).ok() } else { None };
    match step {
        Some(step) => keep_step(tx, order, step, Some(text)).await?,
        None => {
            tx.save_order(order).await?;
            remark(tx, order, Actor::Payment, text, now).await?;
        }
    }
    let refunded = given_back.minor();
    Ok(tx.book(order, Figures { refunded, ..Figures::default() }).await?)
}

fn unusable(error: MoneyError) -> OrderError {
    InvalidFields::one("refund_amount", "invalid", error.to_string()).into()
}
