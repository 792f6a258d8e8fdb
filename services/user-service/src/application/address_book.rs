//! The address book.

use std::sync::Arc;

use config::clock::Clock;
use config::database::{Begin, retrying};
use config::id::UserId;

use super::{AccountError, Store};
use crate::domain::{Address, AddressEntry, AddressId, MAX_ADDRESSES};

/// Changes address books. The user's row is locked, so one book changes at one place at a time.
pub struct AddressBook {
    store: Arc<dyn Begin<dyn Store>>,
    clock: Arc<dyn Clock>,
}

impl AddressBook {
    pub fn new(store: Arc<dyn Begin<dyn Store>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The first one becomes the default whatever is wished.
    pub async fn add(
        &self,
        user: UserId,
        entry: &AddressEntry,
        default: bool,
    ) -> Result<Address, AccountError> {
        retrying(|| async {
            let (mut tx, book) = self.open(user).await?;
            if book.len() >= MAX_ADDRESSES {
                return Err(AccountError::AddressBookFull);
            }
            let is_default = default || book.is_empty();
            let id = tx.add_address(user, entry, self.clock.now()).await?;
            if is_default {
                tx.set_default_address(user, id).await?;
            }
            tx.commit().await?;
            Ok(Address { id, entry: entry.clone(), is_default })
        })
        .await
    }

    /// There always is a default: another one takes its place, it isn't given up.
    pub async fn change(
        &self,
        user: UserId,
        id: AddressId,
        entry: &AddressEntry,
        default: bool,
    ) -> Result<Address, AccountError> {
        retrying(|| async {
            let (mut tx, book) = self.open(user).await?;
            let old = find(&book, id)?;
            tx.save_address(id, entry).await?;
            if default {
                tx.set_default_address(user, id).await?;
            }
            tx.commit().await?;
            Ok(Address { id, entry: entry.clone(), is_default: old.is_default || default })
        })
        .await
    }

    pub async fn make_default(&self, user: UserId, id: AddressId) -> Result<Address, AccountError> {
        retrying(|| async {
            let (mut tx, book) = self.open(user).await?;
            let address = find(&book, id)?;
            tx.set_default_address(user, id).await?;
            tx.commit().await?;
            Ok(Address { is_default: true, ..address.clone() })
        })
        .await
    }

    /// When it was the default, the oldest of the others takes its place.
    pub async fn remove(&self, user: UserId, id: AddressId) -> Result<(), AccountError> {
        retrying(|| async {
            let (mut tx, book) = self.open(user).await?;
            let address = find(&book, id)?;
            tx.remove_address(id).await?;
            if let Some(next) = book.iter().find(|other| address.is_default && other.id != id) {
                tx.set_default_address(user, next.id).await?;
            }
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    async fn open(&self, user: UserId) -> Result<(Box<dyn Store>, Vec<Address>), AccountError> {
        let mut tx = self.store.begin().await?;
        tx.user_for_update(user).await?.ok_or(AccountError::NotFound(user))?;
        let book = tx.address_book(user).await?;
        Ok((tx, book))
    }
}

fn find(book: &[Address], id: AddressId) -> Result<&Address, AccountError> {
    book.iter().find(|address| address.id == id).ok_or(AccountError::NoAddress(id))
}
