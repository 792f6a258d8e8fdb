//! Payments and what may become of them, without any outside.

mod account;
mod card;
mod charge;
mod operation;
mod payment;
mod refusal;
mod status;
pub mod transactions;

pub use account::Account;
pub use card::{Card, CardError, CardSummary};
pub use charge::{ChargeOutcome, Decline, Instrument};
pub use operation::{Operation, OperationKind, OperationState};
pub use payment::{Payment, Pending, Unwind};
pub use refusal::Refusal;
pub use status::{Method, Status};

config::ids! {
    /// An order, as order-service numbers it.
    OrderId,
    /// A payment.
    PaymentId,
    /// Something that the provider is to do for a payment; a refund is known by it.
    OperationId,
    /// A return of goods, as order-service numbers it.
    ReturnId,
}
