//! How the schemes' networks answer here: nobody is asked, but the same transaction always gets the same answer.

use sha2::{Digest as _, Sha256};

use super::{PaymentType, Transaction};

/// The one failure that is nobody's decision.
pub const TROUBLE: &str = "processing_error";

/// Why a transaction failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// Such as `insufficient_funds`.
    pub code: String,
    pub message: String,
}

/// What has become of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Completed,
    Failed(Failure),
}

/// How many of a million transactions succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuccessRate(u32);

/// What [`SuccessRate`] is a part of.
const ALL: u32 = 1_000_000;

impl SuccessRate {
    /// From a part of one, as `0.95`.
    pub fn new(part: f64) -> Option<Self> {
        let in_range = (0.0..=1.0).contains(&part);
        // In range it fits, and a millionth more or less is none.
        in_range.then(|| Self((part * f64::from(ALL)).round() as u32))
    }

    /// The network's answer to this attempt. It depends on nothing else, so that a message that comes again, or an
    /// instance that takes over, can't change it.
    pub fn decide(self, transaction: &Transaction) -> Outcome {
        let digest = Sha256::new()
            .chain_update(transaction.id.get().as_bytes())
            .chain_update(transaction.attempt.to_be_bytes())
            .finalize();
        let number = |at: usize| {
            let bytes = [digest[at], digest[at + 1], digest[at + 2], digest[at + 3]];
            u32::from_be_bytes(bytes)
        };
        if number(0) % ALL < self.0 {
            return Outcome::Completed;
        }
        let reasons = reasons(transaction.payment_type);
        let (code, message) = reasons[number(4) as usize % reasons.len()];
        Outcome::Failed(Failure { code: code.to_owned(), message: message.to_owned() })
    }
}

type Reason = (&'static str, &'static str);

fn reasons(payment_type: PaymentType) -> &'static [Reason] {
    const FUNDS: Reason = ("insufficient_funds", "The sender's account doesn't have the money.");
    const CLOSED: Reason = ("account_closed", "The receiver's account is closed.");
    const UNREACHED: Reason = (TROUBLE, "The network did not answer.");
    match payment_type {
        PaymentType::Card => &[FUNDS, UNREACHED, ("card_declined", "The card's bank declined.")],
        PaymentType::Check => &[FUNDS, UNREACHED, ("check_stopped", "The check was stopped.")],
        PaymentType::DirectDebit => {
            &[FUNDS, UNREACHED, ("mandate_revoked", "The mandate doesn't hold any more.")]
        }
        PaymentType::Ach | PaymentType::Wire | PaymentType::Rtp | PaymentType::Sepa => {
            &[FUNDS, UNREACHED, CLOSED]
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use config::id::UserId;
    use config::money::{Currency, Money};
    use proptest::prelude::*;

    use super::super::{Details, Party, TransactionId, TransactionStatus};
    use super::*;

    fn transaction(attempt: u32, payment_type: PaymentType) -> Transaction {
        Transaction {
            id: TransactionId::next(),
            user_id: UserId::new(1),
            sender: Party::kept("a".to_owned()),
            receiver: Party::kept("b".to_owned()),
            amount: Money::from_minor(1, Currency::USD),
            payment_type,
            reference: None,
            details: Details::default(),
            status: TransactionStatus::Pending,
            attempt,
            failure: None,
            settles_on: DateTime::UNIX_EPOCH.date_naive(),
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            completed_at: None,
        }
    }

    proptest! {
        #[test]
        fn an_attempt_has_one_outcome(attempt in 1u32..9, rate in 0.0f64..=1.0) {
            let rate = SuccessRate::new(rate).unwrap();
            let transaction = transaction(attempt, PaymentType::Card);
            let first = rate.decide(&transaction);
            for status in TransactionStatus::ALL {
                let later = Transaction { status, ..transaction.clone() };
                prop_assert_eq!(&rate.decide(&later), &first);
            }
        }

        #[test]
        fn what_has_ended_stays_as_it_is(first in 0.0f64..=1.0, then in 0.0f64..=1.0) {
            let mut transaction = transaction(1, PaymentType::Wire);
            transaction.end(SuccessRate::new(first).unwrap().decide(&transaction), DateTime::UNIX_EPOCH);
            let ended = transaction.clone();
            prop_assert!(ended.status.is_final());
            prop_assert_eq!(ended.failure.is_some(), ended.status == TransactionStatus::Failed);
            transaction.end(SuccessRate::new(then).unwrap().decide(&transaction), DateTime::UNIX_EPOCH);
            prop_assert_eq!(transaction, ended);
        }
    }

    #[test]
    fn as_many_succeed_as_the_rate_says() {
        for (part, least, most) in [(0.0, 0, 0), (0.3, 500, 700), (1.0, 2000, 2000)] {
            let rate = SuccessRate::new(part).unwrap();
            let succeeds = |_: &i32| rate.decide(&transaction(1, PaymentType::Ach)) == Outcome::Completed;
            let count = (0..2000).filter(succeeds).count();
            assert!((least..=most).contains(&count), "{part}: {count}");
        }
        assert!([-0.1, 1.1, f64::NAN].into_iter().all(|part| SuccessRate::new(part).is_none()));
    }

    #[test]
    fn every_scheme_can_fail_for_trouble_of_ours() {
        for payment_type in PaymentType::ALL {
            assert!(reasons(payment_type).iter().any(|(code, _)| *code == TROUBLE));
        }
    }
}
