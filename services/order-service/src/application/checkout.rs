//! Ordering what is in a cart.

use std::sync::Arc;

use config::id::UserId;
use config::problem::{InvalidFields, chain};

use super::{CartStore, OrderError, OrderRequest, PlaceOrder, Reply};
use crate::domain::{Actor, Basket, CartItem, CartKey, Order, OrderId};

/// Orders carts.
#[derive(Clone)]
pub struct Checkout {
    carts: Arc<dyn CartStore>,
    place: PlaceOrder,
}

impl Checkout {
    pub fn new(carts: Arc<dyn CartStore>, place: PlaceOrder) -> Self {
        Self { carts, place }
    }

    /// Places an order for what is in the member's cart; `request` says the rest.
    pub async fn run(
        &self,
        member: UserId,
        mut request: OrderRequest,
        reply: Option<Reply>,
    ) -> Result<Order, OrderError> {
        let items = self.carts.items(CartKey::Member(member)).await?;
        if items.is_empty() {
            return Err(OrderError::CartEmpty);
        }
        request.basket = Basket::default();
        for (position, CartItem { product_id, quantity }) in items.into_iter().enumerate() {
            let added = request.basket.add(position, product_id, quantity, None);
            added.map_err(|error| InvalidFields::one("items", "invalid", error.to_string()))?;
        }
        self.place.run(member, Actor::Customer(member), request, reply).await
    }

    /// Takes what was ordered out of the cart; what came in meanwhile stays. May be asked for again: the order
    /// counts, not the cart.
    pub async fn empty(&self, member: UserId, order: OrderId, ordered: &[CartItem]) {
        if let Err(error) = self.carts.take(member, order, ordered).await {
            tracing::warn!(order.id = order.get(), error = %chain(&error), "what was ordered stays in the cart");
        }
    }
}
