//! What the service does.

mod cart;
mod error;
mod events;
mod follow;
mod forget;
mod lists;
mod ports;
mod tell;
mod wish;

pub use cart::{LeftOut, MoveToCart, Moved};
pub use error::FavouriteError;
pub use events::{WishBackInStock, WishPriceDropped};
pub use follow::{CatalogueFacts, FollowProduct, StockLevel};
pub use forget::ForgetUser;
pub use lists::ManageLists;
pub use ports::{
    Carts, Catalogue, Lists, NewWish, Products, Rounds, ShownWish, Store, WishReader, Wisher, Wishes,
};
pub use tell::TellWishers;
pub use wish::{ChangeWish, ManageWishes, WishRequest};
