//! Stripe's PaymentIntents: <https://docs.stripe.com/api/payment_intents>.
//!
//! A charge is made in two steps. The intent is created and remembered before it is confirmed, so that whoever takes
//! the charge over after a crash knows which intent to ask about; and one that is given up meanwhile is never
//! confirmed. Card data never comes here: the customer's browser gives it to Stripe, and we get the name of a payment
//! method.

mod amounts;
mod client;
mod declines;
mod intents;
mod notices;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{Db, StoreError};
use config::money::Money;
use config::problem::{Fields, InvalidFields};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use url::Url;
use uuid::Uuid;

use self::client::{Client, Failure};
use self::intents::{begin, give_up};
use self::wire::{DisputeObject, Intent, List, RefundObject};
use super::signature;
use crate::application::{Charge, Evidence, Fee, Provider, ProviderError, ProviderEvent, WebhookError};
use crate::domain::{ChargeOutcome, Decline, Instrument, Method, ProviderName};

/// Has the answer bring what Stripe keeps of the money.
const WITH_FEE: (&str, &str) = ("expand[]", "latest_charge.balance_transaction");

/// How Stripe is reached.
#[derive(Debug, Clone)]
pub struct StripeSettings {
    pub api_base: Url,
    pub secret_key: SecretString,
    /// Any of them is believed.
    pub webhook_secrets: Vec<SecretString>,
    /// Where the bank's page sends the customer back to; without it the shop's page confirms by Stripe's script.
    pub return_url: Option<Url>,
    /// For one call with all its tries.
    pub time_limit: Duration,
}

/// Stripe.
pub struct Stripe {
    db: Db,
    client: Client,
    webhook_secrets: Vec<SecretString>,
    return_url: Option<Url>,
}

impl Stripe {
    pub fn new(db: Db, settings: StripeSettings) -> Result<Self, config::BoxError> {
        let StripeSettings { api_base, secret_key, webhook_secrets, return_url, time_limit } = settings;
        let client = Client::new(api_base, secret_key, time_limit)?;
        Ok(Self { db, client, webhook_secrets, return_url })
    }

    async fn intent(&self, id: &str) -> Result<Intent, Failure> {
        self.client.get(&format!("v1/payment_intents/{id}"), &[WITH_FEE]).await
    }

    /// The intent that stands for a charge of which something is to be done.
    async fn intent_of(&self, charge: Uuid) -> Result<String, ProviderError> {
        let id = intents::of_charge(&self.db, charge).await.map_err(unknown)?;
        id.ok_or_else(|| ProviderError::Unavailable("no intent is known for the charge".into()))
    }

    /// Makes the intent, which can't move money yet.
    async fn create(&self, charge: &Charge<'_>, token: &str, minor: i64) -> Result<Intent, Failure> {
        let currency = charge.amount.currency().code().to_ascii_lowercase();
        let (minor, key) = (minor.to_string(), charge.key.to_string());
        let capture = if charge.capture { "automatic" } else { "manual" };
        let form = [
            ("amount", minor.as_str()),
            ("currency", &currency),
            ("payment_method", token),
            ("payment_method_types[]", "card"),
            ("capture_method", capture),
            ("metadata[charge]", &key),
        ];
        self.client.post("v1/payment_intents", &format!("create-{}", charge.key), &form).await
    }

    async fn confirm(&self, charge: Uuid, intent: &str) -> Result<Intent, Failure> {
        let back = self.return_url.as_ref().map(|url| ("return_url", url.as_str()));
        let form: Vec<_> = [WITH_FEE].into_iter().chain(back).collect();
        let path = format!("v1/payment_intents/{intent}/confirm");
        self.client.post(&path, &format!("confirm-{charge}"), &form).await
    }

    async fn cancel(&self, key: &str, intent: &str) -> Result<Intent, Failure> {
        self.client.post(&format!("v1/payment_intents/{intent}/cancel"), key, &[]).await
    }
}

#[async_trait]
impl Provider for Stripe {
    fn name(&self) -> ProviderName {
        ProviderName::Stripe
    }

