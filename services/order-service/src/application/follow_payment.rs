//! What becomes of an order when its payment does something.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use config::clock::Clock;
use config::database::{Begin, retrying};
use config::kafka::Envelope;
use config::money::{Money, MoneyError};
use config::problem::InvalidFields;

use super::settle_return::{follow_refund, refund_came_back};
use super::step::{PAID_OTHERWISE, WRONG_AMOUNT, book_payment, heard, keep_step, refuse, remark};
use super::{Figures, OrderData, OrderError, OrderPaymentLapsed, Store};
use crate::domain::{Actor, Order, OrderId, ReturnId, Status};

/// What happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentNews {
    /// Money is set aside, or whoever brings the parcel takes it.
    Authorized {
        amount: Money,
        cash_on_delivery: bool,
    },
    /// It isn't any more.
    Voided,
    /// Money was taken: all that was `authorized`, or less where somebody decided so.
    Processed {
        amount: Money,
        authorized: Money,
    },
    Failed {
        code: String,
    },
    /// The customer's bank has taken money back, and the dispute over it is lost.
    ChargedBack {
        amount: Money,
    },
    /// Money was given back; `fully`: nothing of the payment is left.
    Refunded {
        amount: Money,
        fully: bool,
        /// The return that it is for.
        back: Option<ReturnId>,
    },
    /// Money that was to be given back is with us; `undone`: it was told to be back.
    RefundFailed {
        amount: Money,
        undone: bool,
        /// The return that it was for.
        back: Option<ReturnId>,
    },
}

/// A return's money that no payment can give back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    pub back: ReturnId,
    pub missing: Money,
    /// What of that the customer's bank has until it decides.
    pub disputed: Option<Money>,
}

/// Follows payments.
pub struct FollowPayment {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
    lapse: Duration,
}

impl FollowPayment {
    /// An order whose payment gave its promise up has `lapse` to find another.
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>, lapse: Duration) -> Self {
        Self { store, clock, lapse }
    }

    /// Remarks that a return's money can't be given back as it should be.
    pub async fn fell_short(
        &self,
        message: &Envelope,
        id: OrderId,
        short: Shortfall,
    ) -> Result<(), OrderError> {
        let Shortfall { back, missing, disputed } = short;
        let awaited = disputed.filter(|disputed| disputed.is_positive());
        let awaited = awaited.map(|disputed| format!(", once the customer's bank has decided on {disputed}"));
        let awaited = awaited.unwrap_or_default();
        let text = format!(
            "{missing} of return {back} can't be given back by a payment: an administrator is needed{awaited}"
        );
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if let Some(order) = heard(tx.as_mut(), message, id).await? {
                remark(tx.as_mut(), &order, Actor::Payment, text.clone(), self.clock.now()).await?;
            }
            Ok(tx.commit().await?)
        })
        .await
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
                    PaymentNews::Authorized { amount, cash_on_delivery } => {
                        promised(tx, &mut order, payment, *amount, *cash_on_delivery, now).await?;
                    }
                    PaymentNews::Voided => {
                        promise_broken(tx, &mut order, payment, now + self.lapse, now).await?;
                    }
                    PaymentNews::Processed { amount, authorized } => {
                        paid(tx, &mut order, payment, *amount, *authorized, now).await?;
                    }
                    PaymentNews::ChargedBack { amount } => {
                        charged_back(tx, &mut order, payment, *amount, now).await?;
                    }
                    // The shopper may try again until the order expires.
                    PaymentNews::Failed { code } => {
                        let text = format!("payment {payment} failed: {code}");
                        remark(tx, &order, Actor::Payment, text, now).await?;
                    }
                    PaymentNews::Refunded { amount, fully, back } => {
                        let refund = Refund { payment, amount: *amount, fully: *fully, back: *back };
                        refunded(tx, &mut order, refund, now).await?;
                    }
                    PaymentNews::RefundFailed { amount, undone, back } => {
                        let failed = FailedRefund { payment, amount: *amount, undone: *undone, back: *back };
                        refund_failed(tx, &mut order, failed, now).await?;
                    }
                }
            }
            Ok(tx.commit().await?)
        })
        .await
    }
}

/// Whether the payment is of what the order costs, where its money is still to come. If not, the order was repriced
/// while somebody paid: they get it back, and may pay again.
async fn is_due(
    tx: &mut dyn Store,
    order: &Order,
    payment: u64,
    amount: Money,
    now: DateTime<Utc>,
) -> Result<bool, OrderError> {
    if !order.is_owed() || amount == order.totals.total() {
        return Ok(true);
    }
    tracing::warn!(order.id = order.id.get(), payment.id = payment, %amount, "a payment of the wrong amount");
    let text = format!("payment {payment} is of {amount}, which is not what is due: it is given back");
    remark(tx, order, Actor::Payment, text, now).await?;
    refuse(tx, order, payment, amount, WRONG_AMOUNT).await?;
    Ok(false)
}

async fn promised(
    tx: &mut dyn Store,
    order: &mut Order,
    payment: u64,
    amount: Money,
    cash_on_delivery: bool,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    if !is_due(tx, order, payment, amount, now).await? {
        return Ok(());
    }
    match order.promise(payment, cash_on_delivery, now) {
        Ok(step) => {
            let how = if cash_on_delivery { "is cash on delivery" } else { "has its money set aside" };
            Ok(keep_step(tx, order, step, Some(format!("payment {payment} {how}"))).await?)
        }
        Err(refused) => {
            let text =
                format!("payment {payment} was authorized when the order was {} already", refused.from);
            remark(tx, order, Actor::Payment, text, now).await?;
            refuse_second(tx, order, payment, amount).await
        }
    }
}

