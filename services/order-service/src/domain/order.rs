//! An order.

use chrono::{DateTime, Utc};
use config::id::{ProductId, UserId};
use config::money::{Money, MoneyError};
use uuid::Uuid;

use super::{
    Actor, Address, Due, IllegalMove, Move, Notes, OrderId, Priced, Promoted, PromotionCode, Quantity,
    ShippingMethod, Status, TaxLine, Totals,
};

/// A product in an order, as it was when it was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    pub product_id: ProductId,
    pub product_name: String,
    pub category: String,
    pub quantity: Quantity,
    /// Of one.
    pub price: Money,
    /// Of the line.
    pub discount: Money,
    /// Of the line; part of its price where prices contain it.
    pub tax: Money,
    /// Of one.
    pub weight_grams: u32,
    /// Units that are coming back or are back.
    pub returned: u32,
    /// What was promised for them.
    pub returned_value: Money,
}

impl OrderLine {
    /// What the line costs.
    pub fn total(&self) -> Result<Money, MoneyError> {
        self.price.times(self.quantity.get())
    }

    /// What it costs after its discount.
    pub fn discounted(&self) -> Result<Money, MoneyError> {
        self.total()?.minus(self.discount)
    }

    /// What the customer pays for it in the end.
    pub fn paid(&self, tax_included: bool) -> Result<Money, MoneyError> {
        let discounted = self.discounted()?;
        if tax_included { Ok(discounted) } else { discounted.plus(self.tax) }
    }
}

/// Where an order goes, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub address: Address,
    pub method: ShippingMethod,
}

/// An order that is being placed.
#[derive(Debug, Clone)]
pub struct NewOrder {
    pub user_id: UserId,
    pub priced: Priced,
    pub delivery: Delivery,
    pub promotion_code: Option<PromotionCode>,
    pub notes: Option<Notes>,
    pub reservation_id: Uuid,
    pub expires_at: DateTime<Utc>,
}

/// An order.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: OrderId,
    pub user_id: UserId,
    pub status: Status,
    pub lines: Vec<OrderLine>,
    pub totals: Totals,
    pub tax_lines: Vec<TaxLine>,
    /// What sending costs by the chosen method, even if a promotion pays for it.
    pub shipping_rate: Money,
    pub promoted: Promoted,
    /// What was taken for it: less than it costs where somebody decided to take no more.
    pub paid: Money,
    /// What was given back of that.
    pub refunded: Money,
    /// Whether the shipping was given back, or is about to be.
    pub shipping_refunded: bool,
    pub delivery: Delivery,
    pub promotion_code: Option<PromotionCode>,
    pub notes: Option<Notes>,
    pub reservation_id: Uuid,
    /// Grows with each change.
    pub version: u64,
    /// When it is cancelled unless paid; `None` when it can't expire any more.
    pub expires_at: Option<DateTime<Utc>>,
    pub paid_at: Option<DateTime<Utc>>,
    /// The payment that pays it, or has promised to; `None` when it was marked as paid by hand, or cost nothing.
    pub payment: Option<u64>,
    /// Whether its payment is cash that whoever brings the parcel takes.
    pub cash_on_delivery: bool,
    /// Whether somebody of the shop has confirmed it: whatever payments do, it doesn't expire.
    pub vouched: bool,
    /// The payment whose promise was given up last: it makes no other.
    pub given_up: Option<u64>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The address of an order that is being packed stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order is {status}; its address can be changed until it is packed")]
pub struct AddressFixed {
    pub status: Status,
}

/// An order that is past `pending` costs what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order is {status}; its price can be changed while it is pending")]
pub struct NotPending {
    pub status: Status,
}

