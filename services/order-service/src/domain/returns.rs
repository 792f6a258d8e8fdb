//! Goods that come back.

use chrono::{DateTime, TimeDelta, Utc};
use config::id::{ProductId, UserId};
use config::money::{Money, MoneyError};

use super::{Notes, Order, OrderId, OrderLine, Quantity, Reason, ReturnId, Status};

/// Where a return is.
///
/// ```text
/// requested ─→ approved ─→ received ─→ refunding ←→ refunded
///    ├──────→ rejected ←┘
///    └──────→ cancelled
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReturnStatus {
    Requested,
    /// The shopper may send the goods.
    Approved,
    /// The goods are here.
    Received,
    /// payment-service is to give the money back.
    Refunding,
    Refunded,
    Rejected,
    /// By the shopper.
    Cancelled,
}

impl ReturnStatus {
    pub const ALL: [Self; 7] = [
        Self::Requested,
        Self::Approved,
        Self::Received,
        Self::Refunding,
        Self::Refunded,
        Self::Rejected,
        Self::Cancelled,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Received => "received",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// Where a return may go from here.
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

impl std::str::FromStr for ReturnStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| format!("must be one of {}", known()))
    }
}

/// A step that a return can't take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the return is {} and can't become {}", from.as_str(), to.as_str())]
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
    /// What payment-service has given back for it.
    pub refunded: Money,
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
            refunded: zero,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// What is to be given back for it.
    pub fn refund(&self) -> Result<Money, MoneyError> {
        self.items.iter().try_fold(self.shipping, |sum, item| sum.plus(item.refund))
    }

    pub fn move_to(&mut self, to: ReturnStatus, now: DateTime<Utc>) -> Result<(), IllegalReturnMove> {
        if !self.status.next().contains(&to) {
            return Err(IllegalReturnMove { from: self.status, to });
        }
        self.status = to;
        self.changed(now);
        Ok(())
    }

    /// Notes what was given back; whether that is all of it.
    pub fn given_back(&mut self, amount: Money, now: DateTime<Utc>) -> Result<bool, MoneyError> {
        self.refunded = self.refunded.plus(amount)?;
        self.changed(now);
        Ok(self.refunded.minor() >= self.refund()?.minor())
    }

    /// Notes that money which was given back for it is with us again: the only way back out of `refunded`.
    pub fn came_back(&mut self, amount: Money, now: DateTime<Utc>) -> Result<(), MoneyError> {
        let left = self.refunded.minus(amount)?.minor().max(0);
        self.refunded = Money::from_minor(left, self.refunded.currency());
        if self.status == ReturnStatus::Refunded {
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
mod tests {
    use config::money::Currency;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::order::tests::{delivered, order_of};

    fn want(order: &Order, line: usize, units: u32) -> Wanting {
        Wanting {
            product_id: order.lines[line].product_id.clone(),
            quantity: Quantity::new(units.into()).unwrap(),
            reason: "too big".parse().unwrap(),
        }
    }

    const MONTH: Comeback = Comeback(TimeDelta::days(30));

    proptest! {
        #[test]
        fn whatever_comes_back_in_whatever_pieces_is_worth_what_was_paid(
            quantity in 1_u32..20,
            price in 0_i64..10_000,
            discount in 0_i64..10_000,
            tax in 0_i64..3_000,
            tax_included: bool,
            tries in prop::collection::vec((1_u32..5, any::<bool>()), 0..40),
            taken in 1_i64..=100,
        ) {
            let mut order = delivered(order_of(&[(price, quantity)], discount, tax, 700, tax_included));
            let now = order.updated_at;
            let total = order.totals.total().minor();
            order.paid = Money::from_minor(total * taken / 100, Currency::USD);
            let cost = order.lines[0].paid(tax_included).unwrap().minor();
            let paid = cost * order.paid.minor() / total;
            let mut kept = Vec::new();
            let ones = std::iter::repeat_n((1, true), quantity as usize);
            for (units, stays) in tries.into_iter().chain(ones) {
                let left = order.lines[0].quantity.get() - order.lines[0].returned;
                let taken = order.take_back(&[want(&order, 0, units)], MONTH, now);
                if units > left {
                    let product_id = order.lines[0].product_id.clone();
                    prop_assert_eq!(taken, Err(ReturnRefusal::TooMany { product_id, wanted: units, left }));
                    continue;
                }
                let items = taken.unwrap();
                prop_assert!(items[0].refund.minor() >= 0);
                if stays {
                    kept.extend(items);
                } else {
                    order.leave(&items, now).unwrap();
                }
                let promised: i64 = kept.iter().map(|item: &ReturnItem| item.refund.minor()).sum();
                prop_assert!(promised <= paid);
                prop_assert_eq!(promised, order.lines[0].returned_value.minor());
            }
            prop_assert_eq!(order.lines[0].returned, quantity);
            prop_assert_eq!(order.lines[0].returned_value.minor(), paid);
            let shipping = order.give_shipping_back(now).unwrap().minor();
            prop_assert_eq!(paid + shipping, order.paid.minor());
            prop_assert_eq!(order.give_shipping_back(now), Err(ReturnRefusal::ShippingGivenBack));
        }

        #[test]
        fn a_return_moves_as_drawn(moves in prop::collection::vec(prop::sample::select(&ReturnStatus::ALL[..]), 0..20)) {
            let mut order = delivered(order_of(&[(100, 1)], 0, 0, 0, false));
            let now = order.updated_at;
            let items = order.take_back(&[want(&order, 0, 1)], MONTH, now).unwrap();
            let new = NewReturn { order_id: order.id, user_id: order.user_id, items, comment: None };
            let mut back = Return::requested(ReturnId::new(1), new, Money::zero(Currency::USD), now);
            for to in moves {
                let before = back.clone();
                match back.move_to(to, now) {
                    Ok(()) => prop_assert!(before.status.next().contains(&to) && back.version == before.version + 1),
                    Err(refused) => prop_assert!(refused.from == before.status && back == before),
                }
            }
        }
    }

    #[test]
    fn what_was_taken_in_part_goes_back_to_the_last_minor_unit() {
        let mut order = delivered(order_of(&[(100, 1), (100, 1), (33, 3)], 0, 0, 0, false));
        order.paid = Money::from_minor(151, Currency::USD);
        let now = order.updated_at;
        let wanted = [want(&order, 2, 3), want(&order, 0, 1), want(&order, 1, 1)];
        let mut back = 0;
        for one in wanted {
            back += order.take_back(&[one], MONTH, now).unwrap()[0].refund.minor();
        }
        assert_eq!((back, order.give_shipping_back(now).unwrap().minor()), (151, 0));
        order.refund(Money::from_minor(back, Currency::USD), now).unwrap();
        assert!(order.is_undone());
    }

    #[test]
    fn only_what_was_sent_comes_back_and_only_for_a_while() {
        let mut order = order_of(&[(100, 1)], 0, 0, 0, false);
        let now = order.updated_at;
        let wish = [want(&order, 0, 1)];
        assert_eq!(
            order.take_back(&wish, MONTH, now),
            Err(ReturnRefusal::NotReturnable { status: Status::Pending })
        );
        let mut order = delivered(order);
        let until = order.delivered_at.unwrap() + MONTH.0;
        let late = order.take_back(&wish, MONTH, until + TimeDelta::seconds(1));
        assert_eq!(late, Err(ReturnRefusal::TooLate { until }));
        let other = Wanting { product_id: "0123456789abcdef01234567".parse().unwrap(), ..wish[0].clone() };
        assert!(matches!(order.take_back(&[other], MONTH, until), Err(ReturnRefusal::NotOrdered { .. })));
        let mut unpaid = Order { paid_at: None, ..order.clone() };
        assert_eq!(unpaid.take_back(&wish, MONTH, until), Err(ReturnRefusal::NotPaid));
        assert_eq!(order.take_back(&wish, MONTH, until).unwrap()[0].refund.minor(), 100);
    }

    #[test]
    fn every_status_reads_back() {
        for status in ReturnStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("sent".parse::<ReturnStatus>().is_err());
    }
}
