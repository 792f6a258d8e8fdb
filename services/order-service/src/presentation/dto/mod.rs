//! What travels over HTTP.

mod cart;
mod order;
mod request;
mod sales;

pub use cart::{CartDto, CartItemRequest, MergeRequest};
pub use order::{EntryDto, InternalOrderDto, OrderDto, QuoteDto};
pub use request::{CancelRequest, ChangeRequest, CheckoutRequest, NewOrderRequest, QuoteRequest, filter, id};
pub use sales::{SummaryDto, period};
