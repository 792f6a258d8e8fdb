//! Rows, and what they stand for.

use chrono::{DateTime, Utc};
use config::database::{StoreError, stored};
use config::id::UserId;
use config::money::{Currency, Money};
use sqlx::FromRow;
use uuid::Uuid;

use crate::domain::{
    Account, CardSummary, Confirmation, Decline, Operation, OperationId, OrderId, Payment, PaymentId,
    ReturnId,
};

/// The columns of [`PaymentRow`].
macro_rules! select_payments {
    ($rest:literal) => {
        concat!(
            "SELECT id, order_id, user_id, provider, charge_key, method, status, currency, amount, captured, refunded, \
             refund_pending, disputed, pending, refused, refused_for, transaction_id, decline_code, decline_message, action_url, \
             action_secret, card_brand, card_last4, created_at, updated_at FROM payments ",
            $rest
        )
    };
}
pub(super) use select_payments;

/// The columns of [`OperationRow`].
macro_rules! select_operations {
    ($rest:literal) => {
        concat!(
            "SELECT id, payment_id, order_id, provider, kind, state, amount, currency, reason, return_id, provider_key, charge_key, \
             attempts, created_at FROM operations ",
            $rest
        )
    };
}
pub(super) use select_operations;

#[derive(FromRow)]
pub(super) struct AccountRow {
    order_id: u64,
    user_id: u64,
    active_payment_id: Option<u64>,
    cancelled_at: Option<DateTime<Utc>>,
    refunded_at: Option<DateTime<Utc>>,
    told_by_hand: i64,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            order_id: OrderId::new(row.order_id),
            user_id: UserId::new(row.user_id),
            active: row.active_payment_id.map(PaymentId::new),
            cancelled: row.cancelled_at.is_some(),
            refunded: row.refunded_at.is_some(),
            told_by_hand: row.told_by_hand,
        }
    }
}

#[derive(FromRow)]
pub(super) struct PaymentRow {
    pub id: u64,
    order_id: u64,
    user_id: u64,
    provider: String,
    charge_key: Uuid,
    method: String,
    status: String,
    currency: String,
    amount: i64,
    captured: i64,
    refunded: i64,
    refund_pending: i64,
    disputed: i64,
    pending: Option<String>,
    refused: bool,
    refused_for: Option<String>,
    transaction_id: Option<String>,
    decline_code: Option<String>,
    decline_message: Option<String>,
    action_url: Option<String>,
    action_secret: Option<String>,
    card_brand: Option<String>,
    card_last4: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<PaymentRow> for Payment {
    type Error = StoreError;

    fn try_from(row: PaymentRow) -> Result<Self, StoreError> {
        let currency: Currency = stored(&row.currency)?;
        let money = |minor| Money::from_minor(minor, currency);
        Ok(Self {
            id: PaymentId::new(row.id),
            order_id: OrderId::new(row.order_id),
            user_id: UserId::new(row.user_id),
            provider: stored(&row.provider)?,
            charge_key: row.charge_key,
            method: stored(&row.method)?,
            status: stored(&row.status)?,
            amount: money(row.amount),
            captured: money(row.captured),
            refunded: money(row.refunded),
            refund_pending: money(row.refund_pending),
            disputed: money(row.disputed),
            pending: row.pending.as_deref().map(stored).transpose()?,
            // Older versions don't write why, and later ones may know more reasons: the money goes back all the same.
            refused: row
                .refused
                .then(|| row.refused_for.and_then(|why| why.parse().ok()).unwrap_or_default()),
            transaction_id: row.transaction_id,
            decline: row
                .decline_code
                .map(|code| Decline { code, message: row.decline_message.unwrap_or_default() }),
            confirmation: row
                .action_secret
                .map(Confirmation::Secret)
                .or(row.action_url.map(Confirmation::Redirect)),
            card: row.card_brand.zip(row.card_last4).map(|(brand, last4)| CardSummary { brand, last4 }),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

#[derive(FromRow)]
pub(super) struct OperationRow {
    id: u64,
    payment_id: u64,
    order_id: u64,
    provider: String,
    kind: String,
    state: String,
    amount: i64,
    currency: String,
    reason: Option<String>,
    return_id: Option<u64>,
    provider_key: Uuid,
    charge_key: Uuid,
    attempts: u32,
    created_at: DateTime<Utc>,
}

impl TryFrom<OperationRow> for Operation {
    type Error = StoreError;

    fn try_from(row: OperationRow) -> Result<Self, StoreError> {
        let currency: Currency = stored(&row.currency)?;
        Ok(Self {
            id: OperationId::new(row.id),
            payment_id: PaymentId::new(row.payment_id),
            order_id: OrderId::new(row.order_id),
            provider: stored(&row.provider)?,
            kind: stored(&row.kind)?,
            state: stored(&row.state)?,
            amount: Money::from_minor(row.amount, currency),
            reason: row.reason,
            return_id: row.return_id.map(ReturnId::new),
            key: row.provider_key,
            charge_key: row.charge_key,
            attempts: row.attempts,
            created_at: row.created_at,
        })
    }
}
