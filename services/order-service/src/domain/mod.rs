//! Orders, as rules and arithmetic.

mod actor;
mod basket;
mod cart;
mod order;
mod pricing;
mod status;
mod text;

pub use actor::Actor;
pub use basket::{Basket, BasketError, BasketLine, MAX_LINES, Quantity, QuantityError};
pub use cart::{CartId, CartItem, CartKey, MAX_CART_ITEMS};
pub use order::{AddressFixed, Delivery, NewOrder, Order, OrderLine};
pub use pricing::{Charges, Product, Totals, subtotal, weight_grams};
pub use status::{IllegalMove, Move, Status};
pub use text::{Address, Notes, PromotionCode, Reason, ShippingMethod, TextError};

config::ids! {
    /// An order.
    OrderId
}
