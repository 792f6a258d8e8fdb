//! How the others reach the service.

mod dto;
mod events;
mod favourites;
mod list_dto;
mod lists;

pub use events::{InventoryEvents, ProductEvents, UserEvents};
pub use favourites::FavouriteApi;
pub use lists::ListApi;
