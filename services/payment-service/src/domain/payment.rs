//! A payment and its arithmetic: never more is captured than was authorized, nor refunded than captured.

use chrono::{DateTime, Utc};
use config::id::UserId;
use config::money::Money;
use uuid::Uuid;

use super::{
    CardSummary, ChargeOutcome, Confirmation, Decline, Method, OrderId, PaymentId, ProviderName, Refusal,
    Status,
};

config::names! {
    /// What the provider has been asked for and has not answered.
    Pending {
        Capture = "capture",
        Void = "void",
    }
}

config::names! {
    /// Why an order doesn't want a payment.
    #[derive(Default)]
    Unwanted {
        /// The order cost something else by then.
        #[default]
        WrongAmount = "wrong_amount",
        /// Another payment or a person has paid the order, or nothing was due.
        PaidOtherwise = "paid_otherwise",
    }
}

/// The money for an order, on its way to us or back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub order_id: OrderId,
    pub user_id: UserId,
    pub provider: ProviderName,
    /// What the provider knows it by.
    pub charge_key: Uuid,
    pub method: Method,
    pub status: Status,
    /// What was asked for.
    pub amount: Money,
    pub captured: Money,
    pub refunded: Money,
    /// Promised to refunds that the provider has not confirmed yet.
    pub refund_pending: Money,
    /// What customers' banks have taken back, or may: disputes that are open or lost.
    pub disputed: Money,
    pub pending: Option<Pending>,
    /// Why its order doesn't want it, if so: all of it goes back.
    pub refused: Option<Unwanted>,
    pub transaction_id: Option<String>,
    pub decline: Option<Decline>,
    pub confirmation: Option<Confirmation>,
    pub card: Option<CardSummary>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How a payment that nobody wants is undone from where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwind {
    Refund(Money),
    Void,
    /// The customer no longer needs to confirm.
    Abandon,
}

impl Payment {
    /// Whether another may take its place: it ended without any money moving, or its money isn't wanted.
    pub fn is_over(&self) -> bool {
        self.refused.is_some() || matches!(self.status, Status::Failed | Status::Voided)
    }

    /// What can still be given back: not again what a customer's bank has taken back.
    pub fn refundable(&self) -> Money {
        let left = less(less(less(self.captured, self.refunded), self.refund_pending), self.disputed);
        Money::from_minor(left.minor().max(0), left.currency())
    }

    /// What is set aside for us and not taken yet.
    pub fn held(&self) -> Money {
        match self.status {
            Status::Authorized => self.amount,
            _ => Money::zero(self.amount.currency()),
        }
    }

    pub fn dispute_opened(&mut self, amount: Money) {
        self.disputed = plus(self.disputed, amount);
    }

    pub fn dispute_won(&mut self, amount: Money) {
        self.disputed = less(self.disputed, amount);
    }

    /// Takes the provider's word on the charge; `false` when it is old news. Money that arrives after the payment
    /// was given up for failed is money all the same.
    pub fn charge_ended(&mut self, outcome: &ChargeOutcome) -> bool {
        let open = matches!(self.status, Status::Processing | Status::RequiresAction);
        match outcome {
            ChargeOutcome::Captured { transaction_id, .. } if open || self.status == Status::Failed => {
                self.captured = self.amount;
                self.settle(Status::Succeeded, Some(transaction_id), None);
            }
            ChargeOutcome::Authorized { transaction_id } if open || self.status == Status::Failed => {
                self.settle(Status::Authorized, Some(transaction_id), None);
            }
            ChargeOutcome::ActionRequired(confirmation) if self.status == Status::Processing => {
                self.status = Status::RequiresAction;
                self.confirmation = Some(confirmation.clone());
            }
            ChargeOutcome::Declined(decline) if open => {
                self.settle(Status::Failed, None, Some(decline.clone()))
            }
            ChargeOutcome::Lapsed if open => {
                self.settle(Status::Failed, None, Some(Decline::coded("abandoned")));
            }
            // What we have asked for meanwhile gets an answer of its own.
            ChargeOutcome::Lapsed
                if self.status == Status::Authorized && self.pending.is_none() && self.has_own_end() =>
            {
                self.status = Status::Voided;
            }
            _ => return false,
        }
        true
    }

    fn settle(&mut self, status: Status, transaction_id: Option<&String>, decline: Option<Decline>) {
        self.status = status;
        self.transaction_id = transaction_id.cloned();
        self.decline = decline;
        self.confirmation = None;
    }

