//! What is done with transactions.

mod accept;
mod error;
mod events;
mod ports;
mod process;
mod recover;
mod replay;
mod stats;

pub use accept::{Accept, Wanted};
pub use error::TransactionError;
pub use events::{TransactionCompleted, TransactionCreated, TransactionFailed};
pub use ports::{
    Counted, Deadlines, Part, TransactionFilter, TransactionReader, TransactionRepository, TransactionStore,
    Window,
};
pub use process::{Due, Network, Process};
pub use recover::RecoverTransactions;
pub use replay::{Failed, ReplayFailed};
pub use stats::{Minute, Stats};
