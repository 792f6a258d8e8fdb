//! The ledger, in a transaction and outside.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{Db, StoreError, Tx, stored};
use config::money::{Currency, Money};
use sqlx::{FromRow, QueryBuilder};

use super::rows::{PaymentRow, select_payments};
use crate::application::{Ledger, LedgerLine, LedgerReader};
use crate::domain::{Balance, Book, Movement, Payment, PaymentId, Posting};

#[async_trait]
impl Ledger for Tx {
    async fn post(
        &mut self,
        payment: PaymentId,
        postings: &[Posting],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let entries = entries(postings);
        if entries.is_empty() {
            return Ok(());
        }
        let mut insert = QueryBuilder::new(
            "INSERT INTO ledger_entries (payment_id, movement, reference, book, amount, currency, created_at) ",
        );
        insert.push_values(entries, |mut row, (posting, book, money)| {
            row.push_bind(payment.get())
                .push_bind(posting.movement.as_str())
                .push_bind(&posting.reference)
                .push_bind(book.as_str())
                .push_bind(money.minor())
                .push_bind(money.currency().code())
                .push_bind(now);
        });
        // There are few lengths, so that these are prepared once.
        insert.build().execute(self.connection()).await?;
        Ok(())
    }

    async fn is_posted(
        &mut self,
        payment: PaymentId,
        movement: Movement,
        reference: &str,
    ) -> Result<bool, StoreError> {
        let found: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM ledger_entries WHERE payment_id = ? AND movement = ? AND reference = ?",
        )
        .bind(payment.get())
        .bind(movement.as_str())
        .bind(reference)
        .fetch_one(self.connection())
        .await?;
        Ok(found > 0)
    }
}

/// What there is to write: nothing moves where the amount is zero.
fn entries(postings: &[Posting]) -> Vec<(&Posting, Book, Money)> {
    let of = |posting| Posting::entries(posting).iter().map(move |(book, money)| (posting, *book, *money));
    postings.iter().flat_map(of).filter(|(_, _, money)| !money.is_zero()).collect()
}

#[derive(FromRow)]
struct LineRow {
    id: u64,
    movement: String,
    reference: String,
    #[sqlx(flatten)]
    entry: EntryRow,
    created_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct EntryRow {
    book: String,
    entry_amount: i64,
    entry_currency: String,
}

impl TryFrom<EntryRow> for Balance {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let currency: Currency = stored(&row.entry_currency)?;
        Ok(Self { book: stored(&row.book)?, sum: Money::from_minor(row.entry_amount, currency) })
    }
}

/// A payment beside one of its entries; a payment without any stands there once.
#[derive(FromRow)]
struct BookRow {
    #[sqlx(flatten)]
    payment: PaymentRow,
    book: Option<String>,
    entry_amount: Option<i64>,
    entry_currency: Option<String>,
}

#[async_trait]
impl LedgerReader for Db {
    async fn lines(&self, payment: PaymentId) -> Result<Vec<LedgerLine>, StoreError> {
        let rows: Vec<LineRow> = sqlx::query_as(
            "SELECT id, movement, reference, book, amount AS entry_amount, currency AS entry_currency, created_at \
             FROM ledger_entries WHERE payment_id = ? ORDER BY id",
        )
        .bind(payment.get())
        .fetch_all(self.pool())
        .await?;
        let line = |row: LineRow| {
            Ok(LedgerLine {
                id: row.id,
                movement: stored(&row.movement)?,
                reference: row.reference,
                entry: row.entry.try_into()?,
                created_at: row.created_at,
            })
        };
        rows.into_iter().map(line).collect()
    }

    async fn books(&self, after: u64, limit: u32) -> Result<Vec<(Payment, Vec<Balance>)>, StoreError> {
        // One statement, so that a payment and its books are seen at the same moment.
        let rows: Vec<BookRow> = sqlx::query_as(concat!(
            "SELECT p.*, e.book, e.amount AS entry_amount, e.currency AS entry_currency FROM (",
            select_payments!("WHERE id > ? ORDER BY id LIMIT ?"),
            ") AS p LEFT JOIN ledger_entries e ON e.payment_id = p.id ORDER BY p.id, e.id",
        ))
        .bind(after)
        .bind(limit)
        .fetch_all(self.pool())
        .await?;
        let mut found: Vec<(Payment, Vec<Balance>)> = Vec::new();
        for BookRow { payment, book, entry_amount, entry_currency } in rows {
            let payment = Payment::try_from(payment)?;
            if found.last().is_none_or(|(last, _)| last.id != payment.id) {
                found.push((payment, Vec::new()));
            }
            if let (Some((_, balances)), Some(book), Some(entry_amount), Some(entry_currency)) =
                (found.last_mut(), book, entry_amount, entry_currency)
            {
                balances.push(EntryRow { book, entry_amount, entry_currency }.try_into()?);
            }
        }
        Ok(found)
    }
}
