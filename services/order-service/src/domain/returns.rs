//! Goods that come back.

use chrono::{DateTime, TimeDelta, Utc};
use config::id::{ProductId, UserId};
use config::money::{Money, MoneyError};

use super::{Notes, Order, OrderId, OrderLine, Quantity, Reason, ReturnId, Status};

config::names! {
    /// Where a return is.
    ///
    /// ```text
    /// requested ─→ approved ─→ received ─→ refunding ←→ refunded
    ///    ├──────→ rejected ←┘
    ///    └──────→ cancelled
    /// ```
    ReturnStatus {
        Requested = "requested",
        /// The shopper may send the goods.
        Approved = "approved",
        /// The goods are here.
        Received = "received",
        /// payment-service is to give the money back.
        Refunding = "refunding",
        Refunded = "refunded",
        Rejected = "rejected",
        /// By the shopper.
        Cancelled = "cancelled",
    }
}

impl ReturnStatus {
    /// Where somebody may have a return go from here. The way back from `refunded` isn't among them: only money that
    /// comes back to us takes it ([`Return::came_back`]).
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Requested => &[Self::Approved, Self::Rejected, Self::Cancelled],
            Self::Approved => &[Self::Received, Self::Rejected],
            Self::Received => &[Self::Refunding],
            Self::Refunding => &[Self::Refunded],
            Self::Refunded | Self::Rejected | Self::Cancelled => &[],
        }
    }
}

/// A step that a return can't take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the return is {from} and can't become {to}")]
pub struct IllegalReturnMove {
    pub from: ReturnStatus,
    pub to: ReturnStatus,
}

/// Why an order takes nothing back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReturnRefusal {
    #[error("the order is {status}; only what was shipped or delivered can be returned")]
    NotReturnable { status: Status },
    #[error("the order is not paid yet; what is not wanted any more is cancelled once it is back")]
    NotPaid,
    #[error("the order could be returned until {until}")]
    TooLate { until: DateTime<Utc> },
    #[error("product {product_id} is not in the order")]
    NotOrdered { product_id: ProductId },
    #[error("only {left} of product {product_id} can still be returned, not {wanted}")]
    TooMany { product_id: ProductId, wanted: u32, left: u32 },
    #[error("the shipping of this order was given back before")]
    ShippingGivenBack,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// What somebody wants to send back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanting {
    pub product_id: ProductId,
    pub quantity: Quantity,
    pub reason: Reason,
}

/// A product that comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnItem {
    pub product_id: ProductId,
    pub quantity: Quantity,
    pub reason: Reason,
    /// What was paid for these units.
    pub refund: Money,
    /// Whether it is as good as new; `None` until it is here.
    pub restock: Option<bool>,
}

/// A return that is being asked for.
#[derive(Debug, Clone)]
pub struct NewReturn {
    pub order_id: OrderId,
    pub user_id: UserId,
    pub items: Vec<ReturnItem>,
    pub comment: Option<Notes>,
}

