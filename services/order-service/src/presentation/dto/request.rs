//! What clients ask for, parsed into the domain's types: every wrong field is named at once.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Utc};
use config::id::UserId;
use config::jwt_auth::{AuthError, Caller};
use config::money::Amount;
use config::problem::{ApiError, Fields, InvalidFields, Kind};
use poem_openapi::Object;

use super::address::AddressRequest;
use crate::application::{OrderFilter, OrderRequest, Wanted, Wish};
use crate::domain::{
    Address, Basket, MAX_LINES, OrderId, PromotionCode, Quantity, Reason, ShippingMethod, Status,
};

/// The database knows no others.
const YEARS: RangeInclusive<i32> = 1000..=9999;

/// A product that is wanted.
#[derive(Debug, Clone, Object)]
pub struct LineRequest {
    pub product_id: String,
    /// 1 to 10 000.
    pub quantity: i64,
    /// The price of one that the client goes by; 409 when it is another now.
    pub price: Option<Amount>,
}

/// An order to be placed.
#[derive(Debug, Clone, Object)]
pub struct NewOrderRequest {
    /// Only an administrator may order for somebody else.
    pub user_id: Option<u64>,
    /// 1 to 100 lines; the same product on several is summed.
    pub items: Vec<LineRequest>,
    /// 1 to 500 characters, or its parts.
    pub shipping_address: AddressRequest,
    /// `standard` when not given.
    pub shipping_method: Option<String>,
    pub promotion_code: Option<String>,
    /// Up to 1000 characters.
    pub customer_notes: Option<String>,
    /// The total that the client goes by; 409 (`price-changed`, with the new one) when it is another now.
    #[oai(skip_serializing_if_is_none)]
    pub expected_total: Option<Amount>,
}

impl NewOrderRequest {
    pub fn parse(self) -> Result<OrderRequest, InvalidFields> {
        let mut fields = Fields::default();
        let basket = basket(&mut fields, self.items);
        let rest = CheckoutRequest {
            shipping_address: self.shipping_address,
            shipping_method: self.shipping_method,
            promotion_code: self.promotion_code,
            customer_notes: self.customer_notes,
            expected_total: self.expected_total,
        };
        rest.with(fields, basket)
    }
}

/// A basket to be priced.
#[derive(Debug, Clone, Object)]
pub struct QuoteRequest {
    /// 1 to 100 lines.
    pub items: Vec<LineRequest>,
    pub shipping_address: Option<AddressRequest>,
    /// `standard` when not given; others need an address.
    pub shipping_method: Option<String>,
    pub promotion_code: Option<String>,
}

impl QuoteRequest {
    pub fn parse(self) -> Result<Wish, InvalidFields> {
        let mut fields = Fields::default();
        let basket = basket(&mut fields, self.items);
        let address = address(&mut fields, self.shipping_address.as_ref());
        let method = shipping_method(&mut fields, self.shipping_method.as_deref());
        let promotion_code = optional(&mut fields, "promotion_code", self.promotion_code.as_deref());
        fields.finish(|| {
            Some(Wish { basket, address: address?, method: method?, promotion_code: promotion_code? })
        })
    }
}

/// What an order of a cart needs beside the cart.
#[derive(Debug, Clone, Object)]
pub struct CheckoutRequest {
    /// 1 to 500 characters, or its parts.
    pub shipping_address: AddressRequest,
    /// `standard` when not given.
    pub shipping_method: Option<String>,
    pub promotion_code: Option<String>,
    /// Up to 1000 characters.
    pub customer_notes: Option<String>,
    /// The total that the client goes by; 409 (`price-changed`, with the new one) when it is another now.
    #[oai(skip_serializing_if_is_none)]
    pub expected_total: Option<Amount>,
}

impl CheckoutRequest {
    /// With an empty basket: the cart is the basket.
    pub fn parse(&self) -> Result<OrderRequest, InvalidFields> {
        self.with(Fields::default(), Basket::default())
    }

    fn with(&self, mut fields: Fields, basket: Basket) -> Result<OrderRequest, InvalidFields> {
        let address = self.shipping_address.parse(&mut fields);
        let method = shipping_method(&mut fields, self.shipping_method.as_deref());
        let promotion_code = optional(&mut fields, "promotion_code", self.promotion_code.as_deref());
        let notes = optional(&mut fields, "customer_notes", self.customer_notes.as_deref());
        fields.finish(|| {
            let (promotion_code, notes, expected_total) = (promotion_code?, notes?, self.expected_total);
            Some(OrderRequest {
                basket,
                address: address?,
                method: method?,
                promotion_code,
                notes,
                expected_total,
            })
        })
    }
}

/// What is to become of an order.
#[derive(Debug, Clone, Object)]
pub struct ChangeRequest {
    /// Only administrators move an order along; its owner may set `cancelled`.
    pub status: Option<String>,
    /// Until the order is packed: 1 to 500 characters, or its parts. In the same country and state, because tax and
    /// shipping are priced for them.
    pub shipping_address: Option<AddressRequest>,
    /// For the history, up to 500 characters.
    pub reason: Option<String>,
}