    fn admits(&self, amount: Money, method: Method, instrument: &Instrument) -> Result<(), InvalidFields> {
        let mut fields = Fields::default();
        if !method.takes_card() {
            fields.reject("payment_method", "unsupported", "must be credit_card, debit_card or cod");
        }
        if amounts::to_stripe(amount).is_none() {
            fields.reject("amount", "unsupported", "is not an amount that the payment provider takes");
        }
        match instrument {
            Instrument::Token(token) if is_payment_method(token) => {}
            Instrument::Token(_) => {
                let rule = "must be a payment method of the payment provider: pm_…";
                fields.reject("payment_token", "unknown-value", rule);
            }
            Instrument::OnFile => fields.reject("payment_token", "required", "is required"),
            // It should not even have come here.
            Instrument::Card(_) => {
                fields.reject("card", "not-accepted", "give the card to the payment provider")
            }
        }
        fields.finish(|| Some(()))
    }

    async fn charge(&self, charge: Charge<'_>) -> Result<ChargeOutcome, ProviderError> {
        let (Instrument::Token(token), Some(minor)) = (charge.instrument, amounts::to_stripe(charge.amount))
        else {
            return Ok(ChargeOutcome::Declined(Decline::coded("processing_error")));
        };
        // Whatever happens up to the confirmation, no money has moved.
        let nothing = |error: Failure| ProviderError::Unavailable(error.into());
        let intent = match self.create(&charge, token, minor).await {
            Ok(intent) => intent,
            Err(Failure::Refused(refusal)) => return Ok(ChargeOutcome::Declined(refusal.decline())),
            Err(error) => return Err(nothing(error)),
        };
        let begun = begin(&self.db, charge.key, &intent.id).await;
        if !begun.map_err(|error| ProviderError::Unavailable(error.into()))? {
            return Ok(ChargeOutcome::Declined(Decline::coded("abandoned")));
        }
        match self.confirm(charge.key, &intent.id).await {
            Ok(intent) => intent.outcome(),
            // Such as a declined card.
            Err(Failure::Refused(refusal)) if refusal.is_decline() => {
                Ok(ChargeOutcome::Declined(refusal.decline()))
            }
            // It may be in another state than we think: a customer's page may have been quicker.
            Err(Failure::Refused(_)) => self.intent(&intent.id).await.map_err(Failure::of_change)?.outcome(),
            Err(error) => Err(error.of_change()),
        }
    }

    async fn conclude(&self, charge: Uuid) -> Result<ChargeOutcome, ProviderError> {
        let Some(id) = give_up(&self.db, charge).await.map_err(unknown)? else {
            return Ok(ChargeOutcome::Declined(Decline::coded("abandoned")));
        };
        let intent = self.intent(&id).await.map_err(Failure::of_change)?;
        if !intent.waits() {
            return intent.outcome();
        }
        match self.cancel(&format!("abandon-{charge}"), &id).await {
            Ok(canceled) => canceled.given_up(intent.last_payment_error),
            // It has moved on since we looked.
            Err(Failure::Refused(_)) => self.intent(&id).await.map_err(Failure::of_change)?.outcome(),
            Err(error) => Err(error.of_change()),
        }
    }

    async fn capture(
        &self,
        key: Uuid,
        charge: Uuid,
        amount: Money,
    ) -> Result<Result<Fee, Decline>, ProviderError> {
        let Some(minor) = amounts::to_stripe(amount) else {
            return Ok(Err(Decline::coded("invalid_amount")));
        };
        let id = self.intent_of(charge).await?;
        let form = [WITH_FEE, ("amount_to_capture", &minor.to_string())];
        let path = format!("v1/payment_intents/{id}/capture");
        let intent = match self.client.post::<Intent>(&path, &format!("capture-{key}"), &form).await {
            Ok(intent) => intent,
            // Keys are forgotten after a day: then a repetition finds its work done.
            Err(Failure::Refused(_)) => {
                let intent = self.intent(&id).await.map_err(Failure::of_change)?;
                if !intent.has_received(minor) {
                    return Ok(Err(Decline::coded("not_capturable")));
                }
                intent
            }
            Err(error) => return Err(error.of_change()),
        };
        Ok(Ok(intent.fee()))
    }

