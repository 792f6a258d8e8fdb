//! The ledger, for administrators.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::jwt_auth::Admin;
use config::money::Amount;
use config::page::within;
use config::problem::{ApiError, InvalidFields};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::application::{LedgerLine, LedgerReader, PaymentError, PaymentReader};
use crate::domain::{Book, Finding, PaymentId, verify};

/// How many payments one check looks at when nothing else is said, and at most.
const CHECKED: u32 = 1000;
const MOST_CHECKED: u32 = 10_000;

/// Every movement of money, as double entries.
pub struct LedgerApi {
    pub(crate) ledger: Arc<dyn LedgerReader>,
    pub(crate) payments: Arc<dyn PaymentReader>,
}

#[OpenApi]
impl LedgerApi {
    /// A payment's entries, as they were written
    #[oai(path = "/api/payments/:id/ledger", method = "get")]
    async fn payment_ledger(&self, _admin: Admin, id: Path<u64>) -> Result<Json<LedgerDto>, ApiError> {
        let id = PaymentId::new(id.0);
        self.payments.payment(id).await?.ok_or(PaymentError::NotFound(id))?;
        let entries = self.ledger.lines(id).await?.into_iter().map(EntryDto::from).collect();
        Ok(Json(LedgerDto { payment_id: id.get(), entries }))
    }

    /// Compare payments with their entries
    ///
    /// A payment's entries add up to zero in each currency, and say what the payment says. Go on with `next_after`
    /// until it is null.
    #[oai(path = "/api/payments/ledger/check", method = "get")]
    async fn check_ledger(
        &self,
        _admin: Admin,
        /// Payments with a greater id
        after: Query<Option<u64>>,
        /// 1 to 10000 payments
        limit: Query<Option<i64>>,
    ) -> Result<Json<CheckDto>, ApiError> {
        let limit = within(limit.0, CHECKED, 1, MOST_CHECKED)
            .map_err(|rule| InvalidFields::one("limit", "invalid", rule))?;
        let books = self.ledger.books(after.0.unwrap_or_default(), limit).await?;
        let last = books.last().map(|(payment, _)| payment.id.get());
        let findings: Vec<FindingDto> = books
            .iter()
            .flat_map(|(payment, entries)| {
                let finding = |it| FindingDto::new(payment.id, &it);
                verify(payment, entries).into_iter().map(finding)
            })
            .collect();
        for finding in &findings {
            tracing::error!(payment.id = finding.payment_id, book = finding.book, "the ledger disagrees");
        }
        Ok(Json(CheckDto {
            balanced: findings.is_empty(),
            checked: books.len() as u64,
            next_after: last.filter(|_| books.len() == limit as usize),
            findings,
        }))
    }
}

/// A payment's part of the ledger.
#[derive(Debug, Object)]
#[oai(rename = "PaymentLedger")]
pub struct LedgerDto {
    pub payment_id: u64,
    pub entries: Vec<EntryDto>,
}

/// One side of a movement.
#[derive(Debug, Object)]
#[oai(rename = "LedgerEntry")]
pub struct EntryDto {
    pub id: u64,
    /// `authorization`, `release`, `capture`, `refund`, `refund_reversal`, `fee`, `chargeback` or `chargeback_reversal`.
    pub movement: String,
    /// What it comes from, such as `operation 12`.
    pub reference: String,
    /// `customer`, `authorized`, `provider`, `merchant`, `fees` or `chargebacks`.
    pub book: String,
    /// Into the book; negative out of it.
    pub amount: Amount,
    pub currency: String,
    pub created_at: DateTime<Utc>,
}

impl From<LedgerLine> for EntryDto {
    fn from(line: LedgerLine) -> Self {
        Self {
            id: line.id,
            movement: line.movement.as_str().to_owned(),
            reference: line.reference,
            book: line.entry.book.as_str().to_owned(),
            amount: line.entry.sum.into(),
            currency: line.entry.sum.currency().code().to_owned(),
            created_at: line.created_at,
        }
    }
}

/// What a check has found.
#[derive(Debug, Object)]
#[oai(rename = "LedgerCheck")]
pub struct CheckDto {
    /// Whether nothing is wrong with these payments.
    pub balanced: bool,
    /// How many payments were looked at.
    pub checked: u64,
    /// What to pass as `after` for the next ones; null at the end.
    pub next_after: Option<u64>,
    pub findings: Vec<FindingDto>,
}

/// Something that a payment and its entries don't agree about.
#[derive(Debug, Object)]
#[oai(rename = "LedgerFinding")]
pub struct FindingDto {
    pub payment_id: u64,
    /// The book; null when it is the sum of all, which should be zero.
    pub book: Option<String>,
    pub expected: Amount,
    pub found: Amount,
    pub currency: String,
}

impl FindingDto {
    fn new(payment: PaymentId, finding: &Finding) -> Self {
        Self {
            payment_id: payment.get(),
            book: finding.book.map(Book::as_str).map(str::to_owned),
            expected: finding.expected.into(),
            found: finding.found.into(),
            currency: finding.found.currency().code().to_owned(),
        }
    }
}
