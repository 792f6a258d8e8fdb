//! Orders, as rules and arithmetic.

mod actor;
mod address;
mod basket;
mod cart;
mod order;
mod pricing;
mod promotion;
mod returns;
mod status;
mod tax;
mod text;

pub use actor::Actor;
pub use address::Address;
pub use basket::{Basket, BasketError, BasketLine, MAX_LINES, Quantity, QuantityError};
pub use cart::{CartId, CartItem, CartKey, MAX_CART_ITEMS};
pub use order::{AddressFixed, Delivery, NewOrder, NotPending, Order, OrderLine, RefundRefusal};
pub use pricing::{Charges, Priced, Product, Totals, subtotal, weight_grams};
pub use promotion::{AppliedPromotion, Promoted};
pub use returns::{
    Comeback, IllegalReturnMove, NewReturn, Return, ReturnItem, ReturnRefusal, ReturnStatus, Wanting,
};
pub use status::{Due, IllegalMove, Move, Status};
pub use tax::{NotAPercentage, Percentage, TaxLine, TaxQuote};
pub use text::{AddressText, NotACode, Notes, PromotionCode, Reason, Reference, ShippingMethod};

config::ids! {
    /// An order.
    OrderId,
    /// A return of goods.
    ReturnId,
}
