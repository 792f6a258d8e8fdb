//! Lists: making, renaming, removing, sharing.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use config::clock::Clock;
use config::database::{Begin, StoreError, retrying};
use config::id::UserId;

use super::{FavouriteError, Store};
use crate::domain::{List, ListId, ListName, ShareToken};

/// Manages a user's lists.
#[derive(Clone)]
pub struct ManageLists {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl ManageLists {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    pub async fn add(&self, user: UserId, name: &ListName) -> Result<ListId, FavouriteError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let id = create_list(tx.as_mut(), user, name, self.clock.now()).await?;
            tx.commit().await?;
            Ok(id)
        })
        .await
    }

    pub async fn rename(&self, user: UserId, id: ListId, name: &ListName) -> Result<(), FavouriteError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let list = locked(tx.as_mut(), user, id).await?;
            if list.name != *name {
                not_default(&list)?;
                tx.rename_list(id, name).await.map_err(|error| taken(error, name))?;
                tx.commit().await?;
            }
            Ok(())
        })
        .await
    }

    pub async fn remove(&self, user: UserId, id: ListId) -> Result<(), FavouriteError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            let list = locked(tx.as_mut(), user, id).await?;
            not_default(&list)?;
            tx.remove_list(user, id).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    /// Lets everybody who knows the token read the list. A list that is shared already keeps its token.
    pub async fn share(&self, user: UserId, id: ListId) -> Result<ShareToken, FavouriteError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            if let Some(token) = locked(tx.as_mut(), user, id).await?.share_token {
                return Ok(token);
            }
            let token = ShareToken::from_random(rand::random());
            tx.share_list(id, Some(&token)).await?;
            tx.commit().await?;
            Ok(token)
        })
        .await
    }

    /// The token is worth nothing from then on.
    pub async fn unshare(&self, user: UserId, id: ListId) -> Result<(), FavouriteError> {
        retrying(|| async {
            let mut tx = self.store.begin().await?;
            locked(tx.as_mut(), user, id).await?;
            tx.share_list(id, None).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}

pub(super) async fn create_list(
    tx: &mut dyn Store,
    user: UserId,
    name: &ListName,
    now: DateTime<Utc>,
) -> Result<ListId, FavouriteError> {
    if !tx.take_list_place(user).await? {
        return Err(FavouriteError::TooManyLists);
    }
    tx.add_list(user, name, now).await.map_err(|error| taken(error, name))
}

async fn locked(tx: &mut dyn Store, user: UserId, id: ListId) -> Result<List, FavouriteError> {
    tx.list_for_update(user, id).await?.ok_or(FavouriteError::NoList(id))
}

fn not_default(list: &List) -> Result<(), FavouriteError> {
    if list.name.is_default() { Err(FavouriteError::DefaultStays) } else { Ok(()) }
}

fn taken(error: StoreError, name: &ListName) -> FavouriteError {
    match error.violates("lists_name") {
        true => FavouriteError::ListExists(name.clone()),
        false => error.into(),
    }
}
