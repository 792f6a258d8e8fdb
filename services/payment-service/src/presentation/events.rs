//! What the service hears; docs/EVENTS.md.

use async_trait::async_trait;
use config::id::UserId;
use config::kafka::{Envelope, HandlerError, MessageHandler};
use config::money::Amount;
use config::problem::InvalidFields;
use serde::Deserialize;

use crate::application::{CancelOrder, RefundReturn, RefusePayment, ReturnDue};
use crate::domain::{OrderId, PaymentId, ReturnId};

/// Follows orders.
pub struct OrderEvents {
    pub(crate) cancel: CancelOrder,
    pub(crate) refuse: RefusePayment,
    pub(crate) refund: RefundReturn,
}

#[derive(Deserialize)]
struct Order {
    order_id: u64,
    user_id: u64,
}

#[derive(Deserialize)]
struct Refused {
    order_id: u64,
    user_id: u64,
    payment_id: u64,
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
            "order_cancelled" => {
                let Order { order_id, user_id } = message.data()?;
                self.cancel.run(message, OrderId::new(order_id), UserId::new(user_id)).await?;
            }
            "order_payment_refused" => {
                let Refused { order_id, user_id, payment_id } = message.data()?;
                let (order, user) = (OrderId::new(order_id), UserId::new(user_id));
                self.refuse.run(message, order, user, PaymentId::new(payment_id)).await?;
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
