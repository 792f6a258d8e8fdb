//! Payments and what may become of them, without any outside.

mod account;
mod card;
mod charge;
mod declines;
mod dispute;
mod ledger;
mod operation;
mod payment;
mod refusal;
mod status;
pub mod transactions;

pub use account::{Account, DUPLICATE, OrderMoney};
pub use card::{Card, CardError, CardSummary};
pub use charge::{ChargeOutcome, Confirmation, Decline, Instrument};
pub use declines::{COUNTED, Declined, OF_USER, again_at};
pub use dispute::{Dispute, DisputeNews, DisputeStatus};
pub use ledger::{Balance, Book, Finding, Movement, Posting, verify};
pub use operation::{Operation, OperationKind, OperationState};
pub use payment::{Payment, Pending, Unwanted, Unwind};
pub use refusal::Refusal;
pub use status::{Method, ProviderName, Status};

config::ids! {
    /// An order, as order-service numbers it.
    OrderId,
    /// A payment.
    PaymentId,
    /// Something that the provider is to do for a payment; a refund is known by it.
    OperationId,
    /// A return of goods, as order-service numbers it.
    ReturnId,
    /// A dispute over a payment.
    DisputeId,
}
