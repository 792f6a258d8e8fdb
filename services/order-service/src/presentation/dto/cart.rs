//! Carts as clients see them.

use config::money::Amount;
use config::problem::InvalidFields;
use poem_openapi::Object;

use crate::application::{CartLine, CartView};
use crate::domain::{CartId, CartKey, Quantity};

/// A cart.
#[derive(Debug, Clone, Object)]
pub struct CartDto {
    /// A guest's cart is known by this; to be sent back as `X-Cart-Id`. Null for members and before the first
    /// product.
    pub cart_id: Option<String>,
    pub items: Vec<CartItemDto>,
    pub count: u64,
    /// What all that can be ordered costs; null when there is nothing, or in more than one currency.
    pub subtotal: Option<Amount>,
    pub currency: Option<String>,
}

/// A product in a cart, with today's price.
#[derive(Debug, Clone, Object)]
pub struct CartItemDto {
    pub product_id: String,
    pub product_name: Option<String>,
    pub quantity: u32,
    /// Of one.
    pub price: Option<Amount>,
    pub currency: Option<String>,
    pub total: Option<Amount>,
    /// Whether it is no longer sold.
    pub unavailable: bool,
}

impl From<&CartLine> for CartItemDto {
    fn from(line: &CartLine) -> Self {
        let product = line.product.as_deref();
        Self {
            product_id: line.item.product_id.to_string(),
            product_name: product.map(|product| product.name.clone()),
            quantity: line.item.quantity.get(),
            price: product.map(|product| product.price.into()),
            currency: product.map(|product| product.price.currency().to_string()),
            total: line.total().map(Into::into),
            unavailable: line.on_sale().is_none(),
        }
    }
}

impl From<&CartView> for CartDto {
    fn from(cart: &CartView) -> Self {
        let subtotal = cart.subtotal();
        let cart_id = match cart.key {
            Some(CartKey::Guest(id)) => Some(id.to_string()),
            Some(CartKey::Member(_)) | None => None,
        };
        Self {
            cart_id,
            items: cart.lines.iter().map(CartItemDto::from).collect(),
            count: cart.lines.len() as u64,
            subtotal: subtotal.map(Into::into),
            currency: subtotal.map(|sum| sum.currency().to_string()),
        }
    }
}

/// How many of a product are wanted.
#[derive(Debug, Clone, Object)]
pub struct CartItemRequest {
    /// 1 to 10 000.
    pub quantity: i64,
}

impl CartItemRequest {
    pub fn parse(self) -> Result<Quantity, InvalidFields> {
        Quantity::new(self.quantity)
            .map_err(|error| InvalidFields::one("quantity", "invalid", error.to_string()))
    }
}

/// A guest's cart.
#[derive(Debug, Clone, Object)]
pub struct MergeRequest {
    pub cart_id: String,
}

impl MergeRequest {
    pub fn parse(self) -> Result<CartId, InvalidFields> {
        self.cart_id.parse().map_err(|error| InvalidFields::one("cart_id", "invalid", format!("{error}")))
    }
}
