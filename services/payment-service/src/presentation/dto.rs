//! What travels over HTTP.

use std::str::FromStr as _;

use chrono::{DateTime, Utc};
use config::idempotency::Answer;
use config::money::{Amount, Currency};
use config::problem::{Fields, InvalidFields};
use poem_openapi::Object;

use super::wrong::word;
use crate::application::{Action, Completed, PaymentError, PaymentRequest, PaymentWithRefunds};
use crate::domain::{Card, Confirmation, Instrument, Method, Operation, OrderId, Payment, Status};

/// How an order is to be paid.
#[derive(Clone, Object)]
pub struct NewPayment {
    pub order_id: u64,
    /// The caller when not given; only administrators name somebody else.
    pub user_id: Option<u64>,
    /// The order's amount due, in major units.
    pub amount: Amount,
    /// ISO 4217; the shop's when not given.
    pub currency: Option<String>,
    /// `credit_card`, `debit_card`, `paypal`, `bank_transfer`, `cod`, `ach`, `wire`, `rtp`, `sepa` or `direct_debit`,
    /// as far as the shop takes them.
    pub payment_method: String,
    /// What the provider knows the customer's means by; for the simulator one of its test tokens, for Stripe a
    /// payment method (`pm_…`).
    pub payment_token: Option<String>,
    /// For the simulator only, instead of a token; elsewhere it is refused, as cards don't belong here.
    pub card: Option<CardDto>,
    /// Whether to take the money at once (the default) or to authorize it for a later capture.
    pub capture: Option<bool>,
}

/// A test card.
#[derive(Clone, Object)]
#[oai(rename = "Card")]
pub struct CardDto {
    /// 12 to 19 digits.
    pub number: String,
    pub exp_month: i64,
    /// Two or four digits.
    pub exp_year: i64,
    /// 3 or 4 digits.
    pub cvc: String,
}

impl NewPayment {
    /// `taken` is how customers may pay.
    pub fn parse(self, shop: Currency, taken: &[Method]) -> Result<PaymentRequest, InvalidFields> {
        let mut fields = Fields::default();
        if self.order_id == 0 {
            fields.reject("order_id", "invalid", "must be at least 1");
        }
        let currency = self.currency.as_deref().map_or(Ok(shop), Currency::from_str);
        let currency = fields.check("currency", currency);
        let amount = currency.and_then(|currency| fields.check("amount", self.amount.in_currency(currency)));
        if amount.is_some_and(|amount| amount.minor() < 0) {
            fields.reject("amount", "invalid", "must not be negative");
        }
        let method = word(&mut fields, "payment_method", self.payment_method.parse::<Method>());
        if method.is_some_and(|method| !taken.contains(&method)) {
            let taken = taken.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
            fields.reject("payment_method", "unsupported", format!("must be one of {taken}"));
        }
        let instrument = instrument(&mut fields, self.payment_token, self.card, method);
        fields.finish(|| {
            Some(PaymentRequest {
                order_id: OrderId::new(self.order_id),
                user_id: self.user_id,
                amount: amount?,
                method: method?,
                instrument: instrument?,
                capture: self.capture.unwrap_or(true),
            })
        })
    }

    /// The request without what must not be kept even as a digest, because it could be guessed from it.
    pub fn without_secrets(&self) -> Self {
        let mut copy = self.clone();
        if let Some(card) = &mut copy.card {
            let known = card.number.char_indices().rev().nth(3).map_or(0, |(start, _)| start);
            card.number.drain(..known);
            card.cvc.clear();
        }
        copy
    }
}

fn instrument(
    fields: &mut Fields,
    token: Option<String>,
    card: Option<CardDto>,
    method: Option<Method>,
) -> Option<Instrument> {
    match (token, card) {
        (Some(_), Some(_)) => {
            fields.reject("card", "exclusive", "must not stand beside payment_token");
            None
        }
        (Some(token), None) if !(1..=255).contains(&token.len()) => {
            fields.reject("payment_token", "length", "must be 1 to 255 characters");
            None
        }
        (Some(token), None) => Some(Instrument::Token(token)),
        (None, Some(card)) => {
            let number = fields.check("card.number", Card::number(&card.number));
            let month = fields.check("card.exp_month", Card::month(card.exp_month));
            let year = fields.check("card.exp_year", Card::year(card.exp_year));
            let cvc = fields.check("card.cvc", Card::cvc(&card.cvc));
            if method.is_some_and(|method| !method.takes_card()) {
                fields.reject("card", "mismatch", "goes with credit_card and debit_card only");
            }
            cvc.and(Some(Instrument::Card(Card::new(number?, month?, year?))))
        }
        (None, None) => Some(Instrument::OnFile),
    }
}

