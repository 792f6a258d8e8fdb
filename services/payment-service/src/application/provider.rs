//! What the use cases need from whoever moves the money.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::StoreError;
use config::money::Money;
use config::problem::InvalidFields;
use config::text::{Line, Prose};
use uuid::Uuid;

use crate::domain::{ChargeOutcome, Decline, DisputeNews, Instrument, Method, ProviderName};

/// What the provider is to charge.
#[derive(Debug)]
pub struct Charge<'a> {
    /// The same key is charged once.
    pub key: Uuid,
    pub amount: Money,
    /// Whether to take the money at once, or only to set it aside.
    pub capture: bool,
    pub method: Method,
    pub instrument: &'a Instrument,
}

/// Why the provider gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It certainly did nothing.
    #[error("the payment provider is unavailable")]
    Unavailable(#[source] config::BoxError),
    /// It may have done what it was asked for.
    #[error("the payment provider's answer is not known")]
    Unknown(#[source] config::BoxError),
}

/// What the provider keeps of the money that it took, where it says so.
pub type Fee = Option<Money>;

/// A payment provider. Everything may be asked again under the same key and acts once.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Its name in paths, such as `simulator`.
    fn name(&self) -> ProviderName;

    /// Whether it can charge this at all; else the fields of the request that it can't do with.
    fn admits(&self, amount: Money, method: Method, instrument: &Instrument) -> Result<(), InvalidFields>;

    async fn charge(&self, charge: Charge<'_>) -> Result<ChargeOutcome, ProviderError>;

    /// How the charge ended. One that has not ended, or that the provider has never heard of, ends now: declined as
    /// `abandoned`, even if it is asked for later. One that can't be ended is not known yet.
    async fn conclude(&self, charge: Uuid) -> Result<ChargeOutcome, ProviderError>;

    async fn capture(
        &self,
        key: Uuid,
        charge: Uuid,
        amount: Money,
    ) -> Result<Result<Fee, Decline>, ProviderError>;

    async fn void(&self, key: Uuid, charge: Uuid) -> Result<Result<(), Decline>, ProviderError>;

    async fn refund(
        &self,
        key: Uuid,
        charge: Uuid,
        amount: Money,
    ) -> Result<Result<(), Decline>, ProviderError>;

    /// Says what we have to say to a dispute.
    async fn submit_evidence(
        &self,
        dispute: &str,
        evidence: &Evidence,
    ) -> Result<Result<(), Decline>, ProviderError>;

    /// What a signed notice says; `None` when it is about something that is none of our business.
    async fn read_notice(
        &self,
        header: &(dyn Fn(&str) -> Option<String> + Sync),
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Option<ProviderEvent>, WebhookError>;
}

/// What we say to a dispute: as much as Stripe takes. It goes to the provider and is not kept.
#[derive(Debug, Clone)]
pub struct Evidence {
    pub text: Prose<20_000>,
    pub tracking_number: Option<Line<100>>,
}

/// Something that happens in the provider's own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderEvent {
    /// The provider's name for this notice: the same again is a repetition.
    pub id: String,
    /// The charge that it is about.
    pub charge: Uuid,
    pub news: News,
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The charge ended.
    Charge(ChargeOutcome),
    /// A refund, named by its key, did not reach the customer, whatever was said of it before.
    RefundFailed(Uuid),
    Dispute(DisputeNews),
}

/// The providers there are, and which of them begins payments.
#[derive(Clone)]
pub struct Providers {
    all: Arc<[Arc<dyn Provider>]>,
    chosen: ProviderName,
}

impl Providers {
    pub fn new(all: impl IntoIterator<Item = Arc<dyn Provider>>, chosen: ProviderName) -> Self {
        Self { all: all.into_iter().collect(), chosen }
    }

    /// Whom a payment stays with from now on. Nobody outside takes cash, but the simulator plays at it.
    pub fn for_method(&self, method: Method) -> Result<&dyn Provider, ProviderError> {
        match (self.chosen, method) {
            (ProviderName::Stripe, Method::Cod) => self.get(ProviderName::Cash),
            (chosen, _) => self.get(chosen),
        }
    }

    /// One that payments began with, also when others begin with another now.
    pub fn get(&self, name: ProviderName) -> Result<&dyn Provider, ProviderError> {
        let found = self.all.iter().find(|provider| provider.name() == name);
        let missing = || ProviderError::Unavailable(format!("{name} is not set up").into());
        found.map(AsRef::as_ref).ok_or_else(missing)
    }
}

/// Why a notice isn't believed.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("the signature is missing, wrong or too old")]
    Signature,
    #[error("the body is not a notice of this provider")]
    Body,
    #[error(transparent)]
    Store(#[from] StoreError),
}
