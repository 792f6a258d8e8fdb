//! What the service hears; docs/EVENTS.md.

use async_trait::async_trait;
use config::id::{NotAProductId, UserId};
use config::kafka::{Envelope, HandlerError, MessageHandler};
use config::money::{Amount, Currency, Money, MoneyError};
use config::problem::InvalidFields;
use serde::Deserialize;

use crate::application::{CatalogueFacts, FollowProduct, ForgetUser, StockLevel};

/// Follows the catalogue.
pub struct ProductEvents(FollowProduct);

impl ProductEvents {
    pub fn new(follow: FollowProduct) -> Self {
        Self(follow)
    }
}

#[derive(Deserialize)]
struct ProductChange {
    product_id: String,
    name: String,
    price: Amount,
    currency: String,
    status: String,
    #[serde(default)]
    stock: u64,
    #[serde(default)]
    stock_version: u64,
    version: u64,
}

#[async_trait]
impl MessageHandler for ProductEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        let product: ProductChange = match message.kind.as_str() {
            "product_created" | "product_updated" | "product_archived" => message.data()?,
            _ => return Ok(()),
        };
        let price = money(product.price, &product.currency);
        let price = price.map_err(|error| InvalidFields::one("price", "invalid", error.to_string()))?;
        let facts = CatalogueFacts {
            id: product.product_id.parse().map_err(bad_id)?,
            name: product.name,
            price,
            active: product.status == "active",
            version: product.version,
            stock: product.stock,
            stock_version: product.stock_version,
        };
        Ok(self.0.catalogue(&facts).await?)
    }
}

fn money(amount: Amount, currency: &str) -> Result<Money, MoneyError> {
    amount.in_currency(currency.parse::<Currency>()?)
}

/// Follows the stock keeper.
pub struct InventoryEvents(FollowProduct);

impl InventoryEvents {
    pub fn new(follow: FollowProduct) -> Self {
        Self(follow)
    }
}

#[derive(Deserialize)]
struct StockChange {
    product_id: String,
    available: u64,
    #[serde(default)]
    on_hand: Option<u64>,
    version: u64,
}

#[async_trait]
impl MessageHandler for InventoryEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        self.handle_all(std::slice::from_ref(message)).await
    }

    async fn handle_all(&self, messages: &[Envelope]) -> Result<(), HandlerError> {
        let mut levels = Vec::with_capacity(messages.len());
        for message in messages.iter().filter(|message| message.kind == "inventory_updated") {
            let StockChange { product_id, available, on_hand, version } = message.data()?;
            let id = product_id.parse().map_err(bad_id)?;
            levels.push(StockLevel { id, available, on_hand, version });
        }
        Ok(self.0.stock(&levels).await?)
    }
}

/// Hears who has left.
pub struct UserEvents(ForgetUser);

impl UserEvents {
    pub fn new(forget: ForgetUser) -> Self {
        Self(forget)
    }
}

#[derive(Deserialize)]
struct Deleted {
    user_id: u64,
}

#[async_trait]
impl MessageHandler for UserEvents {
    async fn handle(&self, message: &Envelope) -> Result<(), HandlerError> {
        if message.kind != "user_deleted" {
            return Ok(());
        }
        let Deleted { user_id } = message.data()?;
        Ok(self.0.run(UserId::new(user_id)).await?)
    }
}

fn bad_id(error: NotAProductId) -> InvalidFields {
    InvalidFields::one("product_id", "invalid", error.to_string())
}