impl ChangeRequest {
    pub fn parse(self) -> Result<Wanted, InvalidFields> {
        let mut fields = Fields::default();
        if self.status.is_none() && self.shipping_address.is_none() {
            fields.reject("body", "nothing-to-change", "must have a status or a shipping_address");
        }
        let status = optional(&mut fields, "status", self.status.as_deref());
        let address = address(&mut fields, self.shipping_address.as_ref());
        let reason = optional(&mut fields, "reason", self.reason.as_deref());
        fields.finish(|| Some(Wanted { status: status?, address: address?, reason: reason? }))
    }
}

/// Why an order is cancelled.
#[derive(Debug, Clone, Object)]
pub struct CancelRequest {
    /// Up to 500 characters.
    pub reason: Option<String>,
}

impl CancelRequest {
    pub fn parse(request: Option<&Self>) -> Result<Option<Reason>, InvalidFields> {
        let mut fields = Fields::default();
        let reason = optional(&mut fields, "reason", request.and_then(|request| request.reason.as_deref()));
        fields.finish(|| reason)
    }
}

/// A promotion for an order, on behalf of a user.
#[derive(Debug, Clone, Object)]
pub struct PromotionRequest {
    pub code: String,
    pub user_id: u64,
    pub is_admin: bool,
}

impl PromotionRequest {
    pub fn parse(&self) -> Result<PromotionCode, InvalidFields> {
        let mut fields = Fields::default();
        let code = fields.check("code", self.code.parse());
        fields.finish(|| code)
    }
}

/// Whose orders are listed: an administrator's are everybody's unless they say whose, anybody else's are their own.
pub fn owner(caller: &Caller, user_id: Option<u64>) -> Result<Option<UserId>, AuthError> {
    match caller.is_admin() {
        true => Ok(user_id.map(UserId::new)),
        false => caller.acting_for(user_id).map(Some),
    }
}

/// Which of this user's orders, or of all, are listed.
pub fn filter(
    fields: &mut Fields,
    user: Option<UserId>,
    status: Option<&str>,
    from: Option<&str>,
    to: Option<&str>,
) -> Option<OrderFilter> {
    let status = optional::<Status>(fields, "status", status);
    let from = fields.check("from", from.map(|text| moment(text, false)).transpose());
    let to = fields.check("to", to.map(|text| moment(text, true)).transpose());
    Some(OrderFilter { user, status: status?, from: from?, to: to? })
}

/// An id as it stands in a path; those that no order can have name nothing.
pub fn id(path: u64) -> Result<OrderId, ApiError> {
    match i64::try_from(path) {
        Ok(1..) => Ok(OrderId::new(path)),
        _ => Err(ApiError::new(Kind::NotFound, "order-not-found", "There is no such order.")),
    }
}

/// A day that the database knows, too.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|day: &NaiveDate| YEARS.contains(&day.year()))
}

/// A time, or a day: its beginning, or as an end the beginning of the next.
fn moment(text: &str, end: bool) -> Result<DateTime<Utc>, &'static str> {
    const RULE: &str = "must be a date as 2025-12-31 or a time as 2025-12-31T12:00:00Z";
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc()).filter(|time| YEARS.contains(&time.year())).ok_or(RULE);
    }
    let day = day(text).ok_or(RULE)?;
    let next = day.succ_opt().filter(|next| end && YEARS.contains(&next.year()));
    let day = next.unwrap_or(day);
    Ok(day.and_time(NaiveTime::MIN).and_utc())
}

fn basket(fields: &mut Fields, items: Vec<LineRequest>) -> Basket {
    let mut basket = Basket::default();
    if items.is_empty() || items.len() > MAX_LINES {
        fields.reject("items", "length", format!("must be 1 to {MAX_LINES} lines"));
        return basket;
    }
    for (position, item) in items.into_iter().enumerate() {
        let product_id = fields.check(format!("items[{position}].product_id"), item.product_id.parse());
        let quantity = fields.check(format!("items[{position}].quantity"), Quantity::new(item.quantity));
        if let (Some(product_id), Some(quantity)) = (product_id, quantity) {
            let added = basket.add(position, product_id, quantity, item.price);
            fields.check(format!("items[{position}].quantity"), added);
        }
    }
    basket
}

fn shipping_method(fields: &mut Fields, text: Option<&str>) -> Option<ShippingMethod> {
    optional(fields, "shipping_method", text).map(Option::unwrap_or_default)
}

/// `Some(None)` when it isn't given, `None` when it is wrong.
fn address(fields: &mut Fields, address: Option<&AddressRequest>) -> Option<Option<Address>> {
    match address {
        Some(address) => address.parse(fields).map(Some),
        None => Some(None),
    }
}

/// `Some(None)` when it isn't given, `None` when it is wrong.
pub fn optional<T: FromStr<Err: Display>>(
    fields: &mut Fields,
    name: &str,
    text: Option<&str>,
) -> Option<Option<T>> {
    fields.check(name, text.map(str::parse).transpose())
}
