//! What the use cases need from the world outside.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, UnitOfWork};
use config::id::UserId;
use config::money::Money;
use config::page::{Paging, Slice};
use config::registry::CallError;
use uuid::Uuid;

use crate::domain::{
    Account, CardSummary, ChargeOutcome, Decline, Instrument, Method, Operation, OperationId, OperationKind,
    OperationState, OrderId, Payment, PaymentId, ReturnId, Status,
};

/// An order as order-service knows it now.
#[derive(Debug, Clone)]
pub struct OrderSnapshot {
    pub user_id: UserId,
    pub status: String,
    /// What is to be paid.
    pub total: Money,
    pub payable: bool,
}

/// Where orders are.
#[async_trait]
pub trait Orders: Send + Sync {
    async fn find(&self, id: OrderId) -> Result<Option<OrderSnapshot>, CallError>;
}

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

/// A payment provider. Everything may be asked again under the same key and acts once.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Its name in paths, such as `simulator`.
    fn name(&self) -> &'static str;

    /// Whether it can charge this at all.
    fn recognises(&self, instrument: &Instrument) -> bool;

    async fn charge(&self, charge: Charge<'_>) -> Result<ChargeOutcome, ProviderError>;

    /// How the charge ended. One that has not ended, or that the provider has never heard of, ends now: declined as
    /// `abandoned`, even if it is asked for later.
    async fn conclude(&self, charge: Uuid) -> Result<ChargeOutcome, ProviderError>;

    async fn capture(&self, charge: Uuid, amount: Money) -> Result<Result<(), Decline>, ProviderError>;

    async fn void(&self, charge: Uuid) -> Result<Result<(), Decline>, ProviderError>;

    async fn refund(
        &self,
        key: Uuid,
        charge: Uuid,
        amount: Money,
    ) -> Result<Result<(), Decline>, ProviderError>;

    /// What a signed notice says; `None` when it is about something that is none of our business.
    fn read_notice(
        &self,
        header: &(dyn Fn(&str) -> Option<String> + Sync),
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Option<ProviderEvent>, WebhookError>;
}

/// How a charge ended, in the provider's own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderEvent {
    /// The provider's name for this notice: the same again is a repetition.
    pub id: String,
    pub charge: Uuid,
    pub outcome: ChargeOutcome,
}

/// Why a notice isn't believed.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("the signature is missing, wrong or too old")]
    Signature,
    #[error("the body is not a notice of this provider")]
    Body,
}

/// A payment that waits for its customer's word.
#[derive(Debug, Clone)]
pub struct Challenge {
    pub amount: Money,
    /// Whether the customer has decided already.
    pub decided: bool,
}

/// The simulator's page where a customer confirms.
#[async_trait]
pub trait Challenges: Send + Sync {
    async fn challenge(&self, token: &str) -> Result<Option<Challenge>, StoreError>;
    /// The first decision counts; the notice says what it was.
    async fn decide(&self, token: &str, approve: bool) -> Result<Option<ProviderEvent>, StoreError>;
}

/// A payment that begins.
#[derive(Debug)]
pub struct NewPayment<'a> {
    pub order_id: OrderId,
    pub user_id: UserId,
    pub charge_key: Uuid,
    pub method: Method,
    pub amount: Money,
    pub card: Option<&'a CardSummary>,
}

/// Something that the provider is to do.
#[derive(Debug)]
pub struct NewOperation<'a> {
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    pub kind: OperationKind,
    pub amount: Money,
    pub reason: Option<&'a str>,
    /// The return that a refund is for.
    pub return_id: Option<ReturnId>,
    pub key: Uuid,
    /// The charge that it is about.
    pub charge_key: Uuid,
    /// The client's request that asks for it.
    pub request: Option<&'a str>,
    /// When the recovery job may take it over.
    pub due_at: DateTime<Utc>,
}

/// Payments, as a unit of work changes them. The account's row is locked first and guards all that follows.
#[async_trait]
pub trait PaymentRepository: Send {
    /// The account, locked; made when it doesn't exist.
    async fn open_account(&mut self, order: OrderId, user: UserId) -> Result<Account, StoreError>;
    /// The account, locked.
    async fn account(&mut self, order: OrderId) -> Result<Option<Account>, StoreError>;
    async fn save_account(&mut self, account: &Account, now: DateTime<Utc>) -> Result<(), StoreError>;

    async fn add_payment(
        &mut self,
        payment: &NewPayment<'_>,
        now: DateTime<Utc>,
    ) -> Result<PaymentId, StoreError>;
    async fn payment(&mut self, id: PaymentId) -> Result<Option<Payment>, StoreError>;
    async fn payments_of(&mut self, order: OrderId) -> Result<Vec<Payment>, StoreError>;
    async fn save_payment(&mut self, payment: &Payment, now: DateTime<Utc>) -> Result<(), StoreError>;

    async fn add_operation(
        &mut self,
        operation: &NewOperation<'_>,
        now: DateTime<Utc>,
    ) -> Result<Operation, StoreError>;
    async fn operation(&mut self, id: OperationId) -> Result<Option<Operation>, StoreError>;
    /// All refunds that were ever begun for a return of this order, of which the account is locked.
    async fn refunds_of_return(&mut self, order: OrderId, id: ReturnId)
    -> Result<Vec<Operation>, StoreError>;
    async fn end_operation(&mut self, id: OperationId, state: OperationState) -> Result<(), StoreError>;
    /// The client's request that began it may begin another.
    async fn forget_request(&mut self, id: OperationId) -> Result<(), StoreError>;
    async fn postpone(&mut self, id: OperationId, due_at: DateTime<Utc>) -> Result<(), StoreError>;
    /// The payment's pending charge is due now.
    async fn hasten_charge(&mut self, payment: PaymentId, now: DateTime<Utc>) -> Result<(), StoreError>;
    /// Takes over what is due until `lease`; what another instance has in hand is left out.
    async fn take_due(
        &mut self,
        now: DateTime<Utc>,
        lease: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Operation>, StoreError>;

    /// `false` when this notice was acted on before.
    async fn claim_notice(
        &mut self,
        provider: &str,
        event: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
}

/// A unit of work of this service.
pub trait Store: UnitOfWork + PaymentRepository {}
impl<T: UnitOfWork + PaymentRepository> Store for T {}

/// A payment with what was given back of it.
#[derive(Debug, Clone)]
pub struct PaymentWithRefunds {
    pub payment: Payment,
    pub refunds: Vec<Operation>,
}

/// Which payments are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct PaymentFilter {
    pub order_id: Option<OrderId>,
    pub user_id: Option<UserId>,
    pub status: Option<Status>,
}

/// Payments, as they are read outside a unit of work.
#[async_trait]
pub trait PaymentReader: Send + Sync {
    async fn payment(&self, id: PaymentId) -> Result<Option<PaymentWithRefunds>, StoreError>;
    /// Newest first.
    async fn list(
        &self,
        filter: PaymentFilter,
        paging: Paging,
    ) -> Result<Slice<PaymentWithRefunds>, StoreError>;
    /// What a client's request began.
    async fn operation_of_request(&self, request: &str) -> Result<Option<Operation>, StoreError>;
    /// The operation that the provider knows by this key.
    async fn operation_by_key(&self, key: Uuid) -> Result<Option<Operation>, StoreError>;
    /// The charge of a payment.
    async fn charge_of(&self, payment: PaymentId) -> Result<Option<Operation>, StoreError>;
}
