//! What the service does.

mod carts;
mod change;
mod checkout;
mod error;
mod events;
mod expire;
mod follow_payment;
mod follow_shipment;
mod follow_stock;
mod place;
mod ports;
mod pricing;
mod refund;
mod reprice;
mod returns;
mod settle_return;
mod step;

pub use carts::{CartLine, CartView, Carts};
pub use change::{ChangeOrder, Wanted};
pub use checkout::Checkout;
pub use error::OrderError;
pub use events::{
    OrderCancelled, OrderCreated, OrderData, OrderPaymentLapsed, OrderPaymentRefused, OrderReaddressed,
    OrderRefundedByHand, OrderRepriced, OrderStatusUpdated, ReturnApproved, ReturnCancelled, ReturnData,
    ReturnReceived, ReturnRefundDue, ReturnRefunded, ReturnRejected, ReturnRequested,
};
pub use expire::ExpireOrders;
pub use follow_payment::{FollowPayment, PaymentNews, Shortfall};
pub use follow_shipment::FollowShipment;
pub use follow_stock::FollowStock;
pub use place::{OrderRequest, PlaceOrder, Reply};
pub use ports::{
    CartStore, Catalogue, DaySales, Discounts, Entry, EntryRecord, Figures, OrderFilter, OrderReader,
    OrderRepository, Parcel, ProductSales, Promotions, Rate, RejectedCode, ReturnFilter, ReturnReader,
    ReturnRepository, SalesBook, SalesReader, Shipping, Stock, StockError, Store, Taxable, Taxes, Wares,
};
pub use pricing::{Pricing, Quote, Wish};
pub use refund::{HandRefund, RefundByHand};
pub use reprice::RepriceOrder;
pub use returns::{Decision, Returns};
