//! Wishes, lists, and when to tell whoever wished.

mod list;
mod product;
mod wish;

pub use list::{List, ListId, ListName, MAX_ITEMS, MAX_LISTS, NotAToken, Note, ShareToken};
pub use product::Product;
pub use wish::{Known, News, Wish, WishId};
