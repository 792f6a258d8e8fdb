//! A transaction and its way.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use config::id::UserId;
use config::money::Money;
use uuid::Uuid;

use super::{
    AccountEnding, Bic, CheckNumber, Failure, MandateId, MaskedIban, Outcome, Party, PaymentType,
    RoutingNumber,
};
use crate::domain::CardSummary;

config::names! {
    /// Where a transaction is.
    ///
    /// ```text
    /// pending → processing → completed
    ///    ↑                └→ failed ─┐
    ///    └───────────────────────────┘ when an operator has it tried again after trouble of ours
    /// ```
    TransactionStatus {
        /// It was accepted.
        Pending = "pending",
        /// The scheme's network is asked.
        Processing = "processing",
        Completed = "completed",
        Failed = "failed",
    }
}

impl TransactionStatus {
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

/// A transaction: a UUIDv7, so that ids are in the order of acceptance and nobody guesses another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId(Uuid);

/// The last moment that a UUIDv7 can tell.
const LAST_MILLIS: u64 = (1 << 48) - 1;

impl TransactionId {
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    pub const fn get(self) -> Uuid {
        self.0
    }

    /// Of a transaction that is accepted now.
    pub fn next() -> Self {
        Self(Uuid::now_v7())
    }

    /// The first that could be accepted at this time.
    pub fn first_at(time: DateTime<Utc>) -> Self {
        let millis = u64::try_from(time.timestamp_millis()).unwrap_or_default().min(LAST_MILLIS);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
    }

    /// When it was accepted, to the millisecond.
    pub fn accepted_at(self) -> DateTime<Utc> {
        let timestamp = self.0.get_timestamp().map(|timestamp| timestamp.to_unix());
        let (seconds, nanos) = timestamp.unwrap_or_default();
        DateTime::from_timestamp(i64::try_from(seconds).unwrap_or_default(), nanos).unwrap_or_default()
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a scheme is told beside the parties. Nothing here lets anybody take money.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    pub iban: Option<MaskedIban>,
    pub bic: Option<Bic>,
    pub routing_number: Option<RoutingNumber>,
    pub account: Option<AccountEnding>,
    pub card: Option<CardSummary>,
    pub mandate_id: Option<MandateId>,
    pub check_number: Option<CheckNumber>,
}

/// Money on its way from one account to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    pub id: TransactionId,
    /// Who had it made.
    pub user_id: UserId,
    pub sender: Party,
    pub receiver: Party,
    pub amount: Money,
    pub payment_type: PaymentType,
    pub reference: Option<String>,
    pub details: Details,
    pub status: TransactionStatus,
    /// How often it was tried; a message about an earlier attempt is old news.
    pub attempt: u32,
    pub failure: Option<Failure>,
    /// The day on which the receiver has the money.
    pub settles_on: NaiveDate,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
}

impl Transaction {
    /// Takes the network's word. What has ended stays as it is.
    pub fn end(&mut self, outcome: Outcome, now: DateTime<Utc>) {
        if self.status.is_final() {
            return;
        }
        self.updated_at = now;
        match outcome {
            Outcome::Completed => {
                self.status = TransactionStatus::Completed;
                self.completed_at = Some(now);
            }
            Outcome::Failed(failure) => {
                self.status = TransactionStatus::Failed;
                self.failure = Some(failure);
            }
        }
    }

    /// Whether it failed for a reason that may be over: not because anybody said no.
    pub fn may_be_tried_again(&self) -> bool {
        self.status == TransactionStatus::Failed
            && self.failure.as_ref().is_some_and(|failure| failure.code == super::TROUBLE)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_knows_when_it_was_made_and_ids_are_in_order() {
        let ids: Vec<_> = (0..1000).map(|_| TransactionId::next()).collect();
        assert!(ids.is_sorted());
        let made = ids[0].accepted_at();
        assert!(TransactionId::first_at(made) <= ids[0]);
        assert!(TransactionId::first_at(made + chrono::TimeDelta::milliseconds(1)) > ids[0]);
    }

    proptest! {
        #[test]
        fn the_first_id_of_a_moment_tells_the_moment(millis in 0i64..4_000_000_000_000) {
            let time = DateTime::from_timestamp_millis(millis).unwrap();
            prop_assert_eq!(TransactionId::first_at(time).accepted_at(), time);
        }
    }
}
