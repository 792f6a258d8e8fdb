//! What is told of transactions over HTTP.

use chrono::{DateTime, NaiveDate, Utc};
use config::idempotency::Answer;
use config::money::Amount;
use poem_openapi::Object;
use uuid::Uuid;

use crate::application::transactions::Minute;
use crate::domain::transactions::{Details, Transaction};

/// Money on its way from one account to another.
#[derive(Debug, Object)]
#[oai(rename = "Transaction")]
pub struct TransactionDto {
    /// A UUIDv7: ids are in the order of acceptance.
    pub transaction_id: Uuid,
    /// Who had it made.
    pub user_id: u64,
    /// An IBAN's middle is masked.
    pub sender: String,
    pub receiver: String,
    pub amount: Amount,
    pub currency: String,
    pub payment_type: String,
    /// `pending`, `processing`, `completed` or `failed`.
    pub status: String,
    /// Such as `insufficient_funds`; null unless it failed.
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub reference: Option<String>,
    /// Null when nothing was given beside the parties.
    pub details: Option<TransactionDetails>,
    /// The day on which the receiver has the money if it completes, by the scheme's cut-off and banking days.
    pub settles_on: NaiveDate,
    /// 1, and one more for each time that an operator had it tried again.
    pub attempt: u32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
}

/// What the scheme was told; of account and card numbers only the ends.
#[derive(Debug, Object)]
pub struct TransactionDetails {
    pub iban: Option<String>,
    pub bic: Option<String>,
    pub routing_number: Option<String>,
    /// Its last digits.
    pub account_number: Option<String>,
    pub card_brand: Option<String>,
    pub card_last4: Option<String>,
    pub mandate_id: Option<String>,
    pub check_number: Option<String>,
}

impl TransactionDetails {
    fn new(details: Details) -> Option<Self> {
        if details == Details::default() {
            return None;
        }
        let (card_brand, card_last4) = details.card.map(|card| (card.brand, card.last4)).unzip();
        Some(Self {
            iban: details.iban.map(|it| it.as_str().to_owned()),
            bic: details.bic.map(|it| it.as_str().to_owned()),
            routing_number: details.routing_number.map(|it| it.as_str().to_owned()),
            account_number: details.account.map(|it| it.as_str().to_owned()),
            card_brand,
            card_last4,
            mandate_id: details.mandate_id.map(|it| it.as_str().to_owned()),
            check_number: details.check_number.map(|it| it.as_str().to_owned()),
        })
    }
}

impl From<Transaction> for TransactionDto {
    fn from(it: Transaction) -> Self {
        let (error_code, error_message) = it.failure.map(|failure| (failure.code, failure.message)).unzip();
        Self {
            transaction_id: it.id.get(),
            user_id: it.user_id.get(),
            sender: it.sender.as_str().to_owned(),
            receiver: it.receiver.as_str().to_owned(),
            amount: it.amount.into(),
            currency: it.amount.currency().code().to_owned(),
            payment_type: it.payment_type.as_str().to_owned(),
            status: it.status.as_str().to_owned(),
            error_code,
            error_message,
            reference: it.reference,
            details: TransactionDetails::new(it.details),
            settles_on: it.settles_on,
            attempt: it.attempt,
            created_at: it.created_at,
            updated_at: it.updated_at,
            completed_at: it.completed_at,
        }
    }
}

/// The answer to whoever has a transaction made.
pub fn accepted(transaction: &Transaction) -> Answer {
    Answer::json(201, &TransactionDto::from(transaction.clone()))
}

/// What ended in each minute, by type and currency.
#[derive(Debug, Object)]
pub struct TransactionStats {
    /// The first minute that was looked at.
    pub from: DateTime<Utc>,
    /// Where that ended.
    pub to: DateTime<Utc>,
    /// How many are here.
    pub count: u64,
    pub items: Vec<TransactionMinute>,
}

/// What ended in a minute. A transaction that was tried again counts once for each try.
#[derive(Debug, Object)]
pub struct TransactionMinute {
    pub minute: DateTime<Utc>,
    pub payment_type: String,
    pub currency: String,
    /// How many ended.
    pub count: u64,
    /// How many of them failed.
    pub failures: u64,
    /// The sum of those that completed, in major units.
    pub volume: Amount,
    /// Half of them took this long between acceptance and end, in milliseconds and a sixteenth more at most.
    pub p50_ms: u64,
    /// 99 of a hundred took this long.
    pub p99_ms: u64,
}

impl From<Minute> for TransactionMinute {
    fn from(it: Minute) -> Self {
        Self {
            minute: it.minute,
            payment_type: it.payment_type.as_str().to_owned(),
            currency: it.currency.code().to_owned(),
            count: it.completed + it.failed,
            failures: it.failed,
            volume: it.volume.into(),
            p50_ms: it.p50,
            p99_ms: it.p99,
        }
    }
}
