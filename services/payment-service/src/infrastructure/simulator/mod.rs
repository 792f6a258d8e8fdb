//! A payment provider for development, demonstrations and tests.
//!
//! It behaves as one outside does: it has a memory of its own (the tables `simulator_…`, never in a transaction with
//! ours), recognises a repetition by its key, tells signed notices, and survives our crashes. What a charge comes to
//! is chosen by a test token or a test card: see [`scripts`] and docs/PAYMENTS.md. No money moves.

mod challenges;
mod charges;
mod notices;
mod scripts;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Datelike, Utc};
use config::clock::Clock;
use config::database::{Db, StoreError, retrying};
use config::money::Money;
use config::problem::InvalidFields;
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use self::charges::{ChargeRow, NewCharge};
use self::notices::Named;
use self::scripts::Script;
use super::signature;
use crate::application::{Charge, Evidence, Fee, News, Provider, ProviderError, ProviderEvent, WebhookError};
use crate::domain::{ChargeOutcome, Decline, Instrument, Method, ProviderName};

/// How the simulator behaves.
#[derive(Debug, Clone)]
pub struct SimulatorSettings {
    /// How long the slow script takes.
    pub slow: Duration,
    /// What notices are signed with; any of them is believed.
    pub webhook_secrets: Vec<SecretString>,
    /// The shop's address, for links, which are paths without it.
    pub public_url: Option<Url>,
}

/// The simulated provider.
pub struct Simulator {
    db: Db,
    clock: Arc<dyn Clock>,
    settings: SimulatorSettings,
}

impl Simulator {
    pub fn new(db: Db, clock: Arc<dyn Clock>, settings: SimulatorSettings) -> Self {
        Self { db, clock, settings }
    }

    fn outcome(&self, row: ChargeRow) -> ChargeOutcome {
        let shop = self.settings.public_url.as_ref().map_or("", Url::as_str).trim_end_matches('/');
        row.outcome(&format!("{shop}/api/payments/simulator/challenge/"))
    }

    /// What this charge is to come to.
    fn script(&self, instrument: &Instrument) -> Option<Script> {
        match instrument {
            Instrument::OnFile => Some(Script::Approve),
            Instrument::Token(token) => scripts::of_token(token),
            Instrument::Card(card) => {
                let today = self.clock.now();
                Some(match card.has_expired(today.year(), today.month()) {
                    true => Script::Decline("expired_card"),
                    false => scripts::of_card(card.reveal()),
                })
            }
        }
    }
}

#[async_trait]
impl Provider for Simulator {
    fn name(&self) -> ProviderName {
        ProviderName::Simulator
    }

    fn admits(&self, _: Money, _: Method, instrument: &Instrument) -> Result<(), InvalidFields> {
        let unknown = "is not a token of the payment provider";
        let unknown = || InvalidFields::one("payment_token", "unknown-value", unknown);
        self.script(instrument).map(drop).ok_or_else(unknown)
    }

    async fn charge(&self, charge: Charge<'_>) -> Result<ChargeOutcome, ProviderError> {
        let script = self.script(charge.instrument).unwrap_or(Script::Decline("processing_error"));
        // Cash is not ours before somebody has brought it.
        let capture = charge.capture && charge.method != Method::Cod;
        let new = match script {
            Script::Down => return Err(ProviderError::Unavailable("the simulator plays dead".into())),
            Script::Approve | Script::Slow => NewCharge::approved(capture),
            Script::ActionRequired => NewCharge::challenged(capture),
            Script::Decline(code) => NewCharge::declined(code),
        };
        charges::add(&self.db, charge.key, charge.amount, &new).await.map_err(unknown)?;
        if script == Script::Slow {
            tokio::time::sleep(self.settings.slow).await;
        }
        Ok(self.outcome(charges::find(&self.db, charge.key).await.map_err(unknown)?))
    }

    async fn conclude(&self, charge: Uuid) -> Result<ChargeOutcome, ProviderError> {
        charges::abandon(&self.db, charge).await.map_err(unknown)?;
        Ok(self.outcome(charges::find(&self.db, charge).await.map_err(unknown)?))
    }

    async fn capture(
        &self,
        _: Uuid,
        charge: Uuid,
        amount: Money,
    ) -> Result<Result<Fee, Decline>, ProviderError> {
        charges::capture(&self.db, charge, amount.minor()).await.map_err(unknown)?;
        let row = charges::find(&self.db, charge).await.map_err(unknown)?;
        let done = row.is("captured") && row.captured == amount.minor();
        Ok(answer(done, "not_capturable").map(|()| row.fee()))
    }

    async fn void(&self, _: Uuid, charge: Uuid) -> Result<Result<(), Decline>, ProviderError> {
        charges::void(&self.db, charge).await.map_err(unknown)?;
        let row = charges::find(&self.db, charge).await.map_err(unknown)?;
        Ok(answer(row.is("voided"), "not_voidable"))
    }

    async fn refund(
        &self,
        key: Uuid,
        charge: Uuid,
        amount: Money,
    ) -> Result<Result<(), Decline>, ProviderError> {
        let done =
            retrying(|| charges::refund(&self.db, key, charge, amount.minor())).await.map_err(unknown)?;
        Ok(answer(done, "not_refundable"))
    }

    /// The simulated bank reads nothing: how it decides is told by a notice.
    async fn submit_evidence(&self, _: &str, _: &Evidence) -> Result<Result<(), Decline>, ProviderError> {
        Ok(Ok(()))
    }

    async fn read_notice(
        &self,
        header: &(dyn Fn(&str) -> Option<String> + Sync),
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Option<ProviderEvent>, WebhookError> {
        let signed = header(notices::SIGNATURE).ok_or(WebhookError::Signature)?;
        signature::verify(&self.settings.webhook_secrets, &signed, body, now)?;
        let Some(told) = notices::read(body)? else { return Ok(None) };
        let charge = match told.charge {
            Named::Key(charge) => Some(charge),
            Named::Transaction(id) => charges::by_transaction(&self.db, &id).await?,
        };
        let Some(charge) = charge else { return Ok(None) };
        // Whoever signs is the bank, too: what is told has happened, in the simulator's own memory as well.
        if let News::RefundFailed(refund) = told.news {
            retrying(|| charges::came_back(&self.db, refund, charge)).await?;
        }
        Ok(Some(ProviderEvent { id: told.id, charge, news: told.news }))
    }
}

fn answer(done: bool, code: &str) -> Result<(), Decline> {
    if done { Ok(()) } else { Err(Decline::coded(code)) }
}

/// The simulator's memory is away in the middle of something.
fn unknown(error: StoreError) -> ProviderError {
    ProviderError::Unknown(error.into())
}
