//! Stripe's objects, as far as we read them.

use std::collections::HashMap;

use config::money::Money;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{amounts, declines};
use crate::application::{Fee, ProviderError};
use crate::domain::{ChargeOutcome, Confirmation, Decline};

#[derive(Debug, Deserialize)]
pub struct Intent {
    pub id: String,
    status: String,
    amount_received: Option<i64>,
    client_secret: Option<String>,
    next_action: Option<NextAction>,
    #[serde(default, deserialize_with = "whole")]
    latest_charge: Option<ChargeObject>,
    pub last_payment_error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct NextAction {
    redirect_to_url: Option<Redirect>,
}

#[derive(Debug, Deserialize)]
struct Redirect {
    url: String,
}

/// An object that stands there whole only where that was asked for, else by its name.
fn whole<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(from)?;
    let object = value.is_object().then(|| serde_json::from_value(value)).transpose();
    object.map_err(D::Error::custom)
}

#[derive(Debug, Deserialize)]
struct ChargeObject {
    #[serde(default, deserialize_with = "whole")]
    balance_transaction: Option<BalanceTransaction>,
}

#[derive(Debug, Deserialize)]
pub struct BalanceTransaction {
    fee: i64,
    currency: String,
}

impl BalanceTransaction {
    pub fn fee(&self) -> Fee {
        amounts::from_stripe(self.fee, &self.currency).filter(|fee| fee.is_positive())
    }
}

impl Intent {
    /// What the charge came to; not known while Stripe itself waits for a bank.
    pub fn outcome(self) -> Result<ChargeOutcome, ProviderError> {
        let fee = self.fee();
        Ok(match self.status.as_str() {
            "succeeded" => ChargeOutcome::Captured { transaction_id: self.id, fee },
            "requires_capture" => ChargeOutcome::Authorized { transaction_id: self.id },
            "requires_action" => {
                let redirect = self.next_action.and_then(|action| action.redirect_to_url);
                let secret = || self.client_secret.map(Confirmation::Secret);
                let confirmation = redirect.map(|to| Confirmation::Redirect(to.url)).or_else(secret);
                let missing = || ProviderError::Unknown("it doesn't say how to confirm".into());
                ChargeOutcome::ActionRequired(confirmation.ok_or_else(missing)?)
            }
            "requires_payment_method" => {
                let declined = || Decline::coded("card_declined");
                ChargeOutcome::Declined(
                    self.last_payment_error.map_or_else(declined, |error| error.decline()),
                )
            }
            "canceled" => ChargeOutcome::Declined(Decline::coded("abandoned")),
            status => return Err(ProviderError::Unknown(format!("the intent is {status}").into())),
        })
    }

    /// Why an intent that we have canceled came to nothing: its last decline, or that nobody went on with it.
    pub fn given_up(self, last: Option<Refusal>) -> Result<ChargeOutcome, ProviderError> {
        match (self.is_canceled(), last) {
            (true, Some(error)) => Ok(ChargeOutcome::Declined(error.decline())),
            _ => self.outcome(),
        }
    }

    /// Whether it has not ended and can be canceled.
    pub fn waits(&self) -> bool {
        let open = ["requires_payment_method", "requires_confirmation", "requires_action"];
        open.contains(&self.status.as_str())
    }

    pub fn is_canceled(&self) -> bool {
        self.status == "canceled"
    }

    pub fn has_received(&self, minor: i64) -> bool {
        self.status == "succeeded" && self.amount_received == Some(minor)
    }

    pub fn fee(&self) -> Option<Money> {
        self.latest_charge.as_ref()?.balance_transaction.as_ref()?.fee()
    }
}

#[derive(Debug, Deserialize)]
pub struct List<T> {
    pub data: Vec<T>,
}

#[derive(Debug, Deserialize)]
pub struct RefundObject {
    pub payment_intent: Option<String>,
    status: Option<String>,
    metadata: Option<HashMap<String, String>>,
}

impl RefundObject {
    /// The key of our operation.
    pub fn mark(&self) -> Option<&str> {
        self.metadata.as_ref()?.get("refund").map(String::as_str)
    }

    /// What is on its way is as good as done.
    pub fn answer(&self) -> Result<(), Decline> {
        match self.status.as_deref() {
            Some("failed" | "canceled") => Err(Decline::coded("not_refundable")),
            _ => Ok(()),
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct DisputeObject {
    pub id: String,
    pub payment_intent: Option<String>,
    pub amount: i64,
    pub currency: String,
    pub reason: String,
    pub status: String,
    pub evidence_details: Option<EvidenceDetails>,
    #[serde(default)]
    pub balance_transactions: Vec<BalanceTransaction>,
}

#[derive(Debug, Deserialize)]
pub struct EvidenceDetails {
    /// In seconds since 1970.
    pub due_by: Option<i64>,
}

/// Why Stripe refuses. Its words aren't kept: they are for developers, and we have our own.
#[derive(Debug, Default, Deserialize, thiserror::Error)]
#[error("{}", .code.as_deref().unwrap_or("no code"))]
pub struct Refusal {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
    /// The charge that was tried.
    charge: Option<String>,
}

impl Refusal {
    /// Whether a bank has said no, and not Stripe to a request that it doesn't like.
    pub fn is_decline(&self) -> bool {
        self.kind.as_deref() == Some("card_error") || self.charge.is_some()
    }

    pub fn code(&self) -> &str {
        self.code.as_deref().unwrap_or_default()
    }

    pub fn decline(&self) -> Decline {
        Decline::coded(declines::ours(self.code(), self.decline_code.as_deref().unwrap_or_default()))
    }
}

#[derive(Deserialize)]
pub struct RefusalBody {
    error: Refusal,
}

impl RefusalBody {
    /// Also of an answer that isn't Stripe's.
    pub fn read(body: &[u8]) -> Refusal {
        serde_json::from_slice(body).map(|body: Self| body.error).unwrap_or_default()
    }
}
