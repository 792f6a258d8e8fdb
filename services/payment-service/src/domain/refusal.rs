//! Why a payment can't do what is asked of it.

use std::time::Duration;

use config::money::Money;

use super::{DisputeStatus, Status};

/// A move that the payment's state forbids.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a payment that is {status} can't be {verb}")]
    Illegal { status: Status, verb: &'static str },
    #[error("the provider has not answered to an earlier request for this payment yet")]
    Busy,
    #[error("only {left} of the payment can be {verb}")]
    TooMuch { left: Money, verb: &'static str },
    #[error("cash on delivery is given up by cancelling its order")]
    BelongsToItsOrder,
    #[error("the amount must be more than nothing")]
    Nothing,
    #[error("the order is paid")]
    OrderPaid,
    #[error("the order is cancelled")]
    OrderCancelled,
    #[error("the order is refunded")]
    OrderRefunded,
    #[error("a payment for the order is in progress")]
    InProgress,
    #[error("too many payments were declined in the last hour; another may be tried later")]
    TooManyDeclines { wait: Duration },
    #[error("a dispute that is {0} takes no evidence")]
    NoEvidence(DisputeStatus),
}