/// More is to be given back than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    #[error("no more than {left} of what was paid for the order is left to give back")]
    TooMuch { left: Money },
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Order {
    /// The order as it is right after it was placed.
    pub fn placed(id: OrderId, new: NewOrder, now: DateTime<Utc>) -> Self {
        let Priced { lines, totals, tax_lines, shipping_rate, promoted } = new.priced;
        Self {
            id,
            user_id: new.user_id,
            status: Status::Pending,
            lines,
            totals,
            tax_lines,
            shipping_rate,
            promoted,
            paid: Money::zero(totals.currency()),
            refunded: Money::zero(totals.currency()),
            shipping_refunded: false,
            delivery: new.delivery,
            promotion_code: new.promotion_code,
            notes: new.notes,
            reservation_id: new.reservation_id,
            version: 1,
            expires_at: Some(new.expires_at),
            paid_at: None,
            payment: None,
            cash_on_delivery: false,
            vouched: false,
            given_up: None,
            delivered_at: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether a payment would be taken for it now.
    pub fn is_payable(&self, now: DateTime<Utc>) -> bool {
        self.status.awaits_payment() && self.expires_at.is_none_or(|end| now < end)
    }

    /// When its money is due.
    pub fn due(&self) -> Due {
        match self.paid_at {
            None if self.cash_on_delivery => Due::OnDelivery,
            _ => Due::InAdvance,
        }
    }

    /// Whether it may still come to cost something else.
    pub fn expect_pending(&self) -> Result<(), NotPending> {
        match self.status {
            Status::Pending => Ok(()),
            status => Err(NotPending { status }),
        }
    }

    /// Whether it has this promotion already.
    pub fn has_promotion(&self, code: &PromotionCode) -> bool {
        let named = |applied: &Option<String>| {
            applied.as_deref().is_some_and(|applied| applied.eq_ignore_ascii_case(code.as_str()))
        };
        self.promoted.applied.iter().any(|promotion| named(&promotion.code))
    }

    /// Gives it another price.
    pub fn reprice(
        &mut self,
        priced: Priced,
        code: Option<PromotionCode>,
        now: DateTime<Utc>,
    ) -> Result<(), NotPending> {
        self.expect_pending()?;
        let Priced { lines, totals, tax_lines, shipping_rate, promoted } = priced;
        (self.lines, self.totals, self.tax_lines) = (lines, totals, tax_lines);
        (self.shipping_rate, self.promoted, self.promotion_code) = (shipping_rate, promoted, code);
        self.changed(now);
        Ok(())
    }

    /// Whether money of this payment counts for the order: what another payment paid was never the order's.
    pub fn is_paid_by(&self, payment: u64) -> bool {
        self.payment == Some(payment)
    }

    /// Whether the shop has its money from elsewhere than from this payment, or nothing was due.
    pub fn is_paid_otherwise(&self, payment: u64) -> bool {
        self.paid_at.is_some() && !self.is_paid_by(payment)
    }

    /// Whether its money is still to come.
    pub fn is_owed(&self) -> bool {
        self.paid_at.is_none() && !matches!(self.status, Status::Cancelled | Status::Refunded)
    }

    /// Takes a payment for its own that came after the cancellation, so that its refund is the order's. `false` when
    /// it has one, or was paid otherwise.
    pub fn adopt(&mut self, payment: u64, now: DateTime<Utc>) -> bool {
        let is_new = self.status == Status::Cancelled && self.payment.is_none() && self.paid_at.is_none();
        if is_new {
            self.payment = Some(payment);
            self.changed(now);
        }
        is_new
    }

    /// Moves it along, if that is legal for the actor.
    pub fn move_to(&mut self, to: Status, by: Actor, now: DateTime<Utc>) -> Result<Move, IllegalMove> {
        let from = self.status;
        let legal = from.next(by, self.due());
        if !legal.contains(&to) {
            return Err(IllegalMove { from, to, legal });
        }
        self.status = to;
        if to == Status::Paid {
            self.take(self.totals.total(), now);
        }
        if to == Status::Delivered {
            self.delivered_at = Some(now);
        }
        if to == Status::Confirmed && matches!(by, Actor::Admin(_)) {
            self.vouched = true;
        }
        self.expires_at = None;
        self.changed(now);
        Ok(Move { from, to, by })
    }

    /// Takes a payment's money for it. What was due on delivery stays where it is: there is no step.
    pub fn pay(
        &mut self,
        payment: u64,
        amount: Money,
        now: DateTime<Utc>,
    ) -> Result<Option<Move>, IllegalMove> {
        let on_its_way = self.due() == Due::OnDelivery && self.status.is_under_way();
        let step = match on_its_way {
            true => None,
            false => Some(self.move_to(Status::Paid, Actor::Payment, now)?),
        };
        self.payment = Some(payment);
        self.take(amount, now);
        if step.is_none() {
            self.changed(now);
        }
        Ok(step)
    }

    fn take(&mut self, amount: Money, now: DateTime<Utc>) {
        (self.paid, self.paid_at) = (amount, Some(now));
    }

    /// Notes that a payment has its money ready: the order doesn't expire any more. One that was confirmed already
    /// is confirmed again.
    pub fn promise(
        &mut self,
        payment: u64,
        cash_on_delivery: bool,
        now: DateTime<Utc>,
    ) -> Result<Move, IllegalMove> {
        let (from, to, by) = (self.status, Status::Confirmed, Actor::Payment);
        let step = match from {
            _ if self.given_up == Some(payment) => return Err(IllegalMove { from, to, legal: &[] }),
            Status::Confirmed if self.payment.is_none() => {
                self.expires_at = None;
                self.changed(now);
                Move { from, to, by }
            }
            _ => self.move_to(to, by, now)?,
        };
        (self.payment, self.cash_on_delivery) = (Some(payment), cash_on_delivery);
        Ok(step)
    }

    /// Notes that a payment gives its promise up: unless somebody has vouched for the order, it must be paid
    /// otherwise until `end`. `false`, and nothing else changes, where it wasn't this payment that the order waited
    /// for.
    pub fn promise_broken(&mut self, payment: u64, end: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        self.given_up = Some(payment);
        let awaited = self.status == Status::Confirmed && self.payment == Some(payment);
        let must_be_paid = awaited && !self.vouched;
        if awaited {
            (self.payment, self.cash_on_delivery) = (None, false);
            self.expires_at = must_be_paid.then_some(end);
        }
        self.changed(now);
        must_be_paid
    }

    /// Sends it elsewhere.
    pub fn readdress(&mut self, address: Address, now: DateTime<Utc>) -> Result<(), AddressFixed> {
        match self.status {
            Status::Pending | Status::Confirmed | Status::Paid => {
                self.delivery.address = address;
                self.changed(now);
                Ok(())
            }
            status => Err(AddressFixed { status }),
        }
    }

    /// What was paid and has not been given back.
    pub fn kept(&self) -> Money {
        let kept = self.paid.minor().saturating_sub(self.refunded.minor()).max(0);
        Money::from_minor(kept, self.paid.currency())
    }

    /// Remembers that the shop gave money back by other means than a payment: no more than is left.
    pub fn refund_by_hand(&mut self, amount: Money, now: DateTime<Utc>) -> Result<(), RefundRefusal> {
        let left = self.kept();
        if left.minus(amount)?.minor() < 0 {
            return Err(RefundRefusal::TooMuch { left });
        }
        self.refund(amount, now)?;
        Ok(())
    }

    /// Remembers that money was given back, never more than was taken; says how much more that is than before. Money
    /// of an order that was never paid was never ours.
    pub fn refund(&mut self, amount: Money, now: DateTime<Utc>) -> Result<Money, MoneyError> {
        let before = self.refunded;
        if self.paid_at.is_some() {
            let most = self.paid.minor();
            let sum = before.plus(amount)?.minor().clamp(before.minor(), most.max(before.minor()));
            self.refunded = Money::from_minor(sum, before.currency());
            self.changed(now);
        }
        self.refunded.minus(before)
    }

    /// Remembers that money which was given back is with us again; says how much that is.
    pub fn refund_came_back(&mut self, amount: Money, now: DateTime<Utc>) -> Result<Money, MoneyError> {
        let before = self.refunded;
        let left = before.minus(amount)?.minor().clamp(0, before.minor());
        self.refunded = Money::from_minor(left, before.currency());
        self.changed(now);
        before.minus(self.refunded)
    }

    pub(super) fn changed(&mut self, now: DateTime<Utc>) {
        self.version += 1;
        self.updated_at = now;
    }
}

#[cfg(test)]
pub(crate) mod tests;