async fn promise_broken(
    tx: &mut dyn Store,
    order: &mut Order,
    payment: u64,
    end: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    let must_be_paid = order.promise_broken(payment, end, now);
    tx.save_order(order).await?;
    if must_be_paid {
        let lapsed = OrderPaymentLapsed { order: OrderData::from(&*order), expires_at: end };
        tx.publish(Envelope::new(&lapsed)).await?;
    }
    let text = format!("payment {payment} was given up");
    Ok(remark(tx, order, Actor::Payment, text, now).await?)
}

async fn paid(
    tx: &mut dyn Store,
    order: &mut Order,
    payment: u64,
    amount: Money,
    authorized: Money,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    if !is_due(tx, order, payment, authorized, now).await? {
        return Ok(());
    }
    let text = match amount == authorized {
        true => format!("payment {payment}"),
        false => format!("payment {payment} took {amount} of {authorized}"),
    };
    match order.pay(payment, amount, now) {
        Ok(Some(step)) => Ok(keep_step(tx, order, step, Some(text)).await?),
        Ok(None) => {
            tx.save_order(order).await?;
            book_payment(tx, order).await?;
            Ok(remark(tx, order, Actor::Payment, text, now).await?)
        }
        // payment-service heard of the cancellation, too, and gives the money back.
        Err(refused) => {
            if order.adopt(payment, now) {
                tx.save_order(order).await?;
            }
            let text = format!("payment {payment} came when the order was {} already", refused.from);
            remark(tx, order, Actor::Payment, text, now).await?;
            refuse_second(tx, order, payment, authorized).await
        }
    }
}

/// Has a payment given back whose order the shop has the money of already. What another payment has paid
/// payment-service knows; what was paid by hand it doesn't, and would keep this, too.
async fn refuse_second(
    tx: &mut dyn Store,
    order: &Order,
    payment: u64,
    amount: Money,
) -> Result<(), OrderError> {
    if order.is_paid_otherwise(payment) {
        refuse(tx, order, payment, amount, PAID_OTHERWISE).await?;
    }
    Ok(())
}

/// Money that was given back.
#[derive(Debug, Clone, Copy)]
struct Refund {
    payment: u64,
    amount: Money,
    fully: bool,
    back: Option<ReturnId>,
}

async fn refunded(
    tx: &mut dyn Store,
    order: &mut Order,
    refund: Refund,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    let Refund { payment, amount, fully, back } = refund;
    let text = format!("{amount} of payment {payment} were refunded");
    if !order.is_paid_by(payment) && back.is_none() {
        // A payment that was refused or made twice: the order neither had this money nor loses it.
        return Ok(remark(tx, order, Actor::Payment, text, now).await?);
    }
    let given_back = order.refund(amount, now).map_err(unusable)?;
    tx.save_order(order).await?;
    if let Some(back) = back {
        follow_refund(tx, order, back, amount, now).await?;
    }
    let step = if fully && order.is_paid_by(payment) {
        order.move_to(Status::Refunded, Actor::Payment, now).ok()
    } else {
        None
    };
    match step {
        Some(step) => keep_step(tx, order, step, Some(text)).await?,
        None => remark(tx, order, Actor::Payment, text, now).await?,
    }
    let refunded = given_back.minor();
    Ok(tx.book(order, Figures { refunded, ..Figures::default() }).await?)
}

/// The order stays where it is: what becomes of its goods is not the bank's to say. But that money can't be given back
/// any more.
async fn charged_back(
    tx: &mut dyn Store,
    order: &mut Order,
    payment: u64,
    amount: Money,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    let text = format!("the customer's bank has taken {amount} of payment {payment} back for good");
    if !order.is_paid_by(payment) {
        return Ok(remark(tx, order, Actor::Payment, text, now).await?);
    }
    let gone = order.refund(amount, now).map_err(unusable)?;
    tx.save_order(order).await?;
    remark(tx, order, Actor::Payment, text, now).await?;
    let refunded = gone.minor();
    Ok(tx.book(order, Figures { refunded, ..Figures::default() }).await?)
}

/// Money that was to be given back.
#[derive(Debug, Clone, Copy)]
struct FailedRefund {
    payment: u64,
    amount: Money,
    undone: bool,
    back: Option<ReturnId>,
}

/// The order stays where it is: its goods have gone their way. The money has not, and an administrator is told.
async fn refund_failed(
    tx: &mut dyn Store,
    order: &mut Order,
    failed: FailedRefund,
    now: DateTime<Utc>,
) -> Result<(), OrderError> {
    let FailedRefund { payment, amount, undone, back } = failed;
    let text =
        format!("a refund of {amount} of payment {payment} did not get through: an administrator is needed");
    if undone && (order.is_paid_by(payment) || back.is_some()) {
        let less = order.refund_came_back(amount, now).map_err(unusable)?;
        tx.save_order(order).await?;
        if let Some(back) = back {
            refund_came_back(tx, order, back, amount, now).await?;
        }
        let refunded = -less.minor();
        tx.book(order, Figures { refunded, ..Figures::default() }).await?;
    }
    Ok(remark(tx, order, Actor::Payment, text, now).await?)
}

fn unusable(error: MoneyError) -> OrderError {
    InvalidFields::one("refund_amount", "invalid", error.to_string()).into()
}