/// A return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    pub id: ReturnId,
    pub order_id: OrderId,
    pub user_id: UserId,
    pub status: ReturnStatus,
    pub items: Vec<ReturnItem>,
    /// The shopper's.
    pub comment: Option<Notes>,
    /// The shop's last word on it.
    pub note: Option<Reason>,
    /// What is given back of the order's shipping with it.
    pub shipping: Money,
    /// What may be given back for it at most, from the decision on: what was left of the order's money then. `None`
    /// until then.
    pub most: Option<Money>,
    /// What has been given back for it.
    pub refunded: Money,
    /// What of that was given back by other means than a payment.
    pub by_hand: Money,
    pub version: u64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Return {
    /// The return as it is right after it was asked for.
    pub fn requested(id: ReturnId, new: NewReturn, zero: Money, now: DateTime<Utc>) -> Self {
        Self {
            id,
            order_id: new.order_id,
            user_id: new.user_id,
            status: ReturnStatus::Requested,
            items: new.items,
            comment: new.comment,
            note: None,
            shipping: zero,
            most: None,
            refunded: zero,
            by_hand: zero,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// What is to be given back for it: what was paid for its goods, and its part of the shipping, as far as there is
    /// so much left.
    pub fn refund(&self) -> Result<Money, MoneyError> {
        let worth = self.items.iter().try_fold(self.shipping, |sum, item| sum.plus(item.refund))?;
        Ok(self.most.filter(|most| most.minor() < worth.minor()).unwrap_or(worth))
    }

    /// What of that the payments are to give back.
    pub fn refund_by_payments(&self) -> Result<Money, MoneyError> {
        Ok(at_least_nothing(self.refund()?.minus(self.by_hand)?))
    }

    /// What is decided to go back for it and hasn't yet.
    pub fn owed(&self) -> Result<Money, MoneyError> {
        match self.status {
            ReturnStatus::Refunding => Ok(at_least_nothing(self.refund()?.minus(self.refunded)?)),
            _ => Ok(Money::zero(self.refunded.currency())),
        }
    }

    /// Bounds what is given back for it by what is left of the order's money.
    pub fn limit(&mut self, left: Money) -> Result<(), MoneyError> {
        self.most = Some(self.refunded.plus(left)?);
        Ok(())
    }

    /// Whether all that is to be given back for it was.
    pub fn is_settled(&self) -> Result<bool, MoneyError> {
        Ok(self.refunded.minor() >= self.refund()?.minor())
    }

    pub fn move_to(&mut self, to: ReturnStatus, now: DateTime<Utc>) -> Result<(), IllegalReturnMove> {
        if !self.status.next().contains(&to) {
            return Err(IllegalReturnMove { from: self.status, to });
        }
        self.status = to;
        self.changed(now);
        Ok(())
    }

    /// Notes what was given back.
    pub fn given_back(&mut self, amount: Money, now: DateTime<Utc>) -> Result<(), MoneyError> {
        self.refunded = self.refunded.plus(amount)?;
        self.changed(now);
        Ok(())
    }

    /// Notes what was given back by other means than a payment, which is then not asked for it.
    pub fn given_by_hand(&mut self, amount: Money, now: DateTime<Utc>) -> Result<(), MoneyError> {
        self.by_hand = self.by_hand.plus(amount)?;
        self.given_back(amount, now)
    }

    /// Notes that money which was given back for it is with us again: where it is missing now, that is the only way
    /// back out of `refunded`.
    pub fn came_back(&mut self, amount: Money, now: DateTime<Utc>) -> Result<(), MoneyError> {
        self.refunded = at_least_nothing(self.refunded.minus(amount)?);
        if self.status == ReturnStatus::Refunded && !self.is_settled()? {
            self.status = ReturnStatus::Refunding;
        }
        self.changed(now);
        Ok(())
    }

    fn changed(&mut self, now: DateTime<Utc>) {
        self.version += 1;
        self.updated_at = now;
    }
}

fn at_least_nothing(money: Money) -> Money {
    Money::from_minor(money.minor().max(0), money.currency())
}

/// How long after its delivery an order can be returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comeback(pub TimeDelta);

impl OrderLine {
    /// What the next units of this line are worth when they come back.
    ///
    /// Of a price that doesn't divide evenly, each unit's share is what the units so far are worth together, rounded
    /// down, less what was promised for those before it: so all units together are worth exactly what was paid.
    fn worth(&self, units: u32, paid: Money) -> Result<Money, MoneyError> {
        let (all, so_far) = (i128::from(self.quantity.get()), i128::from(self.returned + units));
        let value = i128::from(paid.minor()) * so_far / all;
        // A line's value fits, and so does a part of it.
        let value = i64::try_from(value).map_err(|_| MoneyError::TooLarge)?;
        Ok(Money::from_minor((value - self.returned_value.minor()).max(0), paid.currency()))
    }
}

impl Order {
    /// Takes goods back: as many units in all as were bought, and no more.
    pub fn take_back(
        &mut self,
        wanted: &[Wanting],
        within: Comeback,
        now: DateTime<Utc>,
    ) -> Result<Vec<ReturnItem>, ReturnRefusal> {
        if !matches!(self.status, Status::Shipped | Status::Delivered) {
            return Err(ReturnRefusal::NotReturnable { status: self.status });
        }
        if self.paid_at.is_none() {
            return Err(ReturnRefusal::NotPaid);
        }
        if let Some(until) = self.delivered_at.map(|at| at + within.0)
            && now > until
        {
            return Err(ReturnRefusal::TooLate { until });
        }
        let shares = self.shares()?;
        let mut items = Vec::with_capacity(wanted.len());
        for Wanting { product_id, quantity, reason } in wanted {
            let missing = || ReturnRefusal::NotOrdered { product_id: product_id.clone() };
            let mut lines = self.lines.iter_mut().zip(&shares);
            let found = lines.find(|(line, _)| line.product_id == *product_id);
            let (line, paid) = found.ok_or_else(missing)?;
            let (wanted, left) = (quantity.get(), line.quantity.get() - line.returned);
            if wanted > left {
                return Err(ReturnRefusal::TooMany { product_id: product_id.clone(), wanted, left });
            }
            let refund = line.worth(wanted, *paid)?;
            line.returned += wanted;
            line.returned_value = line.returned_value.plus(refund)?;
            let (product_id, quantity, reason) = (product_id.clone(), *quantity, reason.clone());
            items.push(ReturnItem { product_id, quantity, reason, refund, restock: None });
        }
        self.changed(now);
        Ok(items)
    }

    /// The goods don't come back after all.
    pub fn leave(&mut self, items: &[ReturnItem], now: DateTime<Utc>) -> Result<(), ReturnRefusal> {
        for item in items {
            let missing = || ReturnRefusal::NotOrdered { product_id: item.product_id.clone() };
            let line = self.line_mut(&item.product_id).ok_or_else(missing)?;
            line.returned = line.returned.saturating_sub(item.quantity.get());
            line.returned_value = line.returned_value.minus(item.refund)?;
        }
        self.changed(now);
        Ok(())
    }

    /// What was paid for sending, with its tax; it is given back once.
    pub fn give_shipping_back(&mut self, now: DateTime<Utc>) -> Result<Money, ReturnRefusal> {
        if self.shipping_refunded {
            return Err(ReturnRefusal::ShippingGivenBack);
        }
        self.shipping_refunded = true;
        self.changed(now);
        let shares = self.shares()?;
        Ok(shares.into_iter().try_fold(self.paid, Money::minus)?)
    }

    /// What is left to give back for a return of what was paid, once the others have what they are owed.
    pub fn left_beside<'a>(&self, others: impl Iterator<Item = &'a Return>) -> Result<Money, MoneyError> {
        let mut left = self.kept();
        for other in others {
            left = left.minus(other.owed()?)?;
        }
        Ok(at_least_nothing(left))
    }

    /// What was paid for each line. Where less was taken than the order costs, it is the line's part of that: what
    /// all lines so far have of it, rounded down, less what those before have.
    fn shares(&self) -> Result<Vec<Money>, MoneyError> {
        let (taken, total) = (i128::from(self.paid.minor()), i128::from(self.totals.total().minor()));
        let (mut cost, mut shared) = (0_i128, 0);
        let share = |line: &OrderLine| {
            let paid = line.paid(self.totals.tax_included())?;
            if taken == total {
                return Ok(paid);
            }
            cost += i128::from(paid.minor());
            let so_far = (cost * taken).checked_div(total).unwrap_or_default();
            let so_far = i64::try_from(so_far).map_err(|_| MoneyError::TooLarge)?;
            let share = so_far - shared;
            shared = so_far;
            Ok(Money::from_minor(share, paid.currency()))
        };
        self.lines.iter().map(share).collect()
    }

    /// Whether all goods are coming back or are back, and all money is.
    pub fn is_undone(&self) -> bool {
        let back = self.lines.iter().all(|line| line.returned == line.quantity.get());
        back && self.refunded.minor() >= self.paid.minor()
    }

    fn line_mut(&mut self, product: &ProductId) -> Option<&mut OrderLine> {
        self.lines.iter_mut().find(|line| line.product_id == *product)
    }
}

#[cfg(test)]
mod tests;
