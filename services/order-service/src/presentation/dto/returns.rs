//! Returns as clients ask for them and see them.

use chrono::{DateTime, Utc};
use config::idempotency::Answer;
use config::money::{Amount, Money};
use config::problem::{ApiError, Fields, InvalidFields, Kind};
use poem_openapi::Object;

use super::request::optional;
use crate::application::Decision;
use crate::domain::{MAX_LINES, Notes, Quantity, Return, ReturnId, Wanting};

/// A product to be sent back.
#[derive(Debug, Clone, Object)]
pub struct ReturnItemRequest {
    pub product_id: String,
    /// 1 to 10 000.
    pub quantity: i64,
    /// 1 to 500 characters.
    pub reason: String,
}

/// Products to be sent back.
#[derive(Debug, Clone, Object)]
pub struct NewReturnRequest {
    /// 1 to 100 products, each once.
    pub items: Vec<ReturnItemRequest>,
    /// Up to 1000 characters.
    pub comment: Option<String>,
}

impl NewReturnRequest {
    pub fn parse(&self) -> Result<(Vec<Wanting>, Option<Notes>), InvalidFields> {
        let mut fields = Fields::default();
        if self.items.is_empty() || self.items.len() > MAX_LINES {
            fields.reject("items", "length", format!("must be 1 to {MAX_LINES} products"));
        }
        let mut wanted: Vec<Wanting> = Vec::new();
        for (n, item) in self.items.iter().take(MAX_LINES).enumerate() {
            let product_id = fields.check(format!("items[{n}].product_id"), item.product_id.parse());
            let quantity = fields.check(format!("items[{n}].quantity"), Quantity::new(item.quantity));
            let reason = fields.check(format!("items[{n}].reason"), item.reason.parse());
            let (Some(product_id), Some(quantity), Some(reason)) = (product_id, quantity, reason) else {
                continue;
            };
            if wanted.iter().any(|other| other.product_id == product_id) {
                fields.reject(format!("items[{n}].product_id"), "duplicate", "must not be named twice");
            }
            wanted.push(Wanting { product_id, quantity, reason });
        }
        let comment = optional(&mut fields, "comment", self.comment.as_deref());
        fields.finish(|| Some((wanted, comment?)))
    }
}

/// The shop's word on a return.
#[derive(Debug, Clone, Object)]
pub struct ApproveRequest {
    /// Up to 500 characters, for the shopper.
    pub note: Option<String>,
}

impl ApproveRequest {
    pub fn parse(request: Option<&Self>) -> Result<Decision, InvalidFields> {
        let mut fields = Fields::default();
        let note = optional(&mut fields, "note", request.and_then(|request| request.note.as_deref()));
        fields.finish(|| Some(Decision::Approve { note: note? }))
    }
}

/// Why a return is refused.
#[derive(Debug, Clone, Object)]
pub struct RejectRequest {
    /// 1 to 500 characters, for the shopper.
    pub reason: String,
}

impl RejectRequest {
    pub fn parse(&self) -> Result<Decision, InvalidFields> {
        let mut fields = Fields::default();
        let note = fields.check("reason", self.reason.parse());
        fields.finish(|| Some(Decision::Reject { note: note? }))
    }
}

/// What a product is like that came back.
#[derive(Debug, Clone, Object)]
pub struct ReceivedItemRequest {
    pub product_id: String,
    /// Whether it goes back on the shelf.
    pub restock: bool,
}

/// What came back; what isn't named goes back on the shelf.
#[derive(Debug, Clone, Object)]
pub struct ReceiveRequest {
    /// Up to 100.
    pub items: Option<Vec<ReceivedItemRequest>>,
}

impl ReceiveRequest {
    pub fn parse(request: Option<&Self>) -> Result<Decision, InvalidFields> {
        let mut fields = Fields::default();
        let items = request.and_then(|request| request.items.as_deref()).unwrap_or_default();
        if items.len() > MAX_LINES {
            fields.reject("items", "length", format!("must be no more than {MAX_LINES} products"));
        }
        let mut inspected = Vec::with_capacity(items.len());
        for (n, item) in items.iter().take(MAX_LINES).enumerate() {
            let product = fields.check(format!("items[{n}].product_id"), item.product_id.parse());
            inspected.extend(product.map(|product| (product, item.restock)));
        }
        fields.finish(|| Some(Decision::Receive { inspected }))
    }
}

/// What is given back.
#[derive(Debug, Clone, Object)]
pub struct RefundRequest {
    /// Whether what the shipping cost is given back as well; once for each order.
    pub refund_shipping: Option<bool>,
}

impl RefundRequest {
    pub fn parse(request: Option<&Self>) -> Decision {
        Decision::Refund { shipping: request.and_then(|request| request.refund_shipping).unwrap_or_default() }
    }
}

/// A return.
#[derive(Debug, Clone, Object)]
pub struct ReturnDto {
    pub id: u64,
    pub order_id: u64,
    pub user_id: u64,
    /// `requested`, `approved`, `received`, `refunding`, `refunded`, `rejected` or `cancelled`.
    pub status: String,
    pub items: Vec<ReturnItemDto>,
    pub comment: Option<String>,
    /// The shop's answer.
    pub note: Option<String>,
    /// What is given back for it: the goods', and the shipping's share. Once that is decided, no more than was left of
    /// what was paid.
    pub refund_amount: Amount,
    pub refund_shipping: Amount,
    /// What was given back so far.
    pub refunded_amount: Amount,
    pub currency: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Grows with each change; also the `ETag`.
    pub version: u64,
}

/// A product that comes back.
#[derive(Debug, Clone, Object)]
pub struct ReturnItemDto {
    pub product_id: String,
    pub quantity: u32,
    pub reason: String,
    /// What was paid for these units.
    pub refund: Amount,
    /// Whether it went back on the shelf; null until it is here.
    pub restock: Option<bool>,
}

impl ReturnDto {
    /// The answer to the request that began this return.
    pub fn created(back: &Return) -> Answer {
        Answer::json(201, &Self::from(back))
    }
}

impl From<&Return> for ReturnDto {
    fn from(back: &Return) -> Self {
        let item = |item: &crate::domain::ReturnItem| ReturnItemDto {
            product_id: item.product_id.to_string(),
            quantity: item.quantity.get(),
            reason: item.reason.to_string(),
            refund: item.refund.into(),
            restock: item.restock,
        };
        // What was taken for an order can be added up.
        let refund = back.refund().unwrap_or(Money::zero(back.refunded.currency()));
        Self {
            id: back.id.get(),
            order_id: back.order_id.get(),
            user_id: back.user_id.get(),
            status: back.status.as_str().to_owned(),
            items: back.items.iter().map(item).collect(),
            comment: back.comment.as_ref().map(ToString::to_string),
            note: back.note.as_ref().map(ToString::to_string),
            refund_amount: refund.into(),
            refund_shipping: back.shipping.into(),
            refunded_amount: back.refunded.into(),
            currency: back.refunded.currency().to_string(),
            created_at: back.created_at,
            updated_at: back.updated_at,
            version: back.version,
        }
    }
}

/// An id as it stands in a path; those that no return can have name nothing.
pub fn return_id(path: u64) -> Result<ReturnId, ApiError> {
    match i64::try_from(path) {
        Ok(1..) => Ok(ReturnId::new(path)),
        _ => Err(ApiError::new(Kind::NotFound, "return-not-found", "There is no such return.")),
    }
}
