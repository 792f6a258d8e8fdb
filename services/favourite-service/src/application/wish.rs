//! Wishing, and ceasing to.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::id::{ProductId, UserId};

use super::lists::create_list;
use super::{Catalogue, FavouriteError, FollowProduct, NewWish, Store, WishReader};
use crate::domain::{Known, ListId, ListName, Note, Wish};

/// What a user wishes.
#[derive(Debug, Clone)]
pub struct WishRequest {
    pub product_id: ProductId,
    pub list: ListName,
    pub note: Option<Note>,
}

/// What a user changes about a wish; the rest stays. An inner `None` takes the note away.
#[derive(Debug, Clone)]
pub struct ChangeWish {
    pub list: Option<ListName>,
    pub note: Option<Option<Note>>,
}

/// Adds, changes and removes wishes.
#[derive(Clone)]
pub struct ManageWishes {
    store: Arc<dyn Begin<dyn Store>>,
    reader: Arc<dyn WishReader>,
    catalogue: Arc<dyn Catalogue>,
    follow: FollowProduct,
    clock: Arc<dyn Clock>,
}

impl ManageWishes {
    pub fn new(
        store: Arc<dyn Begin<dyn Store>>,
        reader: Arc<dyn WishReader>,
        catalogue: Arc<dyn Catalogue>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let follow = FollowProduct::new(store.clone());
        Self { store, reader, catalogue, follow, clock }
    }

    /// `false` when the user wishes the product already, and then all stays as it is.
    pub async fn add(&self, user: UserId, request: &WishRequest) -> Result<bool, FavouriteError> {
        self.require(&request.product_id).await?;
        retrying(|| self.insert(user, request)).await
    }

    async fn insert(&self, user: UserId, request: &WishRequest) -> Result<bool, FavouriteError> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let product = tx.product_kept(&request.product_id).await?;
        let known = product.as_ref().and_then(Known::of);
        let known = known.ok_or_else(|| FavouriteError::NoProduct(request.product_id.clone()))?;
        if tx.wish_for_update(user, &request.product_id).await?.is_some() {
            return Ok(false);
        }
        let list_id = self.list(tx.as_mut(), user, &request.list).await?;
        let wish = NewWish {
            user_id: user,
            list_id,
            product_id: request.product_id.clone(),
            note: request.note.clone(),
            known,
        };
        // The same request may have come twice at once.
        if !tx.add_wish(&wish, now).await? {
            return Ok(false);
        }
        take_place(tx.as_mut(), list_id).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The user's list of this name, which is made when there is none.
    async fn list(
        &self,
        tx: &mut dyn Store,
        user: UserId,
        name: &ListName,
    ) -> Result<ListId, FavouriteError> {
        if let Some(id) = tx.list_named(user, name).await? {
            return Ok(id);
        }
        match create_list(tx, user, name, self.clock.now()).await {
            // Somebody made it this very moment: the next attempt finds it.
            Err(FavouriteError::ListExists(_)) => Err(StoreError::Contended("the list is new".into()).into()),
            created => created,
        }
    }

    /// Asks for a product that was created a moment ago.
    async fn require(&self, id: &ProductId) -> Result<(), FavouriteError> {
        if self.reader.knows_price(id).await? {
            return Ok(());
        }
        let facts = self.catalogue.product(id).await.map_err(FavouriteError::Catalogue)?;
        let facts = facts.ok_or_else(|| FavouriteError::NoProduct(id.clone()))?;
        self.follow.catalogue(&facts).await
    }

    /// Writes another note, or moves the wish to another list.
    pub async fn change(
        &self,
        user: UserId,
        product: &ProductId,
        change: &ChangeWish,
    ) -> Result<(), FavouriteError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let mut wish = locked(tx.as_mut(), user, product).await?;
            if let Some(note) = &change.note {
                wish.note.clone_from(note);
            }
            if let Some(name) = &change.list {
                let (from, to) = (wish.list_id, self.list(tx.as_mut(), user, name).await?);
                if from != to {
                    take_place(tx.as_mut(), to).await?;
                    tx.give_item_place(from).await?;
                    wish.list_id = to;
                }
            }
            tx.save_wish(&wish).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    pub async fn remove(&self, user: UserId, product: &ProductId) -> Result<(), FavouriteError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let wish = locked(tx.as_mut(), user, product).await?;
            tx.remove_wish(wish.id).await?;
            tx.give_item_place(wish.list_id).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}

async fn locked(tx: &mut dyn Store, user: UserId, product: &ProductId) -> Result<Wish, FavouriteError> {
    let wish = tx.wish_for_update(user, product).await?;
    wish.ok_or_else(|| FavouriteError::NotFound(product.clone()))
}

async fn take_place(tx: &mut dyn Store, list: ListId) -> Result<(), FavouriteError> {
    if tx.take_item_place(list).await? {
        return Ok(());
    }
    match tx.list_exists(list).await? {
        true => Err(FavouriteError::ListFull),
        // It was removed this very moment: the next attempt makes it anew.
        false => Err(StoreError::Contended("the list is gone".into()).into()),
    }
}