/// A payment.
#[derive(Object)]
#[oai(rename = "Payment")]
pub struct PaymentDto {
    pub id: u64,
    pub order_id: u64,
    pub user_id: u64,
    pub amount: Amount,
    pub currency: String,
    pub payment_method: String,
    /// `processing`, `requires_action`, `authorized`, `succeeded`, `failed`, `voided`, `partially_refunded` or
    /// `refunded`.
    pub status: String,
    pub captured_amount: Amount,
    pub refunded_amount: Amount,
    /// What customers' banks have taken back, or may: disputes that are open or lost.
    pub disputed_amount: Amount,
    /// `simulator`, `stripe` or `cash`.
    pub provider: String,
    /// `capture` or `void` while the provider has not answered to it.
    pub pending: Option<String>,
    /// The provider's name for it.
    pub transaction_id: Option<String>,
    pub card: Option<CardSummaryDto>,
    /// Why it failed.
    pub failure: Option<FailureDto>,
    /// What the customer has to do while it `requires_action`.
    pub next_action: Option<NextAction>,
    pub refunds: Vec<RefundDto>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What is remembered of a card.
#[derive(Debug, Object)]
#[oai(rename = "CardSummary")]
pub struct CardSummaryDto {
    pub brand: String,
    pub last4: String,
}

/// Why a payment failed.
#[derive(Debug, Object)]
#[oai(rename = "PaymentFailure")]
pub struct FailureDto {
    /// Such as `insufficient_funds`.
    pub code: String,
    pub message: String,
}

/// What the customer has to do.
#[derive(Object)]
pub struct NextAction {
    /// `redirect`: to open `url`; `use_stripe_sdk`: to confirm with Stripe's script and `client_secret`.
    #[oai(rename = "type")]
    pub kind: String,
    pub url: Option<String>,
    pub client_secret: Option<String>,
}

impl From<Confirmation> for NextAction {
    fn from(confirmation: Confirmation) -> Self {
        let (kind, url, client_secret) = match confirmation {
            Confirmation::Redirect(url) => ("redirect", Some(url), None),
            Confirmation::Secret(secret) => ("use_stripe_sdk", None, Some(secret)),
        };
        Self { kind: kind.to_owned(), url, client_secret }
    }
}

impl From<PaymentWithRefunds> for PaymentDto {
    fn from(PaymentWithRefunds { payment, refunds }: PaymentWithRefunds) -> Self {
        let refunds = refunds.iter().map(|refund| RefundDto::new(&payment, refund)).collect();
        Self {
            id: payment.id.get(),
            order_id: payment.order_id.get(),
            user_id: payment.user_id.get(),
            amount: payment.amount.into(),
            currency: payment.amount.currency().code().to_owned(),
            payment_method: payment.method.as_str().to_owned(),
            status: payment.status.as_str().to_owned(),
            captured_amount: payment.captured.into(),
            refunded_amount: payment.refunded.into(),
            disputed_amount: payment.disputed.into(),
            provider: payment.provider.as_str().to_owned(),
            pending: payment.pending.map(|pending| pending.as_str().to_owned()),
            transaction_id: payment.transaction_id,
            card: payment.card.map(|card| CardSummaryDto { brand: card.brand, last4: card.last4 }),
            failure: payment
                .decline
                .map(|decline| FailureDto { code: decline.code, message: decline.message }),
            next_action: payment.confirmation.map(NextAction::from),
            refunds,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

impl From<Payment> for PaymentDto {
    /// A payment of which nothing was given back yet.
    fn from(payment: Payment) -> Self {
        PaymentWithRefunds { payment, refunds: Vec::new() }.into()
    }
}

/// What of an authorized payment is to be taken.
#[derive(Debug, Object)]
pub struct CaptureRequest {
    /// In major units; all of it when not given. What is not taken is given back.
    pub amount: Option<Amount>,
}

/// What is to be given back.
#[derive(Debug, Object)]
pub struct RefundRequest {
    /// In major units; all that is left when not given.
    pub amount: Option<Amount>,
    /// Why, for the record: 1 to 200 characters.
    pub reason: String,
}

impl RefundRequest {
    pub fn parse(&self) -> Result<Action, InvalidFields> {
        let mut fields = Fields::default();
        let reason = fields.check("reason", self.reason.parse());
        fields.finish(|| Some(Action::Refund { amount: self.amount, reason: reason? }))
    }
}

/// Money given back.
#[derive(Debug, Object)]
#[oai(rename = "Refund")]
pub struct RefundDto {
    pub id: u64,
    pub payment_id: u64,
    pub order_id: u64,
    pub amount: Amount,
    pub currency: String,
    /// `pending` while the provider has not confirmed it, `succeeded`, or `failed`.
    pub status: String,
    pub reason: String,
    /// All that was given back of the payment.
    pub refunded_amount: Amount,
    pub payment_status: String,
    pub created_at: DateTime<Utc>,
}

impl RefundDto {
    pub fn new(payment: &Payment, refund: &Operation) -> Self {
        Self {
            id: refund.id.get(),
            payment_id: payment.id.get(),
            order_id: payment.order_id.get(),
            amount: refund.amount.into(),
            currency: refund.amount.currency().code().to_owned(),
            status: refund.state.as_str().to_owned(),
            reason: refund.reason.clone().unwrap_or_default(),
            refunded_amount: payment.refunded.into(),
            payment_status: payment.status.as_str().to_owned(),
            created_at: refund.created_at,
        }
    }
}

/// What a challenge came to.
#[derive(Debug, Object)]
pub struct ChallengeResult {
    /// Whether the customer approved; the first decision counts.
    pub approved: bool,
}

/// The answer to whoever pays.
pub fn payment_answer(completed: &Completed) -> Answer {
    match completed.payment.status {
        Status::Failed => Answer::refusal(PaymentError::declined(&completed.payment)),
        _ => Answer::json(201, &PaymentDto::from(completed.payment.clone())),
    }
}

/// The answer to whoever captures or voids.
pub fn action_answer(completed: &Completed) -> Answer {
    Answer::json(200, &PaymentDto::from(completed.payment.clone()))
}

/// The answer to whoever refunds.
pub fn refund_answer(completed: &Completed) -> Answer {
    Answer::json(201, &RefundDto::new(&completed.payment, &completed.operation))
}
