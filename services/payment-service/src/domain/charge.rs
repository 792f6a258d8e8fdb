//! What a customer pays with, and what the provider says to it.

use std::fmt;

use config::money::Money;

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
        /// What the provider keeps of it, where it says so.
        fee: Option<Money>,
    },
    /// The money was set aside.
    Authorized {
        transaction_id: String,
    },
    /// The customer must confirm.
    ActionRequired(Confirmation),
    Declined(Decline),
    /// The provider has given it up: it was cancelled there, or set aside for too long.
    Lapsed,
}

/// How a customer confirms a payment.
#[derive(Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// At this address.
    Redirect(String),
    /// In the shop's page, by the provider's own script, which is shown this secret. It is worth nothing but for
    /// this payment, and is forgotten as soon as the payment moves on.
    Secret(String),
}

impl fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redirect(_) => "Redirect",
            Self::Secret(_) => "Secret",
        })
    }
}

/// Why the provider refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// Such as `insufficient_funds`.
    pub code: String,
    pub message: String,
}

impl Decline {
    /// Of a charge for which the provider was never asked.
    pub const NOT_ASKED: &'static str = "provider_unavailable";

    /// With what people are told of this code.
    pub fn coded(code: &str) -> Self {
        let message = match code {
            "insufficient_funds" => "The card has insufficient funds.",
            "expired_card" => "The card has expired.",
            "incorrect_cvc" => "The card's security code is incorrect.",
            "fraudulent" => "The payment looks fraudulent.",
            "processing_error" => "The provider could not process the payment; please try again.",
            "authentication_failed" => "The payment was not confirmed by its owner.",
            "abandoned" => "The payment was not completed in time.",
            Self::NOT_ASKED => "The payment provider could not be reached.",
            "invalid_amount" => "The provider does not take this amount.",
            "not_capturable" | "not_voidable" | "not_refundable" => {
                "The provider doesn't have that much of this payment."
            }
            "evidence_refused" | "not_disputable" => "The provider does not take evidence for this dispute.",
            _ => "The card was declined.",
        };
        Self { code: code.to_owned(), message: message.to_owned() }
    }
}
