//! Lists over HTTP.

use std::sync::Arc;

use config::id::UserId;
use config::jwt_auth::{AccessToken, SignedIn};
use config::page::{Page, Paging};
use config::problem::{ApiError, Body};
use config::response::{Created, NoContent};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;

use super::dto::MovedDto;
use super::favourites::refused;
use super::list_dto::{ListDto, ListNameDto, ShareDto, SharedItem, SharedListDto};
use crate::application::{FavouriteError, ManageLists, MoveToCart, WishReader};
use crate::domain::ListId;

/// Lists.
pub struct ListApi {
    pub(crate) lists: ManageLists,
    pub(crate) cart: MoveToCart,
    pub(crate) reader: Arc<dyn WishReader>,
}

#[OpenApi]
impl ListApi {
    /// The caller's lists; there are at most 50
    #[oai(path = "/api/favourites/lists", method = "get")]
    async fn all(&self, caller: SignedIn) -> Result<Json<Page<ListDto>>, ApiError> {
        let items: Vec<_> = self.reader.lists(caller.user_id).await?.into_iter().map(ListDto::from).collect();
        let count = items.len() as u64;
        Ok(Json(Page { items, count, total: count, next_cursor: None }))
    }

    /// Make a list
    #[oai(path = "/api/favourites/lists", method = "post")]
    async fn add(&self, caller: SignedIn, body: Body<ListNameDto>) -> Result<Created<ListDto>, ApiError> {
        let id = self.lists.add(caller.user_id, &body.parse()?).await?;
        Ok(Created::new(self.list(caller.user_id, id).await?))
    }

    /// One of the caller's lists
    #[oai(path = "/api/favourites/lists/:id", method = "get")]
    async fn get(&self, caller: SignedIn, id: Path<u64>) -> Result<Json<ListDto>, ApiError> {
        Ok(Json(self.list(caller.user_id, ListId::new(id.0)).await?))
    }

    /// Give a list another name
    #[oai(path = "/api/favourites/lists/:id", method = "put")]
    async fn rename(
        &self,
        caller: SignedIn,
        id: Path<u64>,
        body: Body<ListNameDto>,
    ) -> Result<Json<ListDto>, ApiError> {
        let id = ListId::new(id.0);
        self.lists.rename(caller.user_id, id, &body.parse()?).await?;
        Ok(Json(self.list(caller.user_id, id).await?))
    }

    /// Remove a list with all that is on it
    #[oai(path = "/api/favourites/lists/:id", method = "delete")]
    async fn remove(&self, caller: SignedIn, id: Path<u64>) -> Result<NoContent, ApiError> {
        self.lists.remove(caller.user_id, ListId::new(id.0)).await?;
        Ok(NoContent::NoContent)
    }

    /// Let whoever knows the link read a list
    #[oai(path = "/api/favourites/lists/:id/share", method = "post")]
    async fn share(&self, caller: SignedIn, id: Path<u64>) -> Result<Json<ShareDto>, ApiError> {
        Ok(Json(self.lists.share(caller.user_id, ListId::new(id.0)).await?.into()))
    }

    /// Make the link worthless
    #[oai(path = "/api/favourites/lists/:id/share", method = "delete")]
    async fn unshare(&self, caller: SignedIn, id: Path<u64>) -> Result<NoContent, ApiError> {
        self.lists.unshare(caller.user_id, ListId::new(id.0)).await?;
        Ok(NoContent::NoContent)
    }

    /// A list that somebody shares; for everybody who knows the link
    #[oai(path = "/api/favourites/shared/:token", method = "get")]
    async fn shared(
        &self,
        token: Path<String>,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<SharedListDto>, ApiError> {
        let paging = Paging::parse(skip.0, limit.0, cursor.as_deref())?;
        // A text that can't be a token names no list.
        let token = token.parse().map_err(|_| FavouriteError::NotShared)?;
        let list = self.reader.shared_list(&token).await?.ok_or(FavouriteError::NotShared)?;
        let slice = self.reader.of_list(list.id, paging).await?;
        let page = Page::new(slice, paging, |shown| shown.wish.id.get(), SharedItem::from);
        Ok(Json(SharedListDto { name: list.name.as_str().to_owned(), page }))
    }

    /// Put one of each product of a list into the caller's cart
    ///
    /// What is in the cart is off the list; what the cart refuses stays, with the reason.
    #[oai(path = "/api/favourites/lists/:id/move-to-cart", method = "post")]
    async fn move_to_cart(
        &self,
        caller: SignedIn,
        token: AccessToken,
        id: Path<u64>,
    ) -> Result<Json<MovedDto>, ApiError> {
        let moved = self.cart.list(caller.user_id, &token, ListId::new(id.0)).await.map_err(refused)?;
        Ok(Json(moved.into()))
    }
}

impl ListApi {
    async fn list(&self, user: UserId, id: ListId) -> Result<ListDto, ApiError> {
        Ok(self.reader.list(user, id).await?.ok_or(FavouriteError::NoList(id))?.into())
    }
}
