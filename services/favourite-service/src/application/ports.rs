//! What the use cases need from the world outside.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use config::database::{StoreError, UnitOfWork};
use config::id::{ProductId, UserId};
use config::jwt_auth::AccessToken;
use config::page::{Paging, Slice};
use config::registry::CallError;

use super::CatalogueFacts;
use crate::domain::{Known, List, ListId, ListName, Note, Product, ShareToken, Wish, WishId};

/// A wish before it has a number.
#[derive(Debug, Clone)]
pub struct NewWish {
    pub user_id: UserId,
    pub list_id: ListId,
    pub product_id: ProductId,
    pub note: Option<Note>,
    /// What the product costs, and how often it has come back.
    pub known: Known,
}

/// Lists, as a unit of work changes them.
#[async_trait]
pub trait Lists: Send {
    async fn list_named(&mut self, user: UserId, name: &ListName) -> Result<Option<ListId>, StoreError>;
    /// The user's list, locked until the end.
    async fn list_for_update(&mut self, user: UserId, id: ListId) -> Result<Option<List>, StoreError>;
    /// Counts one list more, unless the user has as many as there may be: `false`.
    async fn take_list_place(&mut self, user: UserId) -> Result<bool, StoreError>;
    /// Violates `lists_name` when there is one of that name.
    async fn add_list(
        &mut self,
        user: UserId,
        name: &ListName,
        now: DateTime<Utc>,
    ) -> Result<ListId, StoreError>;
    /// Violates `lists_name` when there is one of that name.
    async fn rename_list(&mut self, id: ListId, name: &ListName) -> Result<(), StoreError>;
    async fn share_list(&mut self, id: ListId, token: Option<&ShareToken>) -> Result<(), StoreError>;
    /// Removes a locked list with its wishes.
    async fn remove_list(&mut self, user: UserId, id: ListId) -> Result<(), StoreError>;
    /// Counts one wish more, unless the list is full or gone: `false`.
    async fn take_item_place(&mut self, id: ListId) -> Result<bool, StoreError>;
    async fn give_item_place(&mut self, id: ListId) -> Result<(), StoreError>;
    async fn list_exists(&mut self, id: ListId) -> Result<bool, StoreError>;
    /// Removes all of the user's lists with their wishes.
    async fn forget_user(&mut self, user: UserId) -> Result<(), StoreError>;
}

/// Wishes, as a unit of work changes them.
#[async_trait]
pub trait Wishes: Send {
    /// `false` when the user wishes the product already.
    async fn add_wish(&mut self, wish: &NewWish, now: DateTime<Utc>) -> Result<bool, StoreError>;
    /// The wish, locked until the end.
    async fn wish_for_update(
        &mut self,
        user: UserId,
        product: &ProductId,
    ) -> Result<Option<Wish>, StoreError>;
    /// Writes the list and the note of a locked wish.
    async fn save_wish(&mut self, wish: &Wish) -> Result<(), StoreError>;
    async fn remove_wish(&mut self, id: WishId) -> Result<(), StoreError>;
}

/// What is known of products, as a unit of work changes it.
#[async_trait]
pub trait Products: Send {
    /// The products, at least one, locked until the end. Those that there weren't are there now, and empty.
    async fn products_for_update(
        &mut self,
        ids: &BTreeSet<&ProductId>,
    ) -> Result<BTreeMap<ProductId, Product>, StoreError>;
    /// Writes locked products, at least one.
    async fn save_products(&mut self, products: &[&Product]) -> Result<(), StoreError>;
    /// The product, kept from changing until the end: a wish begins with what is known at its commit.
    async fn product_kept(&mut self, id: &ProductId) -> Result<Option<Product>, StoreError>;
    async fn product(&mut self, id: &ProductId) -> Result<Option<Product>, StoreError>;
    /// Has everybody who wishes the product gone through, from the first.
    async fn begin_round(&mut self, id: &ProductId) -> Result<(), StoreError>;
}

/// Somebody who wishes a product.
#[derive(Debug, Clone)]
pub struct Wisher {
    pub wish: WishId,
    pub user_id: UserId,
    pub known: Known,
}

/// Rounds, as a unit of work goes on with them.
#[async_trait]
pub trait Rounds: Send {
    /// A round that no other instance has in hand, locked, and the wish after which it goes on.
    async fn round(&mut self) -> Result<Option<(ProductId, WishId)>, StoreError>;
    /// The next who wish the product, locked.
    async fn wishers(
        &mut self,
        product: &ProductId,
        after: WishId,
        limit: u32,
    ) -> Result<Vec<Wisher>, StoreError>;
    async fn save_known(&mut self, wish: WishId, known: Known) -> Result<(), StoreError>;
    async fn round_is_at(&mut self, product: &ProductId, after: WishId) -> Result<(), StoreError>;
    async fn end_round(&mut self, product: &ProductId) -> Result<(), StoreError>;
}

/// A unit of work of this service.
pub trait Store: UnitOfWork + Lists + Wishes + Products + Rounds {}
impl<T: UnitOfWork + Lists + Wishes + Products + Rounds> Store for T {}

/// A wish with what is shown beside it.
#[derive(Debug, Clone)]
pub struct ShownWish {
    pub wish: Wish,
    pub list: ListName,
    pub product: Product,
}

/// Wishes and lists, as they are read outside a unit of work.
#[async_trait]
pub trait WishReader: Send + Sync {
    async fn wish(&self, user: UserId, product: &ProductId) -> Result<Option<ShownWish>, StoreError>;
    /// Newest first; of one list, or of all.
    async fn wishes(
        &self,
        user: UserId,
        list: Option<&ListName>,
        paging: Paging,
    ) -> Result<Slice<ShownWish>, StoreError>;
    async fn of_list(&self, list: ListId, paging: Paging) -> Result<Slice<ShownWish>, StoreError>;
    /// There are few.
    async fn lists(&self, user: UserId) -> Result<Vec<List>, StoreError>;
    async fn list(&self, user: UserId, id: ListId) -> Result<Option<List>, StoreError>;
    async fn shared_list(&self, token: &ShareToken) -> Result<Option<List>, StoreError>;
    async fn knows_price(&self, product: &ProductId) -> Result<bool, StoreError>;
}

/// The catalogue itself, for products that no event has told of yet.
#[async_trait]
pub trait Catalogue: Send + Sync {
    async fn product(&self, id: &ProductId) -> Result<Option<CatalogueFacts>, CallError>;
}

/// The caller's cart, at order-service.
#[async_trait]
pub trait Carts: Send + Sync {
    /// What is in it.
    async fn quantities(&self, token: &AccessToken) -> Result<Vec<(ProductId, u32)>, CallError>;
    /// Sets how many of a product are wanted; the same again changes nothing.
    async fn put(&self, token: &AccessToken, product: &ProductId, quantity: u32) -> Result<(), CallError>;
}
