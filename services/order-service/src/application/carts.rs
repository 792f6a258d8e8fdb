//! Carts.

use std::sync::Arc;

use config::id::{ProductId, UserId};
use config::money::Money;
use config::problem::InvalidFields;

use super::{CartStore, Catalogue, OrderError};
use crate::domain::{CartId, CartItem, CartKey, Product, Quantity};

/// A product in a cart, as the catalogue has it now.
#[derive(Debug, Clone)]
pub struct CartLine {
    pub item: CartItem,
    /// `None`: the catalogue no longer knows it.
    pub product: Option<Arc<Product>>,
}

impl CartLine {
    /// The product, when it can be ordered.
    pub fn on_sale(&self) -> Option<&Product> {
        self.product.as_deref().filter(|product| product.on_sale)
    }

    /// What the line costs, when it can be ordered.
    pub fn total(&self) -> Option<Money> {
        self.on_sale()?.price.times(self.item.quantity.get()).ok()
    }
}

/// A cart with live prices.
#[derive(Debug, Clone)]
pub struct CartView {
    pub key: Option<CartKey>,
    pub lines: Vec<CartLine>,
}

impl CartView {
    /// What all that can be ordered costs; `None` when there is nothing, or in more than one currency.
    pub fn subtotal(&self) -> Option<Money> {
        let mut totals = self.lines.iter().filter_map(CartLine::total);
        let first = totals.next()?;
        totals.try_fold(first, Money::plus).ok()
    }
}

/// Keeps carts, of members and of guests.
#[derive(Clone)]
pub struct Carts {
    store: Arc<dyn CartStore>,
    catalogue: Arc<dyn Catalogue>,
}

impl Carts {
    pub fn new(store: Arc<dyn CartStore>, catalogue: Arc<dyn Catalogue>) -> Self {
        Self { store, catalogue }
    }

    /// Nobody's cart is empty.
    pub async fn show(&self, key: Option<CartKey>) -> Result<CartView, OrderError> {
        let Some(cart) = key else { return Ok(CartView { key, lines: Vec::new() }) };
        let items = self.store.items(cart).await?;
        let ids: Vec<_> = items.iter().map(|item| item.product_id.clone()).collect();
        let products = self.catalogue.products(&ids).await?;
        let line = |item: CartItem| {
            let product = products.iter().find(|product| product.id == item.product_id).cloned();
            CartLine { item, product }
        };
        Ok(CartView { key, lines: items.into_iter().map(line).collect() })
    }

    /// Sets how many of a product are wanted; a guest without a cart gets one.
    pub async fn put(
        &self,
        key: Option<CartKey>,
        product: &ProductId,
        quantity: Quantity,
    ) -> Result<CartView, OrderError> {
        let known = self.catalogue.products(std::slice::from_ref(product)).await?;
        if !known.iter().any(|known| known.on_sale) {
            return Err(
                InvalidFields::one("product_id", "unknown-product", "is not a product that is sold").into()
            );
        }
        let cart = key.unwrap_or_else(|| CartKey::Guest(CartId::random()));
        match self.store.put(cart, product, quantity).await? {
            true => self.show(Some(cart)).await,
            false => Err(OrderError::CartFull),
        }
    }

    pub async fn remove(&self, key: Option<CartKey>, product: &ProductId) -> Result<CartView, OrderError> {
        if let Some(cart) = key {
            self.store.remove(cart, product).await?;
        }
        self.show(key).await
    }

    pub async fn clear(&self, key: Option<CartKey>) -> Result<(), OrderError> {
        if let Some(cart) = key {
            self.store.clear(cart).await?;
        }
        Ok(())
    }

    /// What somebody put into a cart before signing in comes into theirs, once.
    pub async fn merge(&self, guest: CartId, member: UserId) -> Result<CartView, OrderError> {
        match self.store.merge(guest, member).await? {
            true => self.show(Some(CartKey::Member(member))).await,
            false => Err(OrderError::CartFull),
        }
    }
}
