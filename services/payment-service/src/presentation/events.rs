//! What the service hears; docs/EVENTS.md.

use async_trait::async_trait;
use config::id::UserId;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use config::money::{Amount, Currency, Money, MoneyError};
use config::problem::InvalidFields;
use serde::Deserialize;

use crate::application::{
    EndOrder, EndedOrder, Ending, RefundReturn, RefusePayment, RefusedPayment, ReturnDue,
};
use crate::domain::{OrderId, OrderMoney, PaymentId, ReturnId};

/// Follows orders.
pub struct OrderEvents {
    pub(crate) end: EndOrder,
    pub(crate) refuse: RefusePayment,
    pub(crate) refund: RefundReturn,
}

#[derive(Deserialize)]
struct Order {
    order_id: u64,
    user_id: u64,
    #[serde(default)]
    status: String,
    /// Whether what is left of a refunded order's money is to go back.
    #[serde(default)]
    refund_due: bool,
    paid_amount: Option<Amount>,
    /// Nothing where it isn't told.
    refunded_amount: Option<Amount>,
    currency: Option<String>,
}

impl Order {
    fn parse(self, ending: Ending) -> Result<EndedOrder, InvalidFields> {
        Ok(EndedOrder {
            order: OrderId::new(self.order_id),
            user: UserId::new(self.user_id),
            ending,
            money: money(self.paid_amount, self.refunded_amount, self.currency.as_deref())?,
        })
    }
}

/// What an order has and has given back; nothing where it isn't told.
fn money(
    paid: Option<Amount>,
    refunded: Option<Amount>,
    currency: Option<&str>,
) -> Result<Option<OrderMoney>, InvalidFields> {
    let (Some(paid), Some(currency)) = (paid, currency) else { return Ok(None) };
    let wrong = |error: MoneyError| InvalidFields::one("paid_amount", "invalid", error.to_string());
    let currency: Currency = currency.parse().map_err(wrong)?;
    let paid = paid.in_currency(currency).map_err(wrong)?;
    let refunded = refunded.map(|amount| amount.in_currency(currency)).transpose();
    let refunded = refunded.map_err(wrong)?.unwrap_or(Money::zero(currency));
    Ok(Some(OrderMoney { paid, refunded }))
}

#[derive(Deserialize)]
struct Refused {
    order_id: u64,
    user_id: u64,
    payment_id: u64,
    /// Older versions don't tell, and later ones may know more.
    #[serde(default)]
    reason: String,
    paid_amount: Option<Amount>,
    refunded_amount: Option<Amount>,
    currency: Option<String>,
}

impl Refused {
    fn parse(self) -> Result<RefusedPayment, InvalidFields> {
        Ok(RefusedPayment {
            order: OrderId::new(self.order_id),
            user: UserId::new(self.user_id),
            payment: PaymentId::new(self.payment_id),
            why: self.reason.parse().unwrap_or_default(),
            money: money(self.paid_amount, self.refunded_amount, self.currency.as_deref())?,
        })
    }
}

#[derive(Deserialize)]
struct Due {
    order_id: u64,
    user_id: u64,
    return_id: u64,
    refund_amount: Amount,
    currency: String,
}

impl Due {
    fn parse(self) -> Result<ReturnDue, InvalidFields> {
        let amount = self.currency.parse().and_then(|currency| self.refund_amount.in_currency(currency));
        let wrong = |rule: String| InvalidFields::one("refund_amount", "invalid", rule);
        let amount = amount.map_err(|error| wrong(error.to_string()))?;
        if amount.minor() < 0 {
            return Err(wrong("must not be negative".to_owned()));
        }
        Ok(ReturnDue {
            order: OrderId::new(self.order_id),
            user: UserId::new(self.user_id),
            return_id: ReturnId::new(self.return_id),
            amount,
        })
    }
}

#[async_trait]
impl MessageHandler for OrderEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        match message.kind.as_str() {
            "order_cancelled" | "order_status_updated" => {
                let order: Order = message.data()?;
                let ending = match message.kind.as_str() {
                    "order_cancelled" => Ending::Cancelled,
                    _ if order.status == "refunded" && order.refund_due => Ending::Refunded,
                    _ => return Ok(()),
                };
                self.end.run(message, order.parse(ending)?).await?;
            }
            "order_payment_refused" => {
                let refused: Refused = message.data()?;
                self.refuse.run(message, refused.parse()?).await?;
            }
            "return_refund_due" => {
                let due: Due = message.data()?;
                self.refund.run(message, due.parse()?).await?;
            }
            _ => {}
        }
        Ok(())
    }
}
