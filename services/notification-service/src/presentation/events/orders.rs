//! `order-events`

use chrono::{DateTime, Utc};
use config::kafka::Envelope;
use config::money::{Amount, Money, MoneyError};
use serde::Deserialize;

use super::{BadEvent, money};
use crate::application::{Details, News, Notice, OrderDetails, OrderLine};
use crate::domain::{NotificationType, Wording, grouped};

/// Of a product's name in an e-mail, in characters.
const LONGEST_NAME: usize = 100;

#[derive(Deserialize)]
struct OrderEvent {
    order_id: u64,
    user_id: u64,
    status: String,
    items: Vec<Item>,
    subtotal: Amount,
    discount: Amount,
    tax: Amount,
    /// Whether the tax is part of the prices, and so of the total.
    #[serde(default)]
    prices_include_tax: bool,
    shipping: Amount,
    total_amount: Amount,
    /// Older versions don't tell: then it was all.
    paid_amount: Option<Amount>,
    currency: String,
    #[serde(default)]
    shipping_address: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    refund_due: bool,
}

impl OrderEvent {
    /// Whether there is money to go back, as far as the event says.
    fn gives_back(&self) -> Result<bool, MoneyError> {
        let paid = self.paid_amount.map(|paid| money(paid, &self.currency)).transpose()?;
        Ok(self.refund_due && paid.is_none_or(Money::is_positive))
    }
}

#[derive(Deserialize)]
struct LapsedEvent {
    order_id: u64,
    user_id: u64,
    total_amount: Amount,
    currency: String,
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct RefundEvent {
    order_id: u64,
    user_id: u64,
    refund_amount: Amount,
    currency: String,
}

#[derive(Deserialize)]
struct ReturnEvent {
    order_id: u64,
    user_id: u64,
    return_id: u64,
    refund_amount: Amount,
    currency: String,
    note: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    product_name: String,
    quantity: u32,
    price: Amount,
}

/// The order's own state is what counts: that it is paid is told when order-service says so, for a payment may
/// land after the cancellation.
pub fn news(message: &Envelope) -> Result<News, BadEvent> {
    let kind = match message.kind.as_str() {
        "order_created" => NotificationType::OrderCreated,
        "order_status_updated" => NotificationType::OrderPaid,
        "order_cancelled" => NotificationType::OrderCancelled,
        "order_payment_lapsed" => return lapsed(message),
        "order_refunded_by_hand" => return refunded(message),
        "return_requested" => return requested(message),
        "return_approved" | "return_rejected" => return decided(message),
        _ => return Ok(News::default()),
    };
    let order: OrderEvent = message.data()?;
    let total = money(order.total_amount, &order.currency)?;
    let wording = match kind {
        NotificationType::OrderCreated => Wording::order_created(order.order_id, total),
        NotificationType::OrderCancelled => {
            Wording::order_cancelled(order.order_id, &order.reason, order.gives_back()?)
        }
        _ if order.status == "paid" => {
            let paid = money(order.paid_amount.unwrap_or(order.total_amount), &order.currency)?;
            Wording::order_paid(order.order_id, paid)
        }
        _ => return Ok(News::default()),
    };
    let details = Details::Order(details(&order)?);
    Ok(News::one(order.user_id, Notice::new(kind, wording, details)))
}

/// The order was as good as paid, and isn't any more.
fn lapsed(message: &Envelope) -> Result<News, BadEvent> {
    let order: LapsedEvent = message.data()?;
    let total = money(order.total_amount, &order.currency)?;
    let wording = Wording::order_payment_lapsed(order.order_id, total, order.expires_at);
    let notice = Notice::new(NotificationType::OrderPaymentLapsed, wording, Details::Message);
    Ok(News::one(order.user_id, notice))
}

/// By a bank transfer, say: a refund as those that payments make.
fn refunded(message: &Envelope) -> Result<News, BadEvent> {
    let refund: RefundEvent = message.data()?;
    let amount = money(refund.refund_amount, &refund.currency)?;
    let wording = Wording::payment_refunded(refund.order_id, amount, false);
    let notice = Notice::new(NotificationType::PaymentRefunded, wording, Details::Message);
    Ok(News::one(refund.user_id, notice))
}

/// It waits until somebody decides, so they hear of it.
fn requested(message: &Envelope) -> Result<News, BadEvent> {
    let back: ReturnEvent = message.data()?;
    let worth = money(back.refund_amount, &back.currency)?;
    let wording = Wording::return_requested(back.order_id, back.return_id, worth);
    Ok(News::for_admins(Notice::new(NotificationType::ReturnRequested, wording, Details::Message)))
}

/// What became of a wish to return something.
fn decided(message: &Envelope) -> Result<News, BadEvent> {
    let back: ReturnEvent = message.data()?;
    let (kind, wording) = if message.kind == "return_approved" {
        let refund = money(back.refund_amount, &back.currency)?;
        (NotificationType::ReturnApproved, Wording::return_approved(back.order_id, refund))
    } else {
        let wording = Wording::return_rejected(back.order_id, back.note.as_deref());
        (NotificationType::ReturnRejected, wording)
    };
    Ok(News::one(back.user_id, Notice::new(kind, wording, Details::Message)))
}

/// A hundred lines of whole names would be longer than what is kept for an e-mail.
fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    name.chars().take(LONGEST_NAME).chain(['…']).collect()
}

fn details(order: &OrderEvent) -> Result<OrderDetails, MoneyError> {
    let show = |amount| money(amount, &order.currency).map(grouped);
    let unless_zero = |amount| {
        let money = money(amount, &order.currency)?;
        Ok::<_, MoneyError>((!money.is_zero()).then(|| grouped(money)))
    };
    let line = |item: &Item| {
        Ok::<_, MoneyError>(OrderLine {
            name: shortened(&item.product_name),
            quantity: item.quantity,
            price: show(item.price)?,
        })
    };
    let tax = unless_zero(order.tax)?;
    let (included_tax, tax) = if order.prices_include_tax { (tax, None) } else { (None, tax) };
    Ok(OrderDetails {
        order_id: order.order_id,
        lines: order.items.iter().map(line).collect::<Result<_, _>>()?,
        subtotal: show(order.subtotal)?,
        discount: unless_zero(order.discount)?,
        tax,
        shipping: unless_zero(order.shipping)?,
        total: show(order.total_amount)?,
        included_tax,
        shipping_address: order.shipping_address.clone(),
    })
}
