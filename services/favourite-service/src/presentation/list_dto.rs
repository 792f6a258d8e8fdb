//! Lists as they travel over HTTP.

use chrono::{DateTime, Utc};
use config::money::Amount;
use config::page::Page;
use config::problem::InvalidFields;
use poem_openapi::Object;

use crate::application::ShownWish;
use crate::domain::{List, ListName, ShareToken};

/// A list's name.
#[derive(Debug, Object)]
pub struct ListNameDto {
    /// 1 to 60 characters, and not that of another list.
    pub name: String,
}

impl ListNameDto {
    pub fn parse(&self) -> Result<ListName, InvalidFields> {
        ListName::new(&self.name).map_err(|error| InvalidFields::one("name", "invalid", error.to_string()))
    }
}

/// A list.
#[derive(Debug, Object)]
pub struct ListDto {
    pub id: u64,
    pub name: String,
    /// How many products are on it.
    pub items: u32,
    /// Whether whoever knows its link can read it.
    pub shared: bool,
    pub share_token: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl From<List> for ListDto {
    fn from(list: List) -> Self {
        Self {
            id: list.id.get(),
            name: list.name.as_str().to_owned(),
            items: list.items,
            shared: list.share_token.is_some(),
            share_token: list.share_token.map(|token| token.as_str().to_owned()),
            created_at: list.created_at,
        }
    }
}

/// A link that shows the list to whoever knows it.
#[derive(Debug, Object)]
pub struct ShareDto {
    pub token: String,
    /// Below the shop's address.
    pub path: String,
}

impl From<ShareToken> for ShareDto {
    fn from(token: ShareToken) -> Self {
        let token = token.as_str().to_owned();
        Self { path: format!("/api/favourites/shared/{token}"), token }
    }
}

/// A list as others see it: nothing of whose it is, nor what was noted.
#[derive(Debug, Object)]
pub struct SharedListDto {
    pub name: String,
    #[oai(flatten)]
    pub page: Page<SharedItem>,
}

/// A product on a shared list.
#[derive(Debug, Object)]
pub struct SharedItem {
    pub product_id: String,
    pub product_name: String,
    pub price: Option<Amount>,
    pub currency: Option<String>,
    pub in_stock: bool,
}

impl From<ShownWish> for SharedItem {
    fn from(ShownWish { product, .. }: ShownWish) -> Self {
        Self {
            in_stock: product.is_available(),
            product_id: product.id.to_string(),
            product_name: product.name,
            price: product.price.map(Into::into),
            currency: product.price.map(|price| price.currency().to_string()),
        }
    }
}
