//! What can go wrong.

use config::database::StoreError;
use config::id::ProductId;
use config::problem::{Fault, Kind};
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
    fn kind(&self) -> Kind {
        match self {
            Self::NoProduct(_) | Self::NotFound(_) | Self::NoList(_) | Self::NotShared => Kind::NotFound,
            Self::ListExists(_) | Self::TooManyLists | Self::ListFull | Self::DefaultStays => Kind::Conflict,
            Self::Catalogue(error) | Self::Cart(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoProduct(_) => "product-not-found",
            Self::NotFound(_) => "favourite-not-found",
            Self::NoList(_) | Self::NotShared => "list-not-found",
            Self::ListExists(_) => "list-exists",
            Self::TooManyLists => "too-many-lists",
            Self::ListFull => "list-full",
            Self::DefaultStays => "default-list",
            Self::Catalogue(error) | Self::Cart(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}
