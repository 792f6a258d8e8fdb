//! The answer to a client, as part of the transaction that it tells of.

use chrono::{DateTime, TimeDelta, Utc};
use config::idempotency::{Answer, Claim};

use crate::domain::{Operation, Payment};

/// A key that comes again after so long names another request, as the contract says.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// What has become of an operation and its payment.
#[derive(Debug, Clone)]
pub struct Completed {
    pub payment: Payment,
    pub operation: Operation,
}

/// The request that waits for an answer.
#[derive(Debug)]
pub struct Reply {
    claim: Option<Claim>,
    show: fn(&Completed) -> Answer,
    request: Option<String>,
}

impl Reply {
    /// `show` makes the answer that any repetition gets.
    pub fn new(claim: Option<Claim>, show: fn(&Completed) -> Answer) -> Self {
        let request = claim.as_ref().map(Claim::request);
        Self { claim, show, request }
    }

    /// What names the request, if its client wants it done once.
    pub fn request(&self) -> Option<&str> {
        self.request.as_deref()
    }

    /// What was begun before this moment was begun by another request of the same name.
    pub(super) fn since(now: DateTime<Utc>) -> DateTime<Utc> {
        now - LIFETIME
    }

    pub(super) fn answer(&self, completed: &Completed) -> Option<(&Claim, Answer)> {
        self.claim.as_ref().map(|claim| (claim, (self.show)(completed)))
    }
}
