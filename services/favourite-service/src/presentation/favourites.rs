//! Wishes over HTTP. `/api/favorites` is another spelling of all this.

use std::sync::Arc;

use config::id::{ProductId, UserId};
use config::jwt_auth::{AccessToken, SignedIn};
use config::page::{Page, Paging};
use config::problem::{ApiError, Body, Fields, InvalidFields, OptionalBody};
use config::response::NoContent;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};

use super::dto::{Favourite, FavouriteChange, MoveRequest, MovedDto, NewFavourite, list};
use crate::application::{FavouriteError, ManageWishes, MoveToCart, Moved, WishReader};
use crate::domain::ListName;

/// Wishes.
pub struct FavouriteApi {
    pub(crate) wishes: ManageWishes,
    pub(crate) cart: MoveToCart,
    pub(crate) reader: Arc<dyn WishReader>,
}

/// A wish, new or not.
#[derive(ApiResponse)]
enum Added {
    /// It is on the list now.
    #[oai(status = 201)]
    Created(Json<Favourite>),
    /// The user wishes it already; all stays as it was.
    #[oai(status = 200)]
    There(Json<Favourite>),
}

#[OpenApi]
impl FavouriteApi {
    /// Wish a product
    #[oai(path = "/api/favourites", method = "post")]
    async fn add(&self, caller: SignedIn, body: Body<NewFavourite>) -> Result<Added, ApiError> {
        let request = body.parse()?;
        let user = caller.acting_for(body.user_id)?;
        let is_new = self.wishes.add(user, &request).await?;
        let favourite = Json(self.wish(user, &request.product_id).await?);
        Ok(if is_new { Added::Created(favourite) } else { Added::There(favourite) })
    }

    /// The caller's wishes, newest first
    #[oai(path = "/api/favourites", method = "get")]
    async fn own(
        &self,
        caller: SignedIn,
        /// Only those on the list of this name
        list: Query<Option<String>>,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<Favourite>>, ApiError> {
        let (list, paging) = asked_for(list.as_deref(), skip.0, limit.0, cursor.as_deref())?;
        self.page(caller.user_id, list.as_ref(), paging).await
    }

    /// A user's wishes, newest first; `id` is the user's
    #[oai(path = "/api/favourites/:id", method = "get")]
    async fn of_user(
        &self,
        caller: SignedIn,
        id: Path<u64>,
        /// Only those on the list of this name
        list: Query<Option<String>>,
        skip: Query<Option<i64>>,
        /// 1 to 100
        limit: Query<Option<i64>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<Page<Favourite>>, ApiError> {
        let user = caller.acting_for(Some(id.0))?;
        let (list, paging) = asked_for(list.as_deref(), skip.0, limit.0, cursor.as_deref())?;
        self.page(user, list.as_ref(), paging).await
    }

    /// Write another note, or move the wish to another list; `id` is the user's
    #[oai(path = "/api/favourites/:id/:product_id", method = "put")]
    async fn change(
        &self,
        caller: SignedIn,
        id: Path<u64>,
        product_id: Path<String>,
        body: Body<FavouriteChange>,
    ) -> Result<Json<Favourite>, ApiError> {
        let user = caller.acting_for(Some(id.0))?;
        let product = ProductId::in_path(&product_id)?;
        self.wishes.change(user, &product, &body.parse()?).await?;
        Ok(Json(self.wish(user, &product).await?))
    }

    /// Wish it no longer; `id` is the user's
    #[oai(path = "/api/favourites/:id/:product_id", method = "delete")]
    async fn remove(
        &self,
        caller: SignedIn,
        id: Path<u64>,
        product_id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let user = caller.acting_for(Some(id.0))?;
        self.wishes.remove(user, &ProductId::in_path(&product_id)?).await?;
        Ok(NoContent::NoContent)
    }

    /// Put a product that the caller wishes into the caller's cart; `id` is the product's
    ///
    /// It is off the list once it is in the cart. When this is interrupted it is on both, and can be sent again.
    #[oai(path = "/api/favourites/:id/move-to-cart", method = "post")]
    async fn move_to_cart(
        &self,
        caller: SignedIn,
        token: AccessToken,
        id: Path<String>,
        body: OptionalBody<MoveRequest>,
    ) -> Result<Json<MovedDto>, ApiError> {
        let quantity = body.0.map_or(Ok(1), |body| body.parse())?;
        let product = ProductId::in_path(&id)?;
        self.cart.one(caller.user_id, &token, &product, quantity).await.map_err(refused)?;
        Ok(Json(Moved { moved: vec![product], left: Vec::new() }.into()))
    }
}

impl FavouriteApi {
    async fn wish(&self, user: UserId, product: &ProductId) -> Result<Favourite, ApiError> {
        let wish = self.reader.wish(user, product).await?;
        Ok(wish.ok_or_else(|| FavouriteError::NotFound(product.clone()))?.into())
    }

    async fn page(
        &self,
        user: UserId,
        list: Option<&ListName>,
        paging: Paging,
    ) -> Result<Json<Page<Favourite>>, ApiError> {
        let slice = self.reader.wishes(user, list, paging).await?;
        Ok(Json(Page::new(slice, paging, |shown| shown.wish.id.get(), Favourite::from)))
    }
}

/// The list that is named, if one is, and which part of it.
fn asked_for(
    name: Option<&str>,
    skip: Option<i64>,
    limit: Option<i64>,
    cursor: Option<&str>,
) -> Result<(Option<ListName>, Paging), InvalidFields> {
    let mut fields = Fields::default();
    let name = fields.check("list", list(name));
    let paging = Paging::check(&mut fields, skip, limit, cursor);
    fields.finish(|| Some((name?, paging?)))
}

/// What the cart refuses is the client's to know.
pub(super) fn refused(error: FavouriteError) -> ApiError {
    match &error {
        FavouriteError::Cart(cart) => match cart.rejection() {
            Some((status, problem)) => ApiError::passed_on(status, problem),
            None => error.into(),
        },
        _ => error.into(),
    }
}