    async fn void(&self, key: Uuid, charge: Uuid) -> Result<Result<(), Decline>, ProviderError> {
        let id = self.intent_of(charge).await?;
        let canceled = match self.cancel(&format!("void-{key}"), &id).await {
            Ok(intent) => intent,
            Err(Failure::Refused(_)) => self.intent(&id).await.map_err(Failure::of_change)?,
            Err(error) => return Err(error.of_change()),
        };
        Ok(canceled.is_canceled().then_some(()).ok_or_else(|| Decline::coded("not_voidable")))
    }

    async fn refund(
        &self,
        key: Uuid,
        charge: Uuid,
        amount: Money,
    ) -> Result<Result<(), Decline>, ProviderError> {
        let Some(minor) = amounts::to_stripe(amount) else {
            return Ok(Err(Decline::coded("invalid_amount")));
        };
        let id = self.intent_of(charge).await?;
        let (mark, minor) = (key.to_string(), minor.to_string());
        // Keys are forgotten after a day, and we may have been away for longer: the mark stays.
        let query = [("payment_intent", id.as_str()), ("limit", "100")];
        let known: List<RefundObject> =
            self.client.get("v1/refunds", &query).await.map_err(Failure::of_change)?;
        if let Some(refund) = known.data.into_iter().find(|refund| refund.mark() == Some(&mark)) {
            return Ok(refund.answer());
        }
        let form = [("payment_intent", id.as_str()), ("amount", &minor), ("metadata[refund]", &mark)];
        match self.client.post::<RefundObject>("v1/refunds", &format!("refund-{key}"), &form).await {
            Ok(refund) => Ok(refund.answer()),
            Err(Failure::Refused(_)) => Ok(Err(Decline::coded("not_refundable"))),
            Err(error) => Err(error.of_change()),
        }
    }

    async fn submit_evidence(
        &self,
        dispute: &str,
        evidence: &Evidence,
    ) -> Result<Result<(), Decline>, ProviderError> {
        let tracking = evidence.tracking_number.as_ref().map(|number| number.as_str());
        let form: Vec<_> = [("evidence[uncategorized_text]", evidence.text.as_str()), ("submit", "true")]
            .into_iter()
            .chain(tracking.map(|number| ("evidence[shipping_tracking_number]", number)))
            .collect();
        // The same words are the same request.
        let words = Sha256::new().chain_update(evidence.text.as_str()).chain_update([0]);
        let words = words.chain_update(tracking.unwrap_or_default());
        let key = format!("evidence-{dispute}-{}", hex::encode(words.finalize()));
        match self.client.post::<DisputeObject>(&format!("v1/disputes/{dispute}"), &key, &form).await {
            Ok(_) => Ok(Ok(())),
            Err(Failure::Refused(_)) => Ok(Err(Decline::coded("evidence_refused"))),
            Err(error) => Err(error.of_change()),
        }
    }

    async fn read_notice(
        &self,
        header: &(dyn Fn(&str) -> Option<String> + Sync),
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Option<ProviderEvent>, WebhookError> {
        let signed = header(notices::SIGNATURE).ok_or(WebhookError::Signature)?;
        signature::verify(&self.webhook_secrets, &signed, body, now)?;
        let Some(notice) = notices::read(body)? else { return Ok(None) };
        // An account may serve others beside us: their intents are none of our business.
        let charge = intents::by_id(&self.db, &notice.intent).await?;
        Ok(charge.map(|charge| ProviderEvent { id: notice.id, charge, news: notice.news }))
    }
}

/// `pm_…`, as it goes into a request; what else Stripe once took, raw cards among it, stays out.
fn is_payment_method(token: &str) -> bool {
    token.strip_prefix("pm_").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// Our memory of intents is away in the middle of something.
fn unknown(error: StoreError) -> ProviderError {
    ProviderError::Unknown(error.into())
}
