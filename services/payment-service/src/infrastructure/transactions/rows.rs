//! Rows, and what they stand for.

use chrono::{DateTime, NaiveDate, Utc};
use config::database::{StoreError, stored};
use config::id::UserId;
use config::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

use crate::application::transactions::Counted;
use crate::domain::CardSummary;
use crate::domain::transactions::{
    AccountEnding, Bic, CheckNumber, Details, Failure, MandateId, MaskedIban, Party, RoutingNumber,
    Transaction, TransactionId,
};

/// The columns of [`TransactionRow`].
macro_rules! select_transactions {
    ($rest:literal) => {
        concat!(
            "SELECT transaction_id, user_id, sender, receiver, amount, currency, payment_type, status, reference, \
             details, attempt, error_code, error_message, settles_on, updated_at, completed_at FROM transactions ",
            $rest
        )
    };
}
pub(super) use select_transactions;

#[derive(FromRow)]
pub(super) struct TransactionRow {
    transaction_id: Uuid,
    user_id: u64,
    sender: String,
    receiver: String,
    amount: i64,
    currency: String,
    payment_type: String,
    status: String,
    reference: Option<String>,
    details: Option<String>,
    attempt: u32,
    error_code: Option<String>,
    error_message: Option<String>,
    settles_on: NaiveDate,
    updated_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
}

impl TryFrom<TransactionRow> for Transaction {
    type Error = StoreError;

    fn try_from(row: TransactionRow) -> Result<Self, StoreError> {
        let id = TransactionId::new(row.transaction_id);
        let currency: Currency = stored(&row.currency)?;
        let failure =
            row.error_code.map(|code| Failure { code, message: row.error_message.unwrap_or_default() });
        Ok(Self {
            id,
            user_id: UserId::new(row.user_id),
            sender: Party::kept(row.sender),
            receiver: Party::kept(row.receiver),
            amount: Money::from_minor(row.amount, currency),
            payment_type: stored(&row.payment_type)?,
            reference: row.reference,
            details: row.details.as_deref().map(read_details).transpose()?.unwrap_or_default(),
            status: stored(&row.status)?,
            attempt: row.attempt,
            failure,
            settles_on: row.settles_on,
            created_at: id.accepted_at(),
            updated_at: row.updated_at,
            completed_at: row.completed_at,
        })
    }
}

/// [`Details`] as they are kept.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    iban: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// Brand and last four digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check_number: Option<String>,
}

/// `None` when there is nothing to keep.
pub(super) fn write_details(details: &Details) -> Result<Option<String>, StoreError> {
    let kept = Kept {
        iban: details.iban.as_ref().map(|it| it.as_str().to_owned()),
        bic: details.bic.as_ref().map(|it| it.as_str().to_owned()),
        routing_number: details.routing_number.as_ref().map(|it| it.as_str().to_owned()),
        account: details.account.as_ref().map(|it| it.as_str().to_owned()),
        card: details.card.as_ref().map(|card| (card.brand.clone(), card.last4.clone())),
        mandate_id: details.mandate_id.as_ref().map(|it| it.as_str().to_owned()),
        check_number: details.check_number.as_ref().map(|it| it.as_str().to_owned()),
    };
    if kept == Kept::default() {
        return Ok(None);
    }
    serde_json::to_string(&kept).map(Some).map_err(StoreError::corrupt)
}

fn read_details(text: &str) -> Result<Details, StoreError> {
    let kept: Kept = serde_json::from_str(text).map_err(StoreError::corrupt)?;
    Ok(Details {
        iban: kept.iban.map(MaskedIban::kept),
        bic: kept.bic.map(Bic::kept),
        routing_number: kept.routing_number.map(RoutingNumber::kept),
        account: kept.account.map(AccountEnding::kept),
        card: kept.card.map(|(brand, last4)| CardSummary { brand, last4 }),
        mandate_id: kept.mandate_id.map(MandateId::kept),
        check_number: kept.check_number.map(CheckNumber::kept),
    })
}

/// Minutes without their shards.
#[derive(FromRow)]
pub(super) struct MinuteRow {
    minute: DateTime<Utc>,
    payment_type: String,
    currency: String,
    millis: u32,
    completed: i64,
    failed: i64,
    volume: i64,
}

impl TryFrom<MinuteRow> for Counted {
    type Error = StoreError;

    fn try_from(row: MinuteRow) -> Result<Self, StoreError> {
        Ok(Self {
            minute: row.minute,
            payment_type: stored(&row.payment_type)?,
            currency: stored(&row.currency)?,
            millis: row.millis,
            completed: row.completed.unsigned_abs(),
            failed: row.failed.unsigned_abs(),
            volume: row.volume,
        })
    }
}
