//! What the service does.

mod act;
mod cancel_order;
mod dispute;
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
pub use cancel_order::CancelOrder;
pub use dispute::Disputes;
pub use error::PaymentError;
pub use events::{
    DisputeOpened, DisputeUpdated, PaymentFailed, PaymentProcessed, PaymentRefunded, RefundFailed,
    ReturnRefundShort,
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
pub use refuse_payment::RefusePayment;
pub use reply::{Completed, Reply};
pub use webhook::HandleWebhook;
