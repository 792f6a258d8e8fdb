//! The services that are asked: product-service for products, order-service for the cart.

use async_trait::async_trait;
use config::id::ProductId;
use config::jwt_auth::AccessToken;
use config::money::{Currency, Money};
use config::registry::{CallError, ServiceClient};
use serde::{Deserialize, Serialize};

use crate::application::{Carts, Catalogue, CatalogueFacts};

/// The service that keeps the catalogue.
pub struct ProductService(ServiceClient);

impl ProductService {
    pub fn new(client: ServiceClient) -> Self {
        Self(client)
    }
}

#[derive(Deserialize)]
struct ProductDto {
    name: String,
    price_minor: i64,
    currency: String,
    status: String,
    stock: u64,
    version: u64,
}

#[async_trait]
impl Catalogue for ProductService {
    async fn product(&self, id: &ProductId) -> Result<Option<CatalogueFacts>, CallError> {
        let query = [("ids", id.as_str())];
        let found: Vec<ProductDto> = self.0.get("/internal/products").query(&query).send().await?;
        let Some(product) = found.into_iter().next() else { return Ok(None) };
        let invalid = |source| CallError::Invalid { service: "product-service", source };
        let currency: Currency = product.currency.parse().map_err(|error| invalid(Box::new(error)))?;
        Ok(Some(CatalogueFacts {
            id: id.clone(),
            name: product.name,
            price: Money::from_minor(product.price_minor, currency),
            active: product.status == "active",
            version: product.version,
            stock: product.stock,
            // It isn't said which one this is: whatever the stock keeper has told counts more.
            stock_version: 0,
        }))
    }
}

/// The service that keeps the carts.
pub struct CartService(ServiceClient);

impl CartService {
    pub fn new(client: ServiceClient) -> Self {
        Self(client)
    }
}

#[derive(Deserialize)]
struct Cart {
    items: Vec<CartItem>,
}

#[derive(Deserialize)]
struct CartItem {
    product_id: String,
    quantity: u32,
}

#[derive(Serialize)]
struct Wanted {
    quantity: u32,
}

#[async_trait]
impl Carts for CartService {
    async fn quantities(&self, token: &AccessToken) -> Result<Vec<(ProductId, u32)>, CallError> {
        let cart: Cart = self.0.get("/api/cart").bearer(token.expose()).send().await?;
        let item = |item: CartItem| Some((item.product_id.parse().ok()?, item.quantity));
        Ok(cart.items.into_iter().filter_map(item).collect())
    }

    async fn put(&self, token: &AccessToken, product: &ProductId, quantity: u32) -> Result<(), CallError> {
        let call = self.0.put(&format!("/api/cart/items/{product}")).bearer(token.expose());
        call.json(&Wanted { quantity }).send::<Cart>().await?;
        Ok(())
    }
}
