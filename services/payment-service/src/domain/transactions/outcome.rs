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
