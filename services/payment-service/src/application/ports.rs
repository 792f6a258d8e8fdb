//! What the use cases need from the world outside.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, UnitOfWork};
use config::id::UserId;
use config::money::Money;
use config::page::{Paging, Slice};
use config::registry::CallError;
use uuid::Uuid;

use super::ProviderEvent;
use crate::domain::{
    Account, Balance, CardSummary, Declined, Dispute, DisputeId, DisputeNews, DisputeStatus, Method,
    Movement, Operation, OperationId, OperationKind, OperationState, OrderId, Payment, PaymentId, Posting,
    ProviderName, ReturnId, Status,
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
    pub provider: ProviderName,
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
    pub provider: ProviderName,
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
    /// The user's payments since then that were declined, newest first: no more than are too many.
    async fn declined(&mut self, user: UserId, since: DateTime<Utc>) -> Result<Vec<Declined>, StoreError>;
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
    /// A client's request may begin another operation than it began before that.
    async fn forget_old_request(&mut self, request: &str, before: DateTime<Utc>) -> Result<(), StoreError>;
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
        provider: ProviderName,
        event: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
}

/// A dispute that begins.
#[derive(Debug)]
pub struct NewDispute<'a> {
    pub payment: &'a Payment,
    pub news: &'a DisputeNews,
}

/// Disputes, as a unit of work changes them behind their order's account.
#[async_trait]
pub trait DisputeRepository: Send {
    async fn dispute(&mut self, id: DisputeId) -> Result<Option<Dispute>, StoreError>;
    /// By the provider's name for it.
    async fn dispute_by_reference(
        &mut self,
        provider: ProviderName,
        reference: &str,
    ) -> Result<Option<Dispute>, StoreError>;
    /// All over this payment.
    async fn disputes_of(&mut self, payment: PaymentId) -> Result<Vec<Dispute>, StoreError>;
    /// Makes it, as opened.
    async fn add_dispute(
        &mut self,
        dispute: &NewDispute<'_>,
        now: DateTime<Utc>,
    ) -> Result<Dispute, StoreError>;
    async fn save_dispute(&mut self, dispute: &Dispute, now: DateTime<Utc>) -> Result<(), StoreError>;
}

/// The ledger: written in the transaction of the movement, and never changed.
#[async_trait]
pub trait Ledger: Send {
    async fn post(
        &mut self,
        payment: PaymentId,
        postings: &[Posting],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError>;
    /// Whether this stands in it.
    async fn is_posted(
        &mut self,
        payment: PaymentId,
        movement: Movement,
        reference: &str,
    ) -> Result<bool, StoreError>;
}

/// A unit of work of this service.
pub trait Store: UnitOfWork + PaymentRepository + DisputeRepository + Ledger {}
impl<T: UnitOfWork + PaymentRepository + DisputeRepository + Ledger> Store for T {}

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
    /// What a client's request began, not before `since`.
    async fn operation_of_request(
        &self,
        request: &str,
        since: DateTime<Utc>,
    ) -> Result<Option<Operation>, StoreError>;
    /// The operation that the provider knows by this key.
    async fn operation_by_key(&self, key: Uuid) -> Result<Option<Operation>, StoreError>;
    /// The charge of a payment.
    async fn charge_of(&self, payment: PaymentId) -> Result<Option<Operation>, StoreError>;
}

/// Which disputes are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct DisputeFilter {
    pub payment_id: Option<PaymentId>,
    pub status: Option<DisputeStatus>,
}

/// Disputes, as they are read outside a unit of work.
#[async_trait]
pub trait DisputeReader: Send + Sync {
    async fn dispute(&self, id: DisputeId) -> Result<Option<Dispute>, StoreError>;
    /// Newest first.
    async fn disputes(&self, filter: DisputeFilter, paging: Paging) -> Result<Slice<Dispute>, StoreError>;
}

/// A line of the ledger.
#[derive(Debug, Clone)]
pub struct LedgerLine {
    pub id: u64,
    pub movement: Movement,
    pub reference: String,
    pub entry: Balance,
    pub created_at: DateTime<Utc>,
}

/// The ledger, as it is read outside a unit of work.
#[async_trait]
pub trait LedgerReader: Send + Sync {
    /// As they were written.
    async fn lines(&self, payment: PaymentId) -> Result<Vec<LedgerLine>, StoreError>;
    /// The payments after this id with their entries, at one moment.
    async fn books(&self, after: u64, limit: u32) -> Result<Vec<(Payment, Vec<Balance>)>, StoreError>;
}
