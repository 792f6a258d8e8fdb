//! The caller's address book.

use std::sync::Arc;

use config::jwt_auth::SignedIn;
use config::problem::{ApiError, Body};
use config::response::{Created, NoContent};
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;

use crate::application::{AccountError, AddressBook, UserReader};
use crate::domain::AddressId;
use crate::presentation::dto::{AddressBookDto, AddressDto, AddressEntryDto};

/// Address books.
pub struct AddressesApi {
    pub(crate) book: AddressBook,
    pub(crate) users: Arc<dyn UserReader>,
}

#[OpenApi]
impl AddressesApi {
    /// The caller's addresses, at most 20
    #[oai(path = "/api/users/me/addresses", method = "get")]
    async fn list(&self, caller: SignedIn) -> Result<Json<AddressBookDto>, ApiError> {
        let addresses = self.users.addresses(caller.user_id).await?;
        Ok(Json(addresses.into()))
    }

    /// Add an address; the first one becomes the default
    #[oai(path = "/api/users/me/addresses", method = "post")]
    async fn add(
        &self,
        caller: SignedIn,
        body: Body<AddressEntryDto>,
    ) -> Result<Created<AddressDto>, ApiError> {
        let (entry, default) = body.0.parse()?;
        Ok(Created::new(self.book.add(caller.user_id, &entry, default).await?.into()))
    }

    /// One of the caller's addresses
    #[oai(path = "/api/users/me/addresses/:id", method = "get")]
    async fn get(&self, caller: SignedIn, id: Path<u64>) -> Result<Json<AddressDto>, ApiError> {
        let id = AddressId::new(id.0);
        let book = self.users.addresses(caller.user_id).await?;
        let address = book.into_iter().find(|address| address.id == id);
        Ok(Json(address.ok_or(AccountError::NoAddress(id))?.into()))
    }

    /// Change an address
    #[oai(path = "/api/users/me/addresses/:id", method = "put")]
    async fn change(
        &self,
        caller: SignedIn,
        id: Path<u64>,
        body: Body<AddressEntryDto>,
    ) -> Result<Json<AddressDto>, ApiError> {
        let (entry, default) = body.0.parse()?;
        let changed = self.book.change(caller.user_id, AddressId::new(id.0), &entry, default).await?;
        Ok(Json(changed.into()))
    }

    /// Remove an address; when it was the default, the oldest of the others becomes it
    #[oai(path = "/api/users/me/addresses/:id", method = "delete")]
    async fn remove(&self, caller: SignedIn, id: Path<u64>) -> Result<NoContent, ApiError> {
        self.book.remove(caller.user_id, AddressId::new(id.0)).await?;
        Ok(NoContent::NoContent)
    }

    /// Make an address the default
    #[oai(path = "/api/users/me/addresses/:id/default", method = "put")]
    async fn make_default(&self, caller: SignedIn, id: Path<u64>) -> Result<Json<AddressDto>, ApiError> {
        Ok(Json(self.book.make_default(caller.user_id, AddressId::new(id.0)).await?.into()))
    }
}
