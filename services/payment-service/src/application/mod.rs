//! What the service does.

mod act;
mod dispute;
mod end_order;
mod error;
mod events;
mod finish;
mod operations;
mod pay;
mod ports;
mod provider;
mod recover;
mod refund_return;
mod refuse_payment;
mod reply;
pub mod transactions;
mod webhook;

pub use act::{Act, Action};
pub use dispute::Disputes;
pub use end_order::{EndOrder, EndedOrder, Ending};
pub use error::PaymentError;
pub use events::{
    DisputeOpened, DisputeUpdated, PaymentAuthorized, PaymentFailed, PaymentProcessed, PaymentRefunded,
    PaymentVoided, RefundByHandDue, RefundFailed, ReturnRefundShort,
};
pub use operations::{Operations, Patience};
pub use pay::{Pay, PaymentRequest};
pub use ports::{
    Challenge, Challenges, DisputeFilter, DisputeReader, DisputeRepository, Ledger, LedgerLine, LedgerReader,
    NewDispute, NewOperation, NewPayment, OrderSnapshot, Orders, PaymentFilter, PaymentReader,
    PaymentRepository, PaymentWithRefunds, Store,
};
pub use provider::{
    Charge, Evidence, Fee, News, Provider, ProviderError, ProviderEvent, Providers, WebhookError,
};
pub use recover::Recover;
pub use refund_return::{RefundReturn, ReturnDue};
pub use refuse_payment::{RefusePayment, RefusedPayment};
pub use reply::{Completed, Reply};
pub use webhook::HandleWebhook;