    /// Asks for the authorized money, or for a part of it; the rest is then given back.
    pub fn begin_capture(&mut self, amount: Option<Money>) -> Result<Money, Refusal> {
        self.expect(&[Status::Authorized], "captured")?;
        let amount = within(amount, self.amount, "captured")?;
        self.pending = Some(Pending::Capture);
        Ok(amount)
    }

    pub fn capture_ended(&mut self, amount: Money, done: bool) {
        self.pending = None;
        if done {
            self.captured = amount;
            self.status = Status::Succeeded;
        }
    }

    /// Whether it may be given up, by us or by the provider, while its order goes on: what is to be paid for when it is
    /// brought may be on its way.
    fn has_own_end(&self) -> bool {
        self.method != Method::Cod
    }

    /// Refuses to give up what isn't to be given up by itself.
    pub fn expect_own_end(&self) -> Result<(), Refusal> {
        if self.has_own_end() { Ok(()) } else { Err(Refusal::BelongsToItsOrder) }
    }

    /// Gives the authorization back.
    pub fn begin_void(&mut self) -> Result<(), Refusal> {
        self.expect(&[Status::Authorized], "voided")?;
        self.pending = Some(Pending::Void);
        Ok(())
    }

    pub fn void_ended(&mut self, done: bool) {
        self.pending = None;
        if done {
            self.status = Status::Voided;
        }
    }

    /// Sets money aside for a refund: all that is left when no amount is named.
    pub fn begin_refund(&mut self, amount: Option<Money>) -> Result<Money, Refusal> {
        self.expect(&[Status::Succeeded, Status::PartiallyRefunded], "refunded")?;
        let amount = within(amount, self.refundable(), "refunded")?;
        self.refund_pending = plus(self.refund_pending, amount);
        Ok(amount)
    }

    pub fn refund_ended(&mut self, amount: Money, done: bool) {
        self.refund_pending = less(self.refund_pending, amount);
        if done {
            self.refunded = plus(self.refunded, amount);
            let all = self.refunded == self.captured;
            self.status = if all { Status::Refunded } else { Status::PartiallyRefunded };
        }
    }

    /// The customer's bank didn't take a refund that was done: the money is with us again.
    pub fn refund_came_back(&mut self, amount: Money) {
        self.refunded = less(self.refunded, amount);
        let none = self.refunded.minor() == 0;
        self.status = if none { Status::Succeeded } else { Status::PartiallyRefunded };
    }

    /// What is to be done when nobody wants the payment; nothing while the provider still owes an answer, whose
    /// coming asks this again.
    pub fn unwind(&self) -> Option<Unwind> {
        match self.status {
            Status::RequiresAction => Some(Unwind::Abandon),
            Status::Authorized if self.pending.is_none() => Some(Unwind::Void),
            Status::Succeeded | Status::PartiallyRefunded => {
                Some(self.refundable()).filter(|left| left.is_positive()).map(Unwind::Refund)
            }
            _ => None,
        }
    }

    fn expect(&self, legal: &[Status], verb: &'static str) -> Result<(), Refusal> {
        match self.pending {
            _ if self.status == Status::Processing => Err(Refusal::Busy),
            _ if !legal.contains(&self.status) => Err(Refusal::Illegal { status: self.status, verb }),
            Some(_) => Err(Refusal::Busy),
            None => Ok(()),
        }
    }
}

/// The wanted amount, or all that is left when none is named.
fn within(wanted: Option<Money>, left: Money, verb: &'static str) -> Result<Money, Refusal> {
    match wanted {
        Some(wanted) if !wanted.is_positive() => Err(Refusal::Nothing),
        Some(wanted) if wanted.currency() != left.currency() || wanted.minor() > left.minor() => {
            Err(Refusal::TooMuch { left, verb })
        }
        Some(wanted) => Ok(wanted),
        None if left.is_positive() => Ok(left),
        None => Err(Refusal::TooMuch { left, verb }),
    }
}

/// A payment has one currency and sums that its amount bounds, so that neither of these can overflow.
fn plus(a: Money, b: Money) -> Money {
    Money::from_minor(a.minor() + b.minor(), a.currency())
}

fn less(a: Money, b: Money) -> Money {
    Money::from_minor(a.minor() - b.minor(), a.currency())
}

#[cfg(test)]
pub(super) mod tests;
