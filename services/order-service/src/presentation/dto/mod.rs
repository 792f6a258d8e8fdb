//! What travels over HTTP.

mod address;
mod cart;
mod order;
mod refund;
mod request;
mod returns;
mod sales;

pub use cart::{CartDto, CartItemRequest, MergeRequest};
pub use order::{EntryDto, InternalOrderDto, OrderDto, QuoteDto};
pub use refund::HandRefundRequest;
pub use request::{
    CancelRequest, ChangeRequest, CheckoutRequest, NewOrderRequest, PromotionRequest, QuoteRequest, filter,
    id, optional, owner,
};
pub use returns::{
    ApproveRequest, NewReturnRequest, ReceiveRequest, RefundRequest, RejectRequest, ReturnDto, return_id,
};
pub use sales::{SummaryDto, period};
