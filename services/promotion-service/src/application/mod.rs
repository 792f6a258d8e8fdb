//! What the service does.

mod demo;
mod error;
mod events;
mod expire;
mod follow;
mod live;
mod manage;
mod ports;
mod price;
mod reserve;
mod settle;

pub use demo::LoadDemo;
pub use error::PromotionError;
pub use events::PromotionChanged;
pub use expire::ExpireReservations;
pub use follow::{FollowOrder, OrderChange, OrderNews};
pub use live::LivePromotions;
pub use manage::ManagePromotions;
pub use ports::{
    CustomerOrder, Customers, Held, ListFilter, Orders, PromotionReader, Promotions, Reservation,
    Reservations, Store, Taken,
};
pub use price::{Price, Priced};
pub use reserve::{Reserve, Reserved};
pub use settle::Settle;
