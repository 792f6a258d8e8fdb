//! The HTTP API of transactions.

use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike as _, DurationRound as _, TimeDelta, Utc};
use config::clock::Clock;
use config::id::UserId;
use config::idempotency::Idempotency;
use config::jwt_auth::{Admin, SignedIn};
use config::money::Currency;
use config::names::UnknownName;
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Fields};
use config::response::Created;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use uuid::Uuid;

use super::dto::{TransactionDto, TransactionMinute, TransactionStats, accepted};
use super::request::NewTransaction;
use crate::application::transactions::{
    Accept, Part, Stats, TransactionError, TransactionFilter, TransactionReader, Window,
};
use crate::domain::transactions::{HouseRules, Party, PaymentType, TransactionId, TransactionStatus};
use crate::presentation::wrong::word;

/// Further in, a cursor is the way.
const MAX_SKIP: u32 = 10_000;
/// What is looked at when nobody says.
const USUAL_WINDOW: TimeDelta = TimeDelta::hours(1);
const LONGEST_WINDOW: TimeDelta = TimeDelta::hours(24);

/// Transactions.
pub struct TransactionApi {
    pub(crate) accept: Accept,
    pub(crate) stats: Stats,
    pub(crate) transactions: Arc<dyn TransactionReader>,
    pub(crate) rules: Arc<HouseRules>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) idempotency: Idempotency,
    pub(crate) currency: Currency,
}

#[OpenApi]
impl TransactionApi {
    /// Send money from one account to another
    #[oai(path = "/api/v1/transactions", method = "post")]
    async fn create_transaction(
        &self,
        caller: SignedIn,
        #[oai(name = "Idempotency-Key")] key: Header<Option<String>>,
        body: Body<NewTransaction>,
    ) -> Result<Created<TransactionDto>, ApiError> {
        let wanted = body.0.parse(self.currency, &self.rules, self.clock.now())?;
        let scope = format!("{}:transaction", caller.user_id);
        let request = NewTransaction::from(&wanted);
        let done = self.idempotency.run(scope, key.0, &request, |claim| async move {
            self.accept.run(caller.user_id, wanted, claim, accepted).await.map(TransactionDto::from)
        });
        Ok(done.await?.into())
    }

    /// Your transactions, newest first
    ///
    /// `total` counts to 10 000 and no further.
    #[oai(path = "/api/v1/transactions", method = "get")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the query")]
    async fn list_transactions(
        &self,
        caller: SignedIn,
        status: Query<Option<String>>,
        payment_type: Query<Option<String>>,
        sender: Query<Option<String>>,
        receiver: Query<Option<String>>,
        /// Accepted then or later, to the millisecond
        from: Query<Option<DateTime<Utc>>>,
        /// Accepted before
        to: Query<Option<DateTime<Utc>>>,
        /// For administrators
        user_id: Query<Option<u64>>,
        /// Up to 10 000
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<TransactionDto>>, ApiError> {
        let user_id = match (caller.is_admin(), user_id.0) {
            (true, asked) => asked.map(UserId::new),
            (false, asked) => Some(caller.acting_for(asked)?),
        };
        let mut fields = Fields::default();
        let paging = Paging::check(&mut fields, skip.0, limit.0, None);
        if paging.is_some_and(|paging| paging.skip > MAX_SKIP) {
            fields.reject("skip", "invalid", format!("must be from 0 to {MAX_SKIP}"));
        }
        let before = fields.check("cursor", cursor.0.as_deref().map(read_cursor).transpose());
        let status = status.0.as_deref().map(TransactionStatus::from_str).transpose();
        let status = word(&mut fields, "status", status);
        let payment_type = word(&mut fields, "payment_type", read_type(payment_type.0));
        let sender = fields.check("sender", sender.0.as_deref().map(Party::parse).transpose());
        let receiver = fields.check("receiver", receiver.0.as_deref().map(Party::parse).transpose());
        let (filter, paging, before) = fields.finish(|| {
            let filter = TransactionFilter {
                user_id,
                status: status?,
                payment_type: payment_type?,
                sender: sender?,
                receiver: receiver?,
                from: from.0,
                to: to.0,
            };
            Some((filter, paging?, before?))
        })?;
        let part = Part { skip: paging.skip, limit: paging.limit, before };
        let slice = self.transactions.list(&filter, part).await.map_err(TransactionError::from)?;
        let full = slice.items.len() == part.limit as usize;
        let next_cursor = slice.items.last().filter(|_| full).map(|last| cursor_after(last.id));
        let items: Vec<TransactionDto> = slice.items.into_iter().map(TransactionDto::from).collect();
        Ok(Json(Page { count: items.len() as u64, items, total: slice.total, next_cursor }))
    }

    /// What went through, minute by minute
    ///
    /// Count, volume, failures and processing time of what ended in each minute, by type and currency.
    #[oai(path = "/api/v1/transactions/stats", method = "get")]
    async fn transaction_stats(
        &self,
        _caller: Admin,
        /// An hour before `to` when not given
        from: Query<Option<DateTime<Utc>>>,
        /// Now when not given; at most 24 hours after `from`
        to: Query<Option<DateTime<Utc>>>,
        payment_type: Query<Option<String>>,
        currency: Query<Option<String>>,
    ) -> Result<Json<TransactionStats>, ApiError> {
        let mut fields = Fields::default();
        let to = to.0.unwrap_or_else(|| self.clock.now());
        let from = from.0.unwrap_or_else(|| to.checked_sub_signed(USUAL_WINDOW).unwrap_or(to));
        for (name, time) in [("from", from), ("to", to)] {
            if !(2000..=9000).contains(&time.year()) {
                fields.reject(name, "invalid", "must be a time of this age");
            }
        }
        if from > to || to - from > LONGEST_WINDOW {
            fields.reject("to", "invalid", "must be after from, by at most 24 hours");
        }
        let payment_type = word(&mut fields, "payment_type", read_type(payment_type.0));
        let currency = fields.check("currency", currency.0.as_deref().map(Currency::from_str).transpose());
        let window = fields.finish(|| {
            let from = from.duration_trunc(TimeDelta::minutes(1)).ok()?;
            Some(Window { from, to, payment_type: payment_type?, currency: currency? })
        })?;
        let items: Vec<_> = self.stats.run(window).await?.into_iter().map(TransactionMinute::from).collect();
        Ok(Json(TransactionStats { from: window.from, to, count: items.len() as u64, items }))
    }

    /// A transaction
    #[oai(path = "/api/v1/transactions/:transaction_id", method = "get")]
    async fn get_transaction(
        &self,
        caller: SignedIn,
        transaction_id: Path<String>,
    ) -> Result<Json<TransactionDto>, ApiError> {
        let id = transaction_id.0.parse::<Uuid>().map_err(|_| TransactionError::NotFound)?;
        let found = self.transactions.transaction(TransactionId::new(id)).await;
        let found = found.map_err(TransactionError::from)?.ok_or(TransactionError::NotFound)?;
        caller.must_own(found.user_id)?;
        Ok(Json(found.into()))
    }
}

fn read_type(name: Option<String>) -> Result<Option<PaymentType>, UnknownName> {
    name.map(|name| name.to_ascii_uppercase().parse()).transpose()
}

fn read_cursor(cursor: &str) -> Result<TransactionId, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| Uuid::from_slice(&bytes).ok());
    bytes.map(TransactionId::new).ok_or("must be the next_cursor of an earlier answer")
}

fn cursor_after(id: TransactionId) -> String {
    URL_SAFE_NO_PAD.encode(id.get().as_bytes())
}
