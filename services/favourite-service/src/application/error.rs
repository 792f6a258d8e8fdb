//! What can go wrong.

use config::database::StoreError;
use config::id::ProductId;
use config::problem::{Facts, Fault, Kind};
use config::registry::CallError;

use crate::domain::{ListId, ListName, MAX_ITEMS, MAX_LISTS};

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum FavouriteError {
    #[error("there is no product {0}")]
    NoProduct(ProductId),
    #[error("product {0} is on none of the lists")]
    NotFound(ProductId),
    #[error("there is no list {0}")]
    NoList(ListId),
    #[error("there is no shared list here")]
    NotShared,
    #[error("there is a list called {} already", .0.as_str())]
    ListExists(ListName),
    #[error("nobody has more than {MAX_LISTS} lists")]
    TooManyLists,
    #[error("a list holds no more than {MAX_ITEMS} products")]
    ListFull,
    #[error("the list of wishes that name none keeps its name, and stays")]
    DefaultStays,
    #[error(transparent)]
    Catalogue(CallError),
    /// What the cart refuses is passed on to whoever asked.
    #[error(transparent)]
    Cart(CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Fault for FavouriteError {
    fn facts(&self) -> Facts {
        match self {
            Self::NoProduct(_) => Kind::NotFound.coded("product-not-found"),
            Self::NotFound(_) => Kind::NotFound.coded("favourite-not-found"),
            Self::NoList(_) | Self::NotShared => Kind::NotFound.coded("list-not-found"),
            Self::ListExists(_) => Kind::Conflict.coded("list-exists"),
            Self::TooManyLists => Kind::Conflict.coded("too-many-lists"),
            Self::ListFull => Kind::Conflict.coded("list-full"),
            Self::DefaultStays => Kind::Conflict.coded("default-list"),
            Self::Catalogue(error) | Self::Cart(error) => error.facts(),
            Self::Store(error) => error.facts(),
        }
    }
}
