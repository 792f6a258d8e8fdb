//! What a customer pays with, and what the provider says to it.

use super::{Card, CardSummary};

/// What a customer pays with.
#[derive(Debug, Clone, Default)]
pub enum Instrument {
    /// Whatever the provider has on file.
    #[default]
    OnFile,
    /// A name that the provider gave to it.
    Token(String),
    Card(Card),
}

impl Instrument {
    /// What may be remembered of the card.
    pub fn card(&self) -> Option<CardSummary> {
        match self {
            Self::Card(card) => Some(card.summary()),
            Self::OnFile | Self::Token(_) => None,
        }
    }
}

/// How the provider answers to a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeOutcome {
    /// The money was taken.
    Captured {
        transaction_id: String,
    },
    /// The money was set aside.
    Authorized {
        transaction_id: String,
    },
    /// The customer must confirm at this address.
    ActionRequired {
        url: String,
    },
    Declined(Decline),
}

/// Why the provider refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// Such as `insufficient_funds`.
    pub code: String,
    pub message: String,
}
