//! Wishes as they travel over HTTP.

use chrono::{DateTime, Utc};
use config::money::Amount;
use config::problem::{Fields, InvalidFields};
use config::text::TextError;
use poem_openapi::Object;

use crate::application::{ChangeWish, LeftOut, Moved, ShownWish, WishRequest};
use crate::domain::{ListName, Note};

/// What somebody wishes.
#[derive(Debug, Object)]
pub struct NewFavourite {
    pub product_id: String,
    /// The caller when not given; somebody else only by an admin.
    pub user_id: Option<u64>,
    /// The name of the list, up to 60 characters; `default` when not given. It is made when there is none.
    pub list: Option<String>,
    /// Up to 500 characters.
    pub note: Option<String>,
}

impl NewFavourite {
    pub fn parse(&self) -> Result<WishRequest, InvalidFields> {
        let mut fields = Fields::default();
        let product_id = fields.check("product_id", self.product_id.parse());
        let list = fields.check("list", list(self.list.as_deref()));
        let note = fields.check("note", Note::optional(self.note.as_deref().unwrap_or_default()));
        let list = list.map(Option::unwrap_or_default);
        fields.finish(|| Some(WishRequest { product_id: product_id?, list: list?, note: note? }))
    }
}

/// What changes; what isn't given stays, an empty note takes the note away.
#[derive(Debug, Object)]
pub struct FavouriteChange {
    /// The name of the list to move to; it is made when there is none.
    pub list: Option<String>,
    /// Up to 500 characters.
    pub note: Option<String>,
}

impl FavouriteChange {
    pub fn parse(&self) -> Result<ChangeWish, InvalidFields> {
        let mut fields = Fields::default();
        let list = fields.check("list", list(self.list.as_deref()));
        let note = fields.check("note", self.note.as_deref().map(Note::optional).transpose());
        fields.finish(|| Some(ChangeWish { list: list?, note: note? }))
    }
}

pub(super) fn list(name: Option<&str>) -> Result<Option<ListName>, TextError> {
    name.map(ListName::new).transpose()
}

/// How many are to go into the cart.
#[derive(Debug, Object)]
pub struct MoveRequest {
    /// 1 to 10 000; 1 when not given.
    pub quantity: Option<i64>,
}

impl MoveRequest {
    pub fn parse(&self) -> Result<u32, InvalidFields> {
        let quantity = u32::try_from(self.quantity.unwrap_or(1)).ok().filter(|n| (1..=10_000).contains(n));
        quantity.ok_or_else(|| InvalidFields::one("quantity", "invalid", "must be from 1 to 10000"))
    }
}

/// A wish, with what is known of the product now.
#[derive(Debug, Object)]
pub struct Favourite {
    pub id: u64,
    pub user_id: u64,
    pub product_id: String,
    pub product_name: String,
    pub list: String,
    pub list_id: u64,
    pub note: Option<String>,
    /// What it costs now.
    pub price: Option<Amount>,
    pub currency: Option<String>,
    /// Whether it can be ordered now.
    pub in_stock: bool,
    /// How many can be ordered now; null when nobody has said yet.
    pub stock: Option<u64>,
    /// Whether it is no longer sold.
    pub unavailable: bool,
    /// What it cost when it was wished.
    pub wished_price: Amount,
    pub wished_currency: String,
    /// Whether it costs less than when it was wished.
    pub price_dropped: bool,
    pub created_at: DateTime<Utc>,
}

impl From<ShownWish> for Favourite {
    fn from(ShownWish { wish, list, product }: ShownWish) -> Self {
        let same_currency = |price: &config::money::Money| price.currency() == wish.wished_price.currency();
        let comparable = product.price.filter(same_currency);
        Self {
            id: wish.id.get(),
            user_id: wish.user_id.get(),
            in_stock: product.is_available(),
            product_id: product.id.to_string(),
            product_name: product.name,
            list: list.as_str().to_owned(),
            list_id: wish.list_id.get(),
            note: wish.note.map(|note| note.as_str().to_owned()),
            price: product.price.map(Into::into),
            currency: product.price.map(|price| price.currency().to_string()),
            stock: product.available,
            unavailable: !product.active,
            wished_price: wish.wished_price.into(),
            wished_currency: wish.wished_price.currency().to_string(),
            price_dropped: comparable.is_some_and(|price| price.minor() < wish.wished_price.minor()),
            created_at: wish.created_at,
        }
    }
}

/// What came of moving products to the cart.
#[derive(Debug, Object)]
pub struct MovedDto {
    /// Products that are in the cart now, and off the list.
    pub moved: Vec<String>,
    /// Products that stay on the list.
    pub left: Vec<LeftOutDto>,
}

/// A product that the cart refused.
#[derive(Debug, Object)]
pub struct LeftOutDto {
    pub product_id: String,
    /// The cart's reason, for programs.
    pub code: String,
    pub detail: String,
}

impl From<Moved> for MovedDto {
    fn from(outcome: Moved) -> Self {
        let left = |LeftOut { product_id, code, detail }: LeftOut| LeftOutDto {
            product_id: product_id.to_string(),
            code,
            detail,
        };
        Self {
            moved: outcome.moved.iter().map(ToString::to_string).collect(),
            left: outcome.left.into_iter().map(left).collect(),
        }
    }
}
