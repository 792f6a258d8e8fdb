//! Transactions: money that goes from one account to another by one of the schemes, without any outside.

mod bank;
mod outcome;
mod party;
mod scheme;
mod timing;
mod transaction;

pub use bank::{AccountEnding, BankError, Bic, CheckNumber, MandateId, MaskedIban, RoutingNumber};
pub use outcome::{Failure, Outcome, SuccessRate, TROUBLE};
pub use party::{Party, PartyError, reveals_account};
pub use scheme::{Detail, HouseRules, PaymentType};
pub use timing::{TimeCounts, lasted};
pub use transaction::{Details, Transaction, TransactionId, TransactionStatus};
